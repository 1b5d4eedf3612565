"""A service's name in other spellings."""

import re


def logical(name: str) -> str:
    """As a logical id of CloudFormation, which has letters and digits only: "gift_cards.issue" -> "GiftCardsIssue"."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def stream_variable(service: str) -> str:
    """The environment variable with the ARN of its stream, which app.py reads where Chalice deploys."""
    return f"{service.upper()}_STREAM_ARN"
