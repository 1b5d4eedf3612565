"""The embedded stack that `make run` and the tests use: AWS by MiniStack, MySQL by a private mariadbd.

Nothing in here ships. `python -m local` says what there is.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent


class LocalError(Exception):
    """Something that the person at the keyboard must change; the message says what."""


def explain(error: LocalError | OSError) -> str:
    """What to tell the person of an error that ends the stack."""
    if isinstance(error, LocalError):
        return str(error)
    if error.filename is None:
        return f"The local stack cannot go on: {error}"
    return (
        f"{error.filename} cannot be used: {error.strerror}. Put that right (room on the disk, rights, a file where a"
        " folder should be), or have the local stack keep its files elsewhere: make run LOCAL_STATE=/another/folder"
    )
