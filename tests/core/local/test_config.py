"""The settings of the local stack."""

from dataclasses import replace
from pathlib import Path

import pytest

from local import LocalError
from local.config import Config
from local.env import app_env


def test_defaults_where_nothing_is_chosen() -> None:
    """An empty variable, as make passes it, counts as not set."""
    assert Config.from_env({"API_PORT": "", "LOCAL_STATE": "", "DATABASE_URL": ""}) == Config()


def test_choices(tmp_path: Path) -> None:
    """Each variable sets its attribute."""
    config = Config.from_env({"API_PORT": "8080", "LOCAL_STATE": str(tmp_path), "TABLE_PREFIX": "x-"})
    assert (config.api_port, config.folder, config.table_prefix) == (8080, tmp_path, "x-")
    config = Config.from_env({"TEMPLATE_FILE": str(tmp_path / "other.yaml"), "COMPOSITION_ROOT": "somewhere.else"})
    env = app_env(replace(config, folder=tmp_path), "mysql://u@127.0.0.1/x")
    assert env["TEMPLATE_FILE"] == str(tmp_path / "other.yaml")
    assert env["COMPOSITION_ROOT"] == "somewhere.else"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "8000.5"])
def test_port_that_is_none(port: str) -> None:
    """An invalid port is refused with the variable's name and the value."""
    with pytest.raises(LocalError, match=f"MYSQL_PORT.*{port}"):
        Config.from_env({"MYSQL_PORT": port})


def test_same_port_twice() -> None:
    """Two servers cannot share a port."""
    with pytest.raises(LocalError, match="different"):
        Config.from_env({"API_PORT": "4566"})


def test_secrets_are_made_once(tmp_path: Path) -> None:
    """The token secret and the keys stay the same from start to start, and only their owner can read them."""
    config = Config(folder=tmp_path)
    first, second = (app_env(config, "mysql://u@127.0.0.1/x") for _ in range(2))
    assert first == second
    assert len(first["TOKEN_SECRET"]) >= 32
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "keys").iterdir()} == {0}
