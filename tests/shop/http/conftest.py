"""Clients of the whole stack, which the first test starts and all of them share."""

from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Client:
    """A client that may do everything."""
    return stack.client("admin")


@pytest.fixture(scope="module")
def staff(stack: Stack) -> Client:
    """A client of the shop's staff."""
    return stack.client("staff")


@pytest.fixture(scope="module")
def as_customer(stack: Stack) -> Callable[[str], Client]:
    """A client with the token of the customer of that id."""
    return lambda id: stack.client("customer", id)
