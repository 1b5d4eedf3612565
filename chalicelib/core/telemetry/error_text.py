"""What an error says in a log or a dead letter: its kind, its place, and its words only where they show no value.

A projection that fails on a person's name must not put that name into a log. Our own errors are written so that they
name places and types. Of others, those that quote what they were given are told by kind and place alone.
"""

import re
import traceback
from types import TracebackType

MAX_CHARACTERS = 1000
# "Duplicate entry 'ada@example.com' for key 'email'", "Incorrect integer value: 'x' for column 'total' at row 1",
# "... to use near 'Ada', 3)' at line 1"
_QUOTED = r"((?:value|entry|near):? )'.*'"
_QUOTED_BY_SERVER = re.compile(rf"{_QUOTED}(?= for (?:column|key|function)\b| at line \d)|{_QUOTED}\s*$", re.DOTALL)
_TELLING = OSError | AttributeError | TypeError | ImportError
_TELLING_PACKAGES = ("chalicelib", "botocore", "jwt")
_NAME = re.compile(r"'[A-Za-z_][A-Za-z0-9_]{0,63}'")


def error_text(error: BaseException) -> str:
    """The kind of an error and what may be told of it, in one line."""
    kind = type(error).__name__
    words = _words(error)
    text = f"{kind}: {words}" if words else f"{kind}{_place(error.__traceback__)}"
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}... ({len(text)} characters)"


def traceback_text(error: BaseException) -> str:
    """A traceback like Python's own, of an error and those that led to it, without values."""
    parts = []
    shown: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in shown:
        shown.add(id(following))
        frames = "".join(traceback.format_tb(following.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{error_text(following)}")
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return "\n\nThat was the cause of:\n\n".join(reversed(parts))


def _words(error: BaseException) -> str:
    """The message, where it shows no value; "" otherwise."""
    home = type(error).__module__.partition(".")[0]
    text = str(error)
    if home == "msgspec":
        return re.sub(r"""(['"]).*\1""", "'...'", text, flags=re.DOTALL)
    if home == "pymysql":
        # (number, message): the number is what operators look up, and what no translation changes.
        text = " ".join(str(part) for part in error.args)
        return _QUOTED_BY_SERVER.sub(lambda found: f"{found[1] or found[2]}'...'", text)
    if isinstance(error, KeyError):
        return f"{text}{_place(error.__traceback__)}" if _NAME.fullmatch(text) else ""
    return text if isinstance(error, _TELLING) or home in _TELLING_PACKAGES else ""


def _place(raised_at: TracebackType | None) -> str:
    """File and line where it was raised."""
    frames = traceback.extract_tb(raised_at)
    return f" in {frames[-1].filename.rpartition('/')[2]}, line {frames[-1].lineno}" if frames else ""
