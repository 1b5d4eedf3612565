"""What a domain adds to a load."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from local.load.commanding import Commander

MOST_LISTED = 200
"""The longest page that there is."""


class Shown(NamedTuple):
    """Where an aggregate is shown.

    Attributes:
        path: of the aggregate alone.
        has_version: whether the version shown there is the aggregate's own.
        list: the path of a page of MOST_LISTED items, the newest first, that has the aggregate with its version and
            that others never leave; "" for none.
    """

    path: str
    has_version: bool = True
    list: str = ""


class Mix(Protocol):
    """A domain's commands and lists. All threads of a load share one.

    Attributes:
        lists: paths of lists to ask for, each as often as any other.
    """

    lists: Sequence[str]

    def is_open(self) -> bool:
        """Whether there is enough for the load to begin."""

    def open(self, commander: "Commander") -> None:
        """One command towards that."""

    def act(self, commander: "Commander") -> None:
        """One command of the load, right whatever happened before it, or one that comes too late by chance."""

    def shown(self, service: str, answer: Mapping[str, Any]) -> Shown:
        """Where an aggregate is shown, by the answer to one of its commands."""

    def listed(self, path: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Note what one of the lists showed, such as what can be gone on with."""
