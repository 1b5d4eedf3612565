"""The environment is checked once, with clear messages."""

from datetime import timedelta

import pytest

from chalicelib.core.composition_root import HalfWired
from chalicelib.core.settings import BadSettings, Setting, Settings
from deploy.generate import own_settings

DAYS = Setting("DAYS_KEPT", "30", "[0-9]{1,3}", 'For how many "days".', ("queries", "reactor"))


def test_defaults() -> None:
    """An empty environment is enough for a look at the app."""
    settings = Settings.from_env({})
    assert (settings.table("transfers"), settings.dead_letter_table) == (
        "tributary-transfers",
        "tributary-dead-letters",
    )


def test_readers_default_to_the_writer() -> None:
    """Without a replica, queries read from the writer."""
    assert Settings.from_env({"DATABASE_URL": "mysql://x"}).read_database_url == "mysql://x"


def test_every_fault_is_named() -> None:
    """One message names all unusable variables."""
    with pytest.raises(BadSettings) as caught:
        Settings.from_env({"PARTIAL_BATCH": "yes", "TRACING": "2", "TOKEN_SECRET": "short"})
    assert all(name in str(caught.value) for name in ("PARTIAL_BATCH", "TRACING", "TOKEN_SECRET"))


@pytest.mark.parametrize("seconds", ["", "0", "0.05", "15.5", "1e1", "-2", "two", "2s", "nan"])
def test_a_limit_that_is_none(seconds: str) -> None:
    """A query's limit is a number that every server and every client can keep."""
    with pytest.raises(BadSettings, match="QUERY_SECONDS must be a number"):
        Settings.from_env({"QUERY_SECONDS": seconds})
    assert Settings.from_env({"QUERY_SECONDS": "0.5"}).query_seconds == 0.5


@pytest.mark.parametrize("seconds", ["", "0", "-1", "1.5", "3601", "5m"])
def test_a_time_to_keep_keys_that_is_none(seconds: str) -> None:
    """Keys are kept for a finite time."""
    with pytest.raises(BadSettings, match="JWT_KEYS_SECONDS must be a whole number"):
        Settings.from_env({"JWT_KEYS_SECONDS": seconds})
    assert Settings.from_env({"JWT_KEYS_SECONDS": "60"}).jwt_keys_seconds == 60


def test_what_a_function_cannot_do_without() -> None:
    """A missing variable is named when it is needed."""
    with pytest.raises(BadSettings, match="TOKEN_SECRET is not set"):
        Settings.from_env({}).need("token_secret")


def test_secrets_are_not_shown() -> None:
    """A traceback that shows the settings shows no secret."""
    settings = Settings.from_env({"TOKEN_SECRET": "s" * 40, "DATABASE_URL": "mysql://u:hunter2@h/d"})
    for shown in (repr(settings), str(list(settings.__rich_repr__()))):
        assert "hunter2" not in shown
        assert "ssss" not in shown


def test_the_value_of_a_setting_of_a_services_own() -> None:
    """The value is the deployment's, or the default. A bad value is refused with the pattern and the purpose."""
    assert DAYS.value({}) == "30"
    assert DAYS.value({"DAYS_KEPT": "7"}) == "7"
    for value in ("", "x", "1000", "7\n"):
        with pytest.raises(BadSettings, match=r"DAYS_KEPT must match '\[0-9\]\{1,3\}', not .* For how many"):
            DAYS.value({"DAYS_KEPT": value})


@pytest.mark.parametrize(
    ("name", "default", "reason"),
    [
        ("days-kept", "30", "use capitals and digits"),
        ("DAYS_KEPT", "many", "does not match"),
        ("TABLE_PREFIX", "30", "is a variable of the engine"),
        ("CORS_ORIGIN", "30", "is a variable of the engine"),
        ("NOTES_STREAM_ARN", "30", "is a variable of the engine, Lambda"),
        ("AWS_DAYS", "30", "is a variable of the engine, Lambda"),
    ],
)
def test_settings_that_cannot_be(name: str, default: str, reason: str) -> None:
    """Each is refused with its reason, as soon as it is declared."""
    with pytest.raises(ValueError, match=reason):
        Setting(name, default, "[0-9]{1,3}", "", ("queries",))


def test_what_the_template_has_of_a_setting() -> None:
    """A parameter, and a variable of the functions that it names and no others; nothing without a setting.

    The function that redrives dead letters runs projector and reactor, and reads their settings.
    """
    parts = own_settings.parts([DAYS])
    assert parts["settings"].splitlines()[2:] == [
        "DaysKept:",
        "  Type: String",
        '  Default: "30"',
        "  MaxLength: 255",
        '  AllowedPattern: "[0-9]{1,3}"',
        '  Description: "For how many \\"days\\"."',
    ]
    variable = "DAYS_KEPT: !Ref DaysKept"
    of_functions = {name: part for name, part in parts.items() if name != "settings"}
    assert of_functions == {
        "commands-settings": "",
        "queries-settings": variable,
        "operations-settings": variable,
        "projector-settings": "",
        "reactor-settings": variable,
    }
    assert set(own_settings.parts([]).values()) == {""}


def test_a_setting_whose_parameter_is_there_already() -> None:
    """A setting may not have the name of a parameter or resource of the template."""
    with pytest.raises(HalfWired, match=r"MAX_CAPACITY cannot be: template.yaml has a MaxCapacity already"):
        own_settings.parts([Setting("MAX_CAPACITY", "1", "[0-9]", "", ("queries",))])


def test_deadlines() -> None:
    """The value has names with durations, in any of the units. By default, it is empty."""
    assert Settings.from_env({}).deadlines == {}
    text = "transfers.expire=30m,accounts.re-open=14d,a.b=90s,a.c=2h"
    assert Settings.from_env({"DEADLINES": text}).deadlines == {
        "transfers.expire": timedelta(minutes=30),
        "accounts.re-open": timedelta(days=14),
        "a.b": timedelta(seconds=90),
        "a.c": timedelta(hours=2),
    }


@pytest.mark.parametrize(
    "text",
    ["transfers.expire", "expire=1d", "a.b=0d", "a.b=1", "a.b=1w", "a.b=-1d", "a.b=1.5d", "a.b=1d,", "a.b=1d, c.d=1d"],
)
def test_deadlines_that_are_none(text: str) -> None:
    """A duration without its unit, or of zero, would expire everything at once or nothing ever."""
    with pytest.raises(BadSettings, match=r"DEADLINES must be names with durations in s, m, h or d"):
        Settings.from_env({"DEADLINES": text})


def test_a_deadline_has_one_duration() -> None:
    """Two durations of a deadline are refused."""
    with pytest.raises(BadSettings, match=r"DEADLINES names transfers\.expire twice"):
        Settings.from_env({"DEADLINES": "transfers.expire=1d,transfers.expire=2d"})
