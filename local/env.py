"""The environment variables of the app's functions on the local stack, as template.yaml would set them."""

from chalicelib.core.composition_root import VARIABLE as COMPOSITION_ROOT
from local import keys, tokens
from local.aws import CREDENTIALS, REGION
from local.config import Config


def app_env(config: Config, database_url: str) -> dict[str, str]:
    """The variables of chalicelib.core.settings and of botocore.

    Args:
        config: the configuration.
        database_url: the URL of the read model's writer.
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
        "LOCAL_TOKENS": tokens.PATH,
        "PYTHONUNBUFFERED": "1",
        "API_PORT": str(config.api_port),
        "LOCAL_STATE": str(config.folder),
        "TEMPLATE_FILE": str(config.template),
        COMPOSITION_ROOT: config.composition_root,
    }


def dead_letter_bucket(config: Config) -> str:
    """The bucket for images that are too large for the dead-letter table, and for batches that were given up."""
    return f"{config.table_prefix}dead-letters"
