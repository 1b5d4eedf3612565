"""Which migrations belong together. Apart from the runner, since every function names them and one applies them."""

from pathlib import Path
from typing import NamedTuple


class MigrationSet(NamedTuple):
    """Migrations that are numbered together.

    Attributes:
        name: by which the database knows the set; it never changes.
        directory: the folder of its .sql files.
    """

    name: str
    directory: Path


CORE = MigrationSet("core", Path(__file__).parents[1] / "migrations")
"""The engine's own tables. Every database has them; name this set first."""
