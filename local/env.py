"""The environment that the app's functions would get from template.yaml, for the local stack."""

from chalicelib.core.composition_root import VARIABLE as COMPOSITION_ROOT
from local import keys
from local.aws import CREDENTIALS, REGION
from local.config import Config


def app_env(config: Config, database_url: str) -> dict[str, str]:
    """The variables of chalicelib.core.settings and of botocore.

    Args:
        config: what the person chose.
        database_url: the writer of the read model.
    """
    return {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": config.endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "TABLE_PREFIX": config.table_prefix,
        "DEAD_LETTER_TABLE": f"{config.table_prefix}dead-letters",
        "DEAD_LETTER_BUCKET": dead_letter_bucket(config),
        "DATABASE_URL": database_url,
        "READ_DATABASE_URL": config.read_database_url or database_url,
        "TOKEN_SECRET": keys.token_secret(config.keys),
        "JWT_ISSUER": keys.ISSUER,
        "JWT_AUDIENCE": keys.AUDIENCE,
        "JWT_JWKS": str(keys.jwks_path(config.keys)),
        "PARTIAL_BATCH": "1",
        "PYTHONUNBUFFERED": "1",
        "API_PORT": str(config.api_port),
        "LOCAL_STATE": str(config.folder),
        "TEMPLATE_FILE": str(config.template),
        COMPOSITION_ROOT: config.composition_root,
    }


def dead_letter_bucket(config: Config) -> str:
    """The bucket for what is too large for the dead-letter table, and for batches given up."""
    return f"{config.table_prefix}dead-letters"
