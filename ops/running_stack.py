"""The local stack of this clone, as it describes itself in a file of its folder while it runs.

Whoever starts a stack holds a lock on the file. The lock ends with the process however that ends, so a file without one
was left behind by a stack that was killed.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ops.failing import OpsError

ROOT = Path(__file__).parent.parent
FILE = "stack.json"
_HOW_TO_START = (
    "Start it: make run. For a stack that runs from another folder, set LOCAL_STATE. For a deployment, set TABLE_PREFIX"
    " and the other variables of its functions (docs/operate.md)."
)


class RunningStack(NamedTuple):
    """What there is to know of a local stack.

    Attributes:
        api_url: where its API listens.
        environment: the variables of the app's functions.
        migrations_database_url: the read model as the user who may make and drop tables.
        signing_key: path of the private key that its tokens are signed with, in PEM.
        roles: that a token may have.
        own_roles: those of them that are given the id of their bearer, since they see only what is their own.
    """

    api_url: str
    environment: Mapping[str, str]
    migrations_database_url: str
    signing_key: str
    roles: Sequence[str]
    own_roles: Sequence[str]


def state_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where this clone's local stack keeps what it keeps."""
    return Path(env.get("LOCAL_STATE") or ROOT / ".local").absolute()


@contextmanager
def published(folder: Path, stack: RunningStack) -> Iterator[None]:
    """Describe the stack in its folder for as long as this lasts, for this user's eyes only."""
    path, fresh = folder / FILE, folder / f"{FILE}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(stack._asdict(), file, indent=2)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)  # before it has its name, so that nobody finds it unlocked
        fresh.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def find(folder: Path) -> RunningStack:
    """The stack that runs on this folder.

    Raises:
        OpsError: none does, or its file cannot be read.
    """
    path = folder / FILE
    try:
        with path.open(encoding="utf-8") as file:
            if not _is_locked(file.fileno()):
                raise OpsError(f"The stack in {folder} was killed; nothing of it is running.", _HOW_TO_START)
            return RunningStack(**json.load(file))
    except FileNotFoundError:
        raise OpsError(f"No stack is running in {folder}.", _HOW_TO_START) from None
    except OSError as error:
        raise OpsError(f"The stack in {folder} cannot be used: {error}.", "Is it another user's?") from error
    except (ValueError, TypeError) as error:
        raise OpsError(
            f"{path} is not what this version writes: {error}.", "Stop the stack and start it again: make run."
        ) from error


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
