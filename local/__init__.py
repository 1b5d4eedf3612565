"""The embedded stack that `make run` and the tests use: AWS by MiniStack, MySQL by a private mariadbd.

Nothing in here ships. `python -m local` lists the commands.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent


class LocalError(Exception):
    """The user has to change something. The message says what."""


def message_of(error: LocalError | OSError) -> str:
    """The message for an error that ends the stack."""
    if isinstance(error, LocalError):
        return str(error)
    if error.filename is None:
        return f"The local stack cannot go on: {error}"
    return (
        f"{error.filename} cannot be used: {error.strerror}. Check the disk's free space, the permissions, and whether"
        " a file stands where a folder should be. Or let the local stack use another folder: make run"
        " LOCAL_STATE=/another/folder"
    )
