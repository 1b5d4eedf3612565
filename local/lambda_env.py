"""The environment file for `sam local invoke` and `sam local start-api`, so that containers use the running stack.

SAM only passes variables that template.yaml sets for the function. samconfig.toml names this file.
"""

import json
from pathlib import Path
from typing import Any

from local import ROOT, keys
from local.config import Config
from local.env import app_env
from local.files import write_private

SAMPLE_SECRET = "sample-secret-of-the-events-0000"
"""The TOKEN_SECRET of the containers, which signed the tokens in events/. The API uses another one."""

_SAMPLE_KEYS = ROOT / "events" / "jwks.json"
_HOST = "host.docker.internal"


def write_lambda_env(config: Config, database_url: str) -> None:
    """Write `lambda-env.json`. Containers reach the host as host.docker.internal; see local/bridge.py.

    Args:
        config: the configuration.
        database_url: the URL of the read model's writer.
    """
    variables = {
        **{name: value for name, value in app_env(config, database_url).items() if not name.startswith("AWS_")},
        "TOKEN_SECRET": SAMPLE_SECRET,
        "JWT_JWKS": json.dumps({"keys": [*_keys(keys.jwks_path(config.keys)), *_keys(_SAMPLE_KEYS)]}),
        "TRACING": "0",  # nobody takes the segments
        "AWS_ENDPOINT_URL": config.endpoint,
    }
    reached = {name: value.replace("127.0.0.1:", f"{_HOST}:") for name, value in variables.items()}
    text = json.dumps({"Parameters": reached}, indent=2) + "\n"
    write_private(config.folder / "lambda-env.json", text)


def _keys(path: Path) -> list[Any]:
    if not path.exists():  # the sample events may be gone, with the services that they are about
        return []
    return list(json.loads(path.read_text(encoding="utf-8"))["keys"])
