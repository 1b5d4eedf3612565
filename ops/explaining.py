"""What to tell of an error that ended a command."""

from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from chalicelib.core.commands.store import StoreUnreachable, Throttled
from chalicelib.core.errors import Problem
from chalicelib.core.mysql.connections import BadDatabaseUrl, error_code, is_lost
from chalicelib.core.mysql.migrate import MigrationFailed
from chalicelib.core.operations.dead_letters.letters import LetterError
from chalicelib.core.projector import UnknownStream
from chalicelib.core.projector.failures import NotConnected
from chalicelib.core.settings import BadSettings
from chalicelib.core.streams.batches import GaveUp
from ops.failing import WHO_CHANGES_TABLES, OpsError


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
        case LetterError():
            return Failure(str(error), error.advice)
        case BadSettings() | BadDatabaseUrl() | MigrationFailed() | UnknownStream():
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
