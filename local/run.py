"""`python -m local run`: start the stack, keep it alive, stop it in order."""

import fcntl
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from chalicelib.core.composition_root import composition_root
from local import ROOT, LocalError, message_of
from local.bridge import forward
from local.config import Config
from local.description import describe
from local.lambda_env import write_lambda_env
from local.output import keep_going
from local.stack import Stack
from local.template import Template
from local.wiring import require_tables
from ops.running_stack import published


class _Ended(Exception):
    """Ctrl-C, SIGTERM or a closed terminal ended the run."""


def run(config: Config) -> int:
    """Run the stack until Ctrl-C or SIGTERM.

    Returns:
        The exit code.

    Raises:
        LocalError: the stack cannot start, or its data cannot be kept.
        HalfWired: a service is incomplete.
    """
    keep_going()  # printing must not end it, where nobody reads or the disk is full
    require_tables(composition_root().SERVICES, Template(config.table_prefix, config.template))
    print(f"The console will be at http://localhost:{config.api_port}. Its data are in {config.folder}", flush=True)
    with _alone(config.folder):
        stack = Stack(config, lambda line: print(line, flush=True))
        fault = ""
        try:
            _on_signals(_raise_ended)
            _serve(stack, config)
        except _Ended:
            pass
        except (LocalError, OSError) as error:
            fault = message_of(error)
            print(f"\n{fault}", file=sys.stderr, flush=True)
        finally:
            _on_signals(signal.SIG_IGN)  # a second Ctrl-C must not cut the stopping short
            print("\nStopping.", flush=True)
            stack.stop()
        print("Stopped." if fault else "Stopped; everything is kept.", flush=True)
    return 1 if fault else 0


def _serve(stack: Stack, config: Config) -> None:
    """Start the stack and keep it running until an exception ends it."""
    stack.start()
    write_lambda_env(config, stack.database_url)
    forward([config.ministack_port, config.mysql_port])
    permissions = composition_root().PERMISSIONS
    description = describe(config, stack.database_url, permissions, stack.migrations_database_url)
    with published(config.folder, description):
        _welcome(config, list(permissions.roles))
        while True:
            stack.revive()
            time.sleep(0.25)


def _on_signals(action: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, action)


def _raise_ended(*_: object) -> None:
    raise _Ended


def _welcome(config: Config, roles: Sequence[str]) -> None:
    print(
        f"\nThe console is at http://localhost:{config.api_port}   (Ctrl-C stops it; logs are in {config.logs})"
        f"\nThe API answers there too; http://localhost:{config.api_port}/docs shows every route."
        f"\nIn another terminal: make token ROLE={'|'.join(roles)}   prints a token{_seeding()}.",
        flush=True,
    )


def _seeding() -> str:
    """How to load sample data, if the project has any."""
    makefile = ROOT / "Makefile"
    has = makefile.exists() and re.search("^seed:", makefile.read_text(encoding="utf-8"), re.MULTILINE)
    return "; make seed   loads sample data" if has else ""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder: two stacks would destroy each other's data."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                f"Another Tributary is using {folder}. Stop it, or give this one a folder and ports of its own:"
                " LOCAL_STATE, API_PORT, MINISTACK_PORT, MYSQL_PORT."
            ) from None
        yield
