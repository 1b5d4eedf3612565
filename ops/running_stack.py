"""The local stack of this clone. While it runs, it describes itself in a file in its folder.

The process that starts a stack holds a lock on the file. The lock ends with the process, so a file without a lock was
left behind by a stack that was killed.
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
    """The description of a local stack.

    Attributes:
        api_url: the URL of its API.
        environment: the environment variables of the app's functions.
        migrations_database_url: the read model's URL, with the user who may create and drop tables.
        signing_key: the path of the private key, in PEM, that signs its tokens.
        roles: the roles that a token may have.
        own_roles: the roles that see only what belongs to the token's subject, so a token for them needs one.
    """

    api_url: str
    environment: Mapping[str, str]
    migrations_database_url: str
    signing_key: str
    roles: Sequence[str]
    own_roles: Sequence[str]


def state_folder(env: Mapping[str, str] = os.environ) -> Path:
    """The folder in which this clone's local stack keeps its data."""
    return Path(env.get("LOCAL_STATE") or ROOT / ".local").absolute()


@contextmanager
def published(folder: Path, stack: RunningStack) -> Iterator[None]:
    """Describe the stack in its folder within the block. Only this user can read the description."""
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


def find_stack(folder: Path) -> RunningStack:
    """The running stack of this folder.

    Raises:
        OpsError: none is running, or its file cannot be read.
    """
    path = folder / FILE
    try:
        with path.open(encoding="utf-8") as file:
            if not _is_locked(file.fileno()):
                raise OpsError(f"The stack in {folder} was killed. It is not running.", _HOW_TO_START)
            return RunningStack(**json.load(file))
    except FileNotFoundError:
        raise OpsError(f"No stack is running in {folder}.", _HOW_TO_START) from None
    except OSError as error:
        raise OpsError(f"The stack in {folder} cannot be used: {error}.", "Does it belong to another user?") from error
    except (ValueError, TypeError) as error:
        raise OpsError(
            f"{path} was not written by this version: {error}.", "Stop the stack and start it again: make run."
        ) from error


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
