"""Clients of the whole stack, which the first test starts and all tests share."""

from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Client:
    """Return a client that may do everything."""
    return stack.client("admin")


@pytest.fixture(scope="module")
def staff(stack: Stack) -> Client:
    """Return a client of the shop's staff."""
    return stack.client("staff")


@pytest.fixture(scope="module")
def as_customer(stack: Stack) -> Callable[[str], Client]:
    """Return a function that makes a client with the token of the customer of an id."""
    return lambda id: stack.client("customer", id)
