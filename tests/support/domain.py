"""The domain that a test runs on: the repository's own, or the small one of tests/core."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.composition_root import DEFAULT, VARIABLE, CompositionRoot
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.service import Service
from local import ROOT
from local.template import TEMPLATE


@dataclass(frozen=True)
class Domain:
    """A domain, described by the settings of the local stack and `ops`.

    Attributes:
        composition_root: the module that names the services.
        template: the SAM template with the tables, functions and mappings.
    """

    composition_root: str = DEFAULT
    template: Path = TEMPLATE

    @property
    def root(self) -> CompositionRoot:
        """The imported composition root."""
        return cast(CompositionRoot, import_module(self.composition_root))

    @property
    def services(self) -> Mapping[str, Service]:
        """The services, by name."""
        return self.root.SERVICES

    @property
    def permissions(self) -> Permissions:
        """The roles, and what they may do."""
        return self.root.PERMISSIONS

    @property
    def env(self) -> dict[str, str]:
        """The environment variables for a process of the local stack, or for `ops`."""
        return {VARIABLE: self.composition_root, "TEMPLATE_FILE": str(self.template)}

    def migrate(self, url: str) -> None:
        """Create the tables of a database. Only its URL is needed; the database may be missing."""
        migrate(url, self.root.MIGRATIONS)


OWN = Domain()
"""The repository's own: the shop, or what a team has put in its place."""
NEUTRAL = Domain("tests.core.bootstrap", ROOT / "tests" / "core" / "template.yaml")
"""Accounts and transfers, on which the engine is tested whatever the repository's own domain is."""
