"""ETags and the conditions that name them."""

import pytest

from chalicelib.core.errors import Malformed
from chalicelib.core.http.preconditions import body_tag, if_match, none_match, version_tag


@pytest.mark.parametrize(
    ("header", "version", "holds"),
    [
        ('"3"', 3, True),
        ('"3.0123abcd"', 3, True),
        ('"2", "3"', 3, True),
        (',"2",,"3", ', 3, True),
        ('"é"', 3, False),
        ('"2"', 3, False),
        ('W/"3"', 3, False),
        ('"3"', None, False),
        ("*", 3, True),
        ("*", None, False),
    ],
)
def test_if_match(header: str, version: int | None, holds: bool) -> None:
    """Either form of a tag names its version; a weak one matches nothing; * is any that exists."""
    condition = if_match(header)
    assert condition is not None
    assert condition(version) is holds


def test_no_condition() -> None:
    """Without the header there is nothing to hold."""
    assert if_match(None) is None
    assert none_match(None, '"1.a"') is False


@pytest.mark.parametrize("header", ["3", "", ",", '"3', '"3" x', '"3" "4"', "nope"])
def test_bad_tags(header: str) -> None:
    """A header that names no tags is malformed, not ignored."""
    with pytest.raises(Malformed):
        if_match(header)
    with pytest.raises(Malformed):
        none_match(header, '"1.a"')


def test_none_match() -> None:
    """304 is for exactly the body that the client has."""
    tag = body_tag(3, "{}")
    assert none_match(tag, tag)
    assert none_match(f'W/{tag}, "x"', tag)
    assert none_match("*", tag)
    assert not none_match(body_tag(3, "{ }"), tag)
    assert not none_match(version_tag(3), tag)
