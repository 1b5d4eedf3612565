"""Which domain a test runs on: the repository's own, or the small one of tests/core."""

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
    """A domain, by what the local stack and `ops` are told of it.

    Attributes:
        composition_root: the module that says which services there are.
        template: the SAM template that says which tables, functions and mappings there are.
    """

    composition_root: str = DEFAULT
    template: Path = TEMPLATE

    @property
    def root(self) -> CompositionRoot:
        """The composition root, imported."""
        return cast(CompositionRoot, import_module(self.composition_root))

    @property
    def services(self) -> Mapping[str, Service]:
        """Its services, by name."""
        return self.root.SERVICES

    @property
    def permissions(self) -> Permissions:
        """Its roles, and what they may do."""
        return self.root.PERMISSIONS

    @property
    def env(self) -> dict[str, str]:
        """What a process of the local stack, or `ops`, has to be told."""
        return {VARIABLE: self.composition_root, "TEMPLATE_FILE": str(self.template)}

    def migrate(self, url: str) -> None:
        """Make the tables of a database, of which nothing but the URL need exist."""
        migrate(url, self.root.MIGRATIONS)


OWN = Domain()
"""The repository's own: the shop, or what a team has put in its place."""
NEUTRAL = Domain("tests.core.bootstrap", ROOT / "tests" / "core" / "template.yaml")
"""Accounts and transfers, on which the engine is tested whatever the repository's own domain is."""
