"""Options that several commands have."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
T = TypeVar("T")


def service_option(command: Callable[P, T]) -> Callable[P, T]:
    """The option --service, given to the command as `chosen`: the names, or () for all services."""
    option = click.option("--service", "chosen", multiple=True, metavar="NAME", help="Only this service. Repeatable.")
    return option(command)


def segments_option(default: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The option --segments, given to the command as `segments`: how many parts of a table are scanned at once."""
    return click.option(
        "--segments",
        type=click.IntRange(1, 64),
        default=default,
        show_default=True,
        help="Number of table segments to read at once. Each takes about 15 MB.",
    )
