"""Explain an error that ended a command: what was wrong and where, and what to do next."""

from typing import NamedTuple

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as NoConnection

from chalicelib.core.commands.store import StoreUnreachable, Throttled
from chalicelib.core.composition_root import HalfWired
from chalicelib.core.dynamodb.throttling import THROTTLED
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
    """The explanation that is shown."""

    message: str
    hint: str


_TRY_AGAIN = "Try again. Completed work is kept."
_IS_AWS_THERE = "Check AWS_ENDPOINT_URL and AWS_REGION. The local stack must be running: make run."
_IS_MYSQL_THERE = "Check DATABASE_URL, and that its server is running."
_UNKNOWN_DATABASE, _NO_TABLE, _WRONG_USER, _NO_RIGHT = 1049, 1146, 1045, (1044, 1142)
_BAD_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


def explain(error: BaseException) -> Failure | None:
    """The explanation of an error; None if only a traceback can explain it."""
    match error:
        case OpsError():
            return Failure(str(error), error.hint)
        case LetterError():
            return Failure(str(error), error.advice)
        case BadSettings() | BadDatabaseUrl() | MigrationFailed() | HalfWired():
            return Failure(str(error), "")
        case UnknownStream():
            return Failure(str(error), "Check TABLE_PREFIX.")
        case Throttled() | GaveUp():
            return Failure(str(error), _TRY_AGAIN)
        case StoreUnreachable():
            return Failure(f"DynamoDB cannot be reached: {error}", _IS_AWS_THERE)
        case ClientError():
            return _refused_by_aws(error)
        case BotoCoreError():
            return _of_boto(error)
        case Problem():
            return Failure(str(error), _IS_MYSQL_THERE)
    return _of_database(error)


def _refused_by_aws(error: ClientError) -> Failure:
    """Explain an error response of AWS."""
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ResourceNotFoundException":
        return Failure(f"A table does not exist: {error}", "Check TABLE_PREFIX and AWS_REGION.")
    if code == "NoSuchBucket":
        return Failure(f"The bucket does not exist: {error}", "Check DEAD_LETTER_BUCKET and AWS_REGION.")
    if code in THROTTLED:
        return Failure(f"AWS throttles the requests: {error}", _TRY_AGAIN)
    if code in _BAD_CREDENTIALS:
        return Failure(f"AWS does not accept the credentials: {error}", "Get new ones, and check AWS_REGION.")
    if code.startswith("AccessDenied"):
        return Failure(
            f"The credentials do not permit this: {error}",
            "docs/operate.md, 'Variables and rights', lists what each command calls.",
        )
    return Failure(f"AWS answers with an error: {error}", _TRY_AGAIN)


def _of_boto(error: BotoCoreError) -> Failure:
    """Explain a request that could not be sent or got no response."""
    match error:
        case NoCredentialsError() | PartialCredentialsError() | CredentialRetrievalError() | ProfileNotFound():
            return Failure(
                f"There are no AWS credentials: {error}", "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and the others."
            )
        case NoRegionError():
            return Failure("No region is set.", "Set AWS_REGION and AWS_DEFAULT_REGION.")
        case NoConnection() | HTTPClientError():
            return Failure(f"AWS cannot be reached: {error}", _IS_AWS_THERE)
    return Failure(f"The request to AWS failed: {error}", _TRY_AGAIN)


def _of_database(error: BaseException) -> Failure | None:
    if isinstance(error, NotConnected) or is_lost(error):
        return Failure(f"The database cannot be reached: {_said(error)}", _IS_MYSQL_THERE)
    code = error_code(error)
    if code in (_UNKNOWN_DATABASE, _NO_TABLE):
        return Failure(f"The read model is not set up: {_said(error)}", "Run `python -m ops migrate`.")
    if code == _WRONG_USER:
        return Failure(f"The database refuses: {_said(error)}", "Check the user in DATABASE_URL and its password.")
    if code in _NO_RIGHT:
        return Failure(f"The database refuses: {_said(error)}", f"Check the user in DATABASE_URL. {WHO_CHANGES_TABLES}")
    return Failure(f"The database answers with an error: {_said(error)}", "") if code else None


def _said(error: BaseException) -> str:
    """The server's message and error number. PyMySQL's own text is a tuple of the two."""
    if isinstance(error, NotConnected) and error.__cause__:
        return _said(error.__cause__)
    match error.args:
        case (int(number), str(words)) if words:
            return f"{words.rstrip('.')} (MySQL error {number})"
    return str(error) if any(error.args) else "the connection was lost"
