"""Clients of the whole stack, which the first test starts and all tests share."""

from collections.abc import Callable

import pytest

from tests.core.domain.roles import CHIEF, CLERK, MEMBER
from tests.support.client import Client
from tests.support.over_http import anonymous, pump, written
from tests.support.stack import Stack

__all__ = ["anonymous", "pump", "written"]


@pytest.fixture(scope="module")
def chief(stack: Stack) -> Client:
    """Return a client that may do everything."""
    return stack.client(CHIEF)


@pytest.fixture(scope="module")
def clerk(stack: Stack) -> Client:
    """Return a client that may do everything that is not risky."""
    return stack.client(CLERK)


@pytest.fixture(scope="module")
def as_member(stack: Stack) -> Callable[[str], Client]:
    """Return a function that makes a client for the member of an id, who may see and change only its own items."""
    return lambda id: stack.client(MEMBER, id)
