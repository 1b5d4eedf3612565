"""The environment, checked once and with clear words."""

import pytest

from chalicelib.core.settings import BadSettings, Settings


def test_defaults() -> None:
    """An empty environment is good for looking at the app."""
    settings = Settings.from_env({})
    assert (settings.table("transfers"), settings.dead_letter_table) == (
        "tributary-transfers",
        "tributary-dead-letters",
    )


def test_readers_default_to_the_writer() -> None:
    """Without a replica the writer is read."""
    assert Settings.from_env({"DATABASE_URL": "mysql://x"}).read_database_url == "mysql://x"


def test_every_fault_is_named() -> None:
    """All that is unusable, in one message."""
    with pytest.raises(BadSettings) as caught:
        Settings.from_env({"PARTIAL_BATCH": "yes", "TRACING": "2", "TOKEN_SECRET": "short"})
    assert all(name in str(caught.value) for name in ("PARTIAL_BATCH", "TRACING", "TOKEN_SECRET"))


@pytest.mark.parametrize("seconds", ["", "0", "0.05", "15.5", "1e1", "-2", "two", "2s", "nan"])
def test_a_limit_that_is_none(seconds: str) -> None:
    """A query's time is a number that every server and every client can keep."""
    with pytest.raises(BadSettings, match="QUERY_SECONDS must be a number"):
        Settings.from_env({"QUERY_SECONDS": seconds})
    assert Settings.from_env({"QUERY_SECONDS": "0.5"}).query_seconds == 0.5


@pytest.mark.parametrize("seconds", ["", "0", "-1", "1.5", "3601", "5m"])
def test_a_time_to_keep_keys_that_is_none(seconds: str) -> None:
    """Keys are kept for a while that ends."""
    with pytest.raises(BadSettings, match="JWT_KEYS_SECONDS must be a whole number"):
        Settings.from_env({"JWT_KEYS_SECONDS": seconds})
    assert Settings.from_env({"JWT_KEYS_SECONDS": "60"}).jwt_keys_seconds == 60


def test_what_a_function_cannot_do_without() -> None:
    """A missing variable is named when it is needed."""
    with pytest.raises(BadSettings, match="TOKEN_SECRET is not set"):
        Settings.from_env({}).need("token_secret")


def test_secrets_are_not_shown() -> None:
    """A traceback that shows the settings shows no secret."""
    env = {"TOKEN_SECRET": "s" * 40, "DATABASE_URL": "mysql://u:hunter2@h/d"}
    assert "hunter2" not in repr(Settings.from_env(env))
    assert "ssss" not in repr(Settings.from_env(env))
