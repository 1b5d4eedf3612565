"""A service's name as CloudFormation and the environment write it."""

import re


def logical(name: str) -> str:
    """Return a logical id of CloudFormation, which has only letters and digits: "gift_cards.add" -> "GiftCardsAdd"."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def stream_variable(service: str) -> str:
    """Return the environment variable with the ARN of a service's stream. app.py reads it under Chalice."""
    return f"{service.upper()}_STREAM_ARN"
