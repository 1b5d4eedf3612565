"""How a command fails: what was wrong, where, and what to do next; never a traceback for what a person can mend."""

import json
import sys
import traceback
from typing import NamedTuple

import click
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from chalicelib.core.commands.store import StoreUnreachable, Throttled
from chalicelib.core.errors import Problem
from chalicelib.core.mysql.connections import BadDatabaseUrl, error_code, is_lost
from chalicelib.core.mysql.migrate import MigrationFailed
from chalicelib.core.projector import UnknownStream
from chalicelib.core.projector.failures import NotConnected
from chalicelib.core.settings import BadSettings
from chalicelib.core.streams.batches import GaveUp
from local import LocalError

WRONG, USAGE, IMPOSSIBLE, INTERRUPTED = 1, 2, 3, 130


WHO_CHANGES_TABLES = (
    "`rebuild` and `migrate` make and drop tables, which the functions' user may not: give them the migrations' user as"
    " DATABASE_URL, which is the data stack's output MigrateDatabaseUrl."
)


class OpsError(Exception):
    """Something that a command cannot do; the message says what, the hint what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Failure(NamedTuple):
    """What a person is told."""

    message: str
    hint: str


_UNKNOWN_DATABASE, _NO_TABLE, _WRONG_USER, _NO_RIGHT = 1049, 1146, 1045, (1044, 1142)


def explain(error: BaseException) -> Failure | None:
    """What to tell of an error; None where only a traceback can."""
    match error:
        case OpsError():
            return Failure(str(error), error.hint)
        case BadSettings() | BadDatabaseUrl() | MigrationFailed() | UnknownStream() | LocalError():
            return Failure(str(error), "")
        case EndpointConnectionError() | StoreUnreachable():
            return Failure(str(error), "Is the stack running (make run)? Is AWS_ENDPOINT_URL or AWS_REGION right?")
        case Throttled() | GaveUp():
            return Failure(str(error), "Try again; what was done stays done.")
        case ClientError() if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            return Failure(f"A table is not there: {error}", "Check TABLE_PREFIX and the region.")
        case ClientError() | BotoCoreError():
            return Failure(f"AWS refuses: {error}", "Check the credentials and what they permit.")
        case Problem():
            return Failure(str(error), "Is the database running, and DATABASE_URL right?")
    return _of_database(error)


def _of_database(error: BaseException) -> Failure | None:
    if isinstance(error, NotConnected) or is_lost(error):
        return Failure(f"The database cannot be reached: {error}", "Is it running (make run)? Is DATABASE_URL right?")
    code = error_code(error)
    if code in (_UNKNOWN_DATABASE, _NO_TABLE):
        return Failure(f"The read model is not set up: {error}", "Run `python -m ops migrate`.")
    if code == _WRONG_USER:
        return Failure(f"The database refuses: {error}", "Check the user in DATABASE_URL and its password.")
    if code in _NO_RIGHT:
        return Failure(f"The database refuses: {error}", f"Check the user in DATABASE_URL. {WHO_CHANGES_TABLES}")
    return Failure(f"The database says: {error}", "") if code else None


class Command:
    """Runs the command line, and turns what is raised into words and an exit code.

    Args:
        command: what to run, a group or a single one.
        arguments: of the process, if None.
        program: how it was called.
    """

    def __init__(self, command: click.Command, arguments: list[str] | None, program: str = "python -m ops") -> None:
        self._command = command
        self._program = program
        self._arguments = sys.argv[1:] if arguments is None else arguments

    def run(self) -> int:
        """Run it. Returns the exit code."""
        try:
            code = self._command.main(self._arguments, prog_name=self._program, standalone_mode=False)
            return code if isinstance(code, int) else 0
        except click.ClickException as error:
            error.show()
            return USAGE
        except (KeyboardInterrupt, click.Abort):
            print("\nInterrupted.", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            return 0
        except Exception as error:
            self._tell(error)
            return IMPOSSIBLE

    def _tell(self, error: Exception) -> None:
        failure = explain(error)
        if failure is None:
            traceback.print_exc()
            failure = Failure(f"{type(error).__name__}: {error}", "This is a fault in ops itself.")
        if "--json" in self._arguments:
            print(json.dumps({"error": failure._asdict()}))
        print(f"{failure.message}\n{failure.hint}".strip(), file=sys.stderr)
