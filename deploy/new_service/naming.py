"""A new service's name in all its forms, or the reason why it is refused."""

import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chalicelib.bootstrap import APIS, FOLDERS, MIGRATIONS, SERVICES
from chalicelib.core.mysql.migrate import read_migrations
from deploy.generate.fill import TEMPLATES
from deploy.generate.names import logical
from deploy.new_service.reserved import RESERVED

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "folder"
MOST_CHARACTERS = 24
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?`?(\w+)", re.IGNORECASE)


class BadName(Exception):
    """The name cannot be used for a service. The message says why."""


class Names(NamedTuple):
    """The forms of a name.

    Attributes:
        service: the name of the folder, the tables and the permissions: "gift_cards".
        thing: one item, in words: "gift card".
        words: several items, in words: "gift cards".
    """

    service: str
    thing: str
    words: str

    @property
    def identifier(self) -> str:
        """The item in names of functions: "gift_card"."""
        return self.thing.replace(" ", "_")

    @property
    def kind(self) -> str:
        """The item in names of classes: "GiftCard"."""
        return "".join(word.capitalize() for word in self.thing.split())

    @property
    def route(self) -> str:
        """The first part of the paths: "gift-cards"."""
        return self.service.replace("_", "-")

    @property
    def prefix(self) -> str:
        """The prefix of the ids: "gif"."""
        return self.service.replace("_", "")[:3]


def names_of(name: str) -> Names:
    """Return the forms of a name.

    Raises:
        BadName: it cannot be used for a service.
    """
    if not _NAME.fullmatch(name):
        raise BadName(f"{name!r}: small letters and digits, words joined by one _, a letter first, as in gift_cards.")
    words = name.replace("_", " ")
    names = Names(name, _singular(words), words)
    for reason in _reasons(names):
        raise BadName(f"{name!r}: {reason}.")
    return names


def _reasons(names: Names) -> Iterator[str]:
    """Yield the reasons why a well-formed name cannot be used."""
    service = names.service
    place = ROOT / "chalicelib" / service
    template = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.yaml"))
    taken = _events() & {f"{names.kind}{what}" for what in ("Added", "Changed", "Removed")}
    faults = {
        f"at most {MOST_CHARACTERS} characters, since names of AWS and MySQL are made of it": len(service)
        > MOST_CHARACTERS,
        "there is a service of this name": service in FOLDERS,
        f"chalicelib/{service} is there already, and is no service": place.exists()
        or place.with_suffix(".py").exists(),
        "a set of migrations has this name": service in {migrations.name for migrations in MIGRATIONS},
        "MySQL reserves the word, and its read table is called so": service in RESERVED,
        "another service has a read table of this name": service in set(_tables()),
        f"another service has the route /{names.route}": f"/{names.route}" in _paths(),
        "CloudFormation's name of it is another service's": logical(service) in map(logical, SERVICES),
        f"the templates have a {logical(service)}Table already": bool(
            re.search(rf"^  {logical(service)}(Table|TableArn|StreamArn):", template, re.MULTILINE)
        ),
        f"{names.kind} or {service.upper()} is a name that its own code uses for something else": bool(
            {names.kind, service.upper()} & _own_words()
        ),
        f"another service has the event {', '.join(sorted(taken))}": bool(taken),
    }
    yield from (reason for reason, found in faults.items() if found)


def _own_words() -> set[str]:
    """Return the names that every new service's code uses, and Python's keywords."""
    texts = (path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py.txt"))
    return {word for text in texts for word in re.findall(r"(?<![$\w{])[A-Za-z]\w*", text)} | set(keyword.kwlist)


def _paths() -> set[str]:
    """Return the paths of all routes."""
    return {endpoint.path for api in APIS for endpoint in api.endpoints}


def _tables() -> Iterator[str]:
    """Yield the read tables of all migrations."""
    for migrations in MIGRATIONS:
        for migration in read_migrations(migrations):
            for statement in migration.statements:
                yield from _TABLE.findall(statement)


def _events() -> set[str]:
    """Return the names of the classes in the services' domains."""
    domains = (ROOT / "chalicelib" / name / "domain.py" for name in SERVICES)
    return {name for path in domains for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)}


def _singular(words: str) -> str:
    """Return the singular: "gift cards" -> "gift card", "policies" -> "policy". Other words stay as they are."""
    if words.endswith("ies"):
        return f"{words[:-3]}y"
    if words.endswith(("sses", "xes", "ches", "shes")):
        return words[:-2]
    return words[:-1] if words.endswith("s") and not words.endswith(("ss", "us", "is")) else words
