"""ETags, and the conditions that name them."""

import pytest

from chalicelib.core.errors import Malformed, PreconditionFailed
from chalicelib.core.http.preconditions import body_tag, conditions, version_tag


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
    """Either form of a tag names its version. A weak tag matches nothing. * matches any existing version."""
    assert passes({"if-match": header}, version) is holds


@pytest.mark.parametrize(
    ("header", "version", "holds"),
    [
        ('"3"', 3, False),
        ('W/"3.0123abcd"', 3, False),
        ('"2", "3"', 3, False),
        ('"2"', 3, True),
        ('"3"', None, True),
        ("*", 3, False),
        ("*", None, True),
    ],
)
def test_if_none_match(header: str, version: int | None, holds: bool) -> None:
    """A command runs unless its version is named, in weak comparison. * names any existing version."""
    assert passes({"if-none-match": header}, version) is holds


def passes(headers: dict[str, str], version: int | None) -> bool:
    """Return whether a command with these headers runs at that version. If not, it learns the version."""
    given = conditions(headers)
    assert given
    try:
        given.check(version)
    except PreconditionFailed as failed:
        return failed.facts != {"version": version}
    return True


def test_weak_tags_are_told_apart() -> None:
    """The refusal says that the tag is weak, and not that the version differs."""
    given = conditions({"if-match": 'W/"3"'})
    assert given
    with pytest.raises(PreconditionFailed, match="weak"):
        given.check(3)


def test_no_condition() -> None:
    """Without a header, there is no condition."""
    assert conditions({"prefer": "wait=1"}) is None


@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
@pytest.mark.parametrize("header", ["3", "", ",", '"3', '"3" x', '"3" "4"', "nope"])
def test_bad_tags(name: str, header: str) -> None:
    """A header without tags is malformed, and not ignored."""
    with pytest.raises(Malformed):
        conditions({name: header})


@pytest.mark.parametrize("name", ["if-modified-since", "if-unmodified-since", "if-range"])
def test_not_evaluated(name: str) -> None:
    """A condition that is not evaluated is refused, whatever it says."""
    with pytest.raises(Malformed):
        conditions({name: "x"})


@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_no_tag(name: str) -> None:
    """If there is no ETag, a condition on one is refused."""
    with pytest.raises(Malformed):
        conditions({name: "*"}, tagged=False)


def test_304() -> None:
    """A query answers 304 for exactly the body that the client has."""
    tag = body_tag(3, "{}")

    def has(header: str) -> bool:
        given = conditions({"if-none-match": header})
        assert given
        return given.has_body(3, tag)

    assert has(tag)
    assert has(f'W/{tag}, "x"')
    assert has("*")
    assert not has(body_tag(3, "{ }"))
    assert not has(version_tag(3))
