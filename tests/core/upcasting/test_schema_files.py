"""The folder schema/ is updated for harmless changes. For others, the message says what to write."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from chalicelib.core.decider import Event, State
from chalicelib.core.service import Aggregate, Service
from deploy.schemas.files import faults, made, orphans
from tests.core.aggregates.billing import BILLING
from tests.core.upcasting.releases import RELEASE_2, RELEASE_3


class Paid(Event, frozen=True):
    """An event whose lines are in the state."""

    held_by_state: ClassVar[frozenset[str]] = frozenset({"lines"})

    amount: int
    lines: list[int]


class PaidInPart(Event, frozen=True, tag="Paid"):
    """The same event under another name."""

    amount: int


class Invoice(State, frozen=True):
    """A state."""

    amount: int
    note: str = ""


class Renamed(State, frozen=True):
    """The state with another name for a field."""

    total: int
    note: str = ""


class Longer(State, frozen=True):
    """The state with one more field."""

    amount: int
    note: str = ""
    currency: str = "GBP"


def _evolve(_state: Invoice | None, event: Paid) -> Invoice:
    return Invoice(amount=event.amount)


def _evolve_in_part(_state: Invoice | None, event: PaidInPart) -> Invoice:
    return Invoice(amount=event.amount)


def _evolve_unknown(_state: Any, event: Any) -> Invoice:
    return Invoice(amount=event.amount)


def billing(**changes: Any) -> list[Service]:
    """Return a service of invoices. `changes` replaces parts of its declaration."""
    declared: dict[str, Any] = {"name": "invoice", "state": Invoice, "evolve": _evolve, **changes}
    return [replace(BILLING, aggregates=(Aggregate(**declared),))]


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Return a repository with a release's stored files."""
    write(tmp_path, made(billing()))
    return tmp_path


def test_what_is_written() -> None:
    """There is a file for each state and event, without docstrings, tags and fields that are not stored."""
    texts = made(billing())
    assert list(texts) == ["schema/billing/invoice.1.json", "schema/billing/invoice.Paid.1.json"]
    assert '"deleted"' not in texts["schema/billing/invoice.1.json"]
    assert not any(word in texts["schema/billing/invoice.Paid.1.json"] for word in ('"type": {', "lines", "An event"))


def test_a_harmless_change(released: Path) -> None:
    """The file of the version is updated."""
    assert faults(released, billing(state=Longer)) == []
    assert '"currency"' in made(billing(state=Longer))["schema/billing/invoice.1.json"]


def test_a_harmful_change(released: Path) -> None:
    """Every field is named, with the line to write, and where to write it."""
    (fault,) = faults(released, billing(state=Renamed))
    assert fault.startswith("schema/billing/invoice.1.json describes what is stored, and the state of invoice can no")
    assert "  - `amount` is gone\n  - `total` is new and has no default\n" in fault
    assert 'Add upcasters={1: to_version_2} to Aggregate("invoice", ...) in chalicelib/billing/service.py.' in fault


def test_an_upcaster(released: Path) -> None:
    """With an upcaster, the new version has a file of its own, and the old one's stays."""
    changed = billing(state=Renamed, upcasters={1: dict})
    assert faults(released, changed) == []
    texts = made(changed)
    assert "schema/billing/invoice.2.json" in texts
    assert "schema/billing/invoice.1.json" not in texts
    write(released, texts)
    assert faults(released, changed) == []
    (fault,) = faults(released, billing(upcasters={1: dict}))
    assert "Add 2: to_version_3 to the upcasters to Aggregate" in fault


def test_an_upcaster_is_taken_out(released: Path) -> None:
    """The newer version's data could not be read."""
    write(released, made(billing(state=Renamed, upcasters={1: dict})))
    (fault,) = faults(released, billing())
    assert fault.startswith("schema/billing/invoice.2.json says that version 2 is stored")


def test_an_old_file_is_deleted(released: Path) -> None:
    """The file is requested again, since nothing else describes that version's items."""
    changed = billing(state=Renamed, upcasters={1: dict})
    write(released, made(changed))
    (released / "schema/billing/invoice.1.json").unlink()
    (fault,) = faults(released, changed)
    assert fault.startswith("schema/billing/invoice.1.json is not there")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"type": "object", "properties": {"amount": 1}}'])
def test_a_file_that_is_broken(released: Path, text: str) -> None:
    """The file is named, and not overwritten."""
    (released / "schema/billing/invoice.1.json").write_text(text)
    (fault,) = faults(released, billing())
    assert fault == "schema/billing/invoice.1.json cannot be read: restore it from version control."


def test_events(released: Path) -> None:
    """A renamed class keeps its tag. A removed class, and upcasters of no event, are reported."""
    assert faults(released, billing(evolve=_evolve_in_part)) == []
    (fault,) = faults(released, billing(event_upcasters={"Refunded": {1: dict}}))
    assert "has upcasters of Refunded, which is none of its events" in fault
    write(released, {"schema/billing/invoice.Refunded.1.json": "{}"})
    (fault,) = faults(released, billing())
    assert fault.startswith("schema/billing/invoice.Refunded.1.json describes what is stored, and no state or event of")
    (released / "schema/billing/invoice.Paid.1.json").write_text(
        made(billing())["schema/billing/invoice.Paid.1.json"].replace('"integer"', '"string"')
    )
    (released / "schema/billing/invoice.Refunded.1.json").unlink()
    (fault,) = faults(released, billing())
    assert 'Add event_upcasters={"Paid": {1: to_version_2}} to Aggregate("invoice"' in fault


def test_events_that_nobody_knows(tmp_path: Path) -> None:
    """Without an annotation, no file could be written, so it is requested."""
    (fault,) = faults(tmp_path, billing(evolve=_evolve_unknown))
    assert fault.startswith("The events of invoice are not known: annotate the second parameter")


def test_a_service_that_is_gone(released: Path) -> None:
    """Its files are removed, as its table is. They are no fault."""
    write(released, made([RELEASE_2]))
    assert faults(released, billing()) == []
    assert orphans(released, billing()) == sorted(made([RELEASE_2]))


def test_releases(tmp_path: Path) -> None:
    """Each release's files are kept, one for each version."""
    for release in (RELEASE_2, RELEASE_3):
        write(tmp_path, made([release]))
    names = {path.name for path in (tmp_path / "schema/accounts").iterdir()}
    assert {"account.2.json", "account.3.json", "account.AccountOpened.2.json", "hold.1.json"} <= names
