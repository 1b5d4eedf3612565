"""Only consistency tokens that were signed here are accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Malformed
from chalicelib.core.tokens import MAX_TOKENS, BadSignature, Signer, Token

SIGNER = Signer("a secret of at least thirty-two characters")


@given(service=st.text(), id=st.text(), version=st.integers(1, 2**62))
def test_a_token_comes_back(service: str, id: str, version: int) -> None:
    """A token is read back as it was made, for an id with any characters."""
    token = SIGNER.consistency_token(service, id, version)
    assert SIGNER.read_token(token) == Token(service, id, version)
    assert token.isascii()
    assert not set(token) & set(', ;"')


def test_every_change_of_a_character_is_noticed() -> None:
    """There is no second spelling: no other base64 of the same bytes, and no character more or fewer."""
    good = SIGNER.consistency_token("transfers", "tra_1", 12)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "
    spellings = [good[:i] + c + good[i + 1 :] for i in range(len(good)) for c in alphabet if c != good[i]]
    for bad in [*spellings, good + "=", good[:-1], good[1:], good + good, f"{good}.", "", "."]:
        with pytest.raises(Malformed):
            SIGNER.read_token(bad)


@given(st.text(st.characters(codec=None)))
def test_any_other_text_is_malformed(text: str) -> None:
    """Any other text in a header, even lone surrogates, is a 400 that names the header."""
    with pytest.raises(Malformed) as caught:
        SIGNER.read_token(text)
    assert caught.value.faults[0].parameter == "Consistency-Token"


def test_another_secret_signs_other_tokens() -> None:
    """A token of another deployment is refused."""
    with pytest.raises(Malformed):
        SIGNER.read_token(Signer("another secret of thirty-two characters").consistency_token("transfers", "tra_1", 1))


def test_a_text_is_good_for_its_purpose_only() -> None:
    """A cursor with the same values is not accepted as a token, nor one purpose as a longer one."""
    with pytest.raises(Malformed):
        SIGNER.read_token(SIGNER.sign("cursor:transfers", ["transfers", "tra_1", 1]))
    with pytest.raises(BadSignature):
        SIGNER.read("a:b", SIGNER.sign("a", "b"))


def test_several_tokens_in_one_header_or_in_several() -> None:
    """Tokens are separated by commas, with spaces or empty elements as RFC 9110 allows. Each id's newest counts."""
    first, newer, other = (
        SIGNER.consistency_token(*token)
        for token in (("transfers", "o", 1), ("transfers", "o", 3), ("accounts", "o", 2))
    )
    read = SIGNER.read_tokens([f" {newer} ,, {first}", other])
    assert set(read) == {Token("transfers", "o", 3), Token("accounts", "o", 2)}
    assert SIGNER.read_tokens([]) == ()


@pytest.mark.parametrize("header", ["", " , "])
def test_a_header_without_a_token(header: str) -> None:
    """A client that has lost its token is told so, and does not get older data."""
    with pytest.raises(Malformed):
        SIGNER.read_tokens([header])


def test_one_bad_token_among_good_ones_is_malformed() -> None:
    """One bad token makes the header malformed."""
    good = SIGNER.consistency_token("transfers", "tra_1", 1)
    with pytest.raises(Malformed):
        SIGNER.read_tokens([f"{good}, {good}x"])


def test_too_many_tokens_are_refused() -> None:
    """Each token costs a look-up, so their number has a limit, which the answer names."""
    tokens = [SIGNER.consistency_token("transfers", f"tra_{n}", 1) for n in range(MAX_TOKENS + 1)]
    assert len(SIGNER.read_tokens(tokens[:-1])) == MAX_TOKENS
    with pytest.raises(Malformed, match=f"the limit is {MAX_TOKENS}"):
        SIGNER.read_tokens([", ".join(tokens)])
