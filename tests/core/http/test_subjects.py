"""A token shows only its own subject's items, to the last character of the subject."""

import pytest

from tests.core.domain.roles import CLERK, MEMBER
from tests.core.things import account, unique
from tests.support.client import Client
from tests.support.stack import Stack


@pytest.mark.parametrize("path", ["/accounts", "/transfers", "/accounts/{number}"])
@pytest.mark.parametrize("suffix", [" ", "\u00a0", "\t", "\n", "\x00", "\ufe0f", "\u0301"])
def test_subject_that_sql_takes_for_another(stack: Stack, chief: Client, path: str, suffix: str) -> None:
    """A subject that MySQL would compare as equal, or that only looks equal, is refused with 401."""
    owner = f"usr_{unique().replace('-', '_')}"
    number = account(chief, owner=owner)
    assert stack.client(MEMBER, owner).get("/accounts").status == 200
    assert stack.client(MEMBER, owner + suffix).get(path.format(number=number)).status == 401


@pytest.mark.parametrize("subject", ["\ud800", "a\x00b", " ada", "x" * 129, "x" * 100_000])
def test_subject_that_is_no_text(stack: Stack, subject: str) -> None:
    """Such a subject belongs to no role's token. It is refused, and breaks nothing."""
    assert stack.client(CLERK, subject).get("/accounts").status in (401, 431)
