"""The text of an error for a log or a dead letter: its type and place, and its message if that shows no value.

A projection that fails on a person's name must not put that name into a log. Our own errors name places and types. An
error of another library that may quote a value is described by type and place alone.
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
    """The type of an error, and as much of its message as shows no value, in one line."""
    kind = type(error).__name__
    words = _words(error)
    text = f"{kind}: {words}" if words else f"{kind}{_place(error.__traceback__)}"
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}... ({len(text)} characters)"


def traceback_text(error: BaseException) -> str:
    """A traceback as Python prints it, with the errors that led to this one, without values."""
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
    """The message, if it shows no value; "" otherwise."""
    home = type(error).__module__.partition(".")[0]
    text = str(error)
    if home == "msgspec":
        return re.sub(r"""(['"]).*\1""", "'...'", text, flags=re.DOTALL)
    if home == "pymysql":
        # (number, message): operators look up the number, which is the same in every language.
        text = " ".join(str(part) for part in error.args)
        return _QUOTED_BY_SERVER.sub(lambda found: f"{found[1] or found[2]}'...'", text)
    if isinstance(error, KeyError):
        return f"{text}{_place(error.__traceback__)}" if _NAME.fullmatch(text) else ""
    return text if isinstance(error, _TELLING) or home in _TELLING_PACKAGES else ""


def _place(raised_at: TracebackType | None) -> str:
    """The file and line where the error was raised."""
    frames = traceback.extract_tb(raised_at)
    return f" in {frames[-1].filename.rpartition('/')[2]}, line {frames[-1].lineno}" if frames else ""
