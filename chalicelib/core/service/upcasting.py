"""From what an earlier release stored to the shape that this release knows.

A state and an event are stored with the version of their schema; an item without one has version 1. An upcaster turns
the data of one version into the data of the next. Upcasters are chained, so each is written once and never changed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from chalicelib.core.telemetry.error_text import error_text

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Plain data of one version -> plain data of the next. Pure. It may change and return the dict that it is given."""
Upcasters = Mapping[int, Upcaster]
"""By the version that each takes: {1: from 1 to 2, 2: from 2 to 3}."""
NONE: Upcasters = MappingProxyType({})


class NewerSchema(Exception):
    """A newer release stored it, in a version that this release does not know.

    Either a deployment is not complete, or an older release was deployed again. The data is good: once a release that
    knows the version is deployed, everything that was refused can be read.
    """


class UpcasterFailed(ValueError):
    """An upcaster raised something, or returned no dict; the message says which upcaster, and shows no value."""


def version_after(upcasters: Upcasters) -> int:
    """The version that this release writes: one more than there are upcasters."""
    return 1 + len(upcasters)


def check_chain(upcasters: Upcasters, what: str) -> None:
    """Check that the upcasters form one chain from version 1.

    Args:
        upcasters: to check.
        what: whose they are, for the message.

    Raises:
        ValueError: a version is missing.
    """
    if sorted(upcasters) != list(range(1, len(upcasters) + 1)):
        raise ValueError(
            f"{what} has upcasters from the versions {sorted(upcasters)}; there must be one from each version,"
            " 1, 2, 3 ..., since items of every version may be stored"
        )


def upcast(data: Mapping[str, Any], version: int, upcasters: Upcasters, what: str) -> Mapping[str, Any]:
    """Data of an earlier version in the shape of the newest.

    Args:
        data: as stored.
        version: of its schema.
        upcasters: by the version that each takes.
        what: what the data is, for messages: "the state of account A-1".

    Raises:
        NewerSchema: this release does not know the version.
        UpcasterFailed: see there.
    """
    newest = version_after(upcasters)
    if version > newest:
        raise NewerSchema(
            f"{what} has schema version {version}, and this release knows none after {newest}: deploy a release that"
            " does"
        )
    if version < 1:
        raise UpcasterFailed(f"{what} has schema version {version}; the first version is 1")
    for step in range(version, newest):
        data = _step(dict(data), step, upcasters[step], what)
    return data


def _step(data: dict[str, Any], version: int, upcaster: Upcaster, what: str) -> dict[str, Any]:
    try:
        made = upcaster(data)
    except (MemoryError, ImportError):  # these are no fault of the data
        raise
    except Exception as error:
        raise UpcasterFailed(
            f"{what}: the upcaster from version {version} to {version + 1} failed: {error_text(error)}"
        ) from error
    if not isinstance(made, dict):
        raise UpcasterFailed(
            f"{what}: the upcaster from version {version} to {version + 1} returned {type(made).__name__}, not dict"
        )
    return made
