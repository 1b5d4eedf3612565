"""Sets of migrations. A module apart from the runner, since every function names the sets and only one applies them."""

from pathlib import Path
from typing import NamedTuple


class MigrationSet(NamedTuple):
    """Migrations that are numbered together.

    Attributes:
        name: the set's name in the database. It must never change.
        directory: the folder of its .sql files.
    """

    name: str
    directory: Path


CORE = MigrationSet("core", Path(__file__).parents[1] / "migrations")
"""The engine's own tables. Every database needs them. Name this set first."""
