"""Where the API is and what opens it, when the command line does not say: the local stack."""

from local import keys
from local.config import Config

SUBJECT = "seed"


def api_url() -> str:
    """The local stack's API."""
    return f"http://localhost:{Config.from_env().api_port}"


def admin_token() -> str:
    """An admin's JWT that the local stack accepts."""
    return keys.local_token("admin", SUBJECT)
