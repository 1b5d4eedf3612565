"""The kind of aggregate that an id belongs to, and declarations that are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.commands.pipeline import Envelope, run
from chalicelib.core.decider import Command
from chalicelib.core.service import Aggregate, Deadline, UnknownAggregate
from tests.core.aggregates.billing import BILLING, Invoice, Payment, service
from tests.core.memory_store import MemoryStore

INVOICE, PAYMENT = BILLING.aggregates
OTHER = Aggregate("other", Invoice, lambda state, _: state)
REFUND = replace(PAYMENT, name="refund", prefix="pay_back_")


@pytest.mark.parametrize(
    ("id", "name", "projected"),
    [("inv_1", "invoice", True), ("pay_1", "payment", False), ("pay_back_1", "refund", False), ("x", "other", True)],
)
def test_the_longest_prefix_decides(id: str, name: str, projected: bool) -> None:
    """A kind has all ids of its prefix, except those of a longer prefix, and says whether it has rows."""
    whole = service(aggregates=(INVOICE, PAYMENT, REFUND, OTHER))
    assert whole.aggregate(id).name == name
    assert whole.projects(id) is projected


@pytest.mark.parametrize("ask", [BILLING.aggregate, BILLING.projects])
@pytest.mark.parametrize("id", ["ref_1", "", "inv", "INV_1"])
def test_an_id_of_no_kind(ask: Callable[[str], Any], id: str) -> None:
    """The error names the service, the id and the prefixes."""
    with pytest.raises(UnknownAggregate, match=f"billing has no kind of aggregate for the id '{id}'.*'inv_', 'pay_'"):
        ask(id)


@pytest.mark.parametrize("id", ["claim#key#1", "heartbeat#"])
def test_claims_and_heartbeats_are_no_aggregates(id: str) -> None:
    """Claims and heartbeats are not aggregates, even if one kind has all ids that no other kind has."""
    with pytest.raises(UnknownAggregate):
        service(aggregates=(OTHER,)).aggregate(id)


@pytest.mark.parametrize(
    ("aggregates", "why"),
    [
        ((INVOICE, replace(PAYMENT, prefix="inv_")), "one prefix"),
        ((INVOICE, replace(PAYMENT, name="invoice")), "one name"),
        ((INVOICE, replace(PAYMENT, prefix="claim#")), "claims or heartbeats"),
        ((PAYMENT,), "nothing to show"),
        ((), "nothing to show"),
    ],
)
def test_what_cannot_be_declared(aggregates: tuple[Aggregate, ...], why: str) -> None:
    """Kinds that ids cannot tell apart, and a projection without an aggregate to show, are errors at once."""
    with pytest.raises(ValueError, match=why):
        service(aggregates=aggregates)


@pytest.mark.parametrize("columns", [{"since": "paid_at"}, {"since": "updated_at", "status": "state"}])
def test_a_deadline_on_a_column_that_is_not_there(columns: dict[str, str]) -> None:
    """The error is raised when the service is declared, and not a minute after the deployment."""
    deadline = Deadline("billing.remind", lambda _: Command(), waiting=("open",), **columns)
    with pytest.raises(ValueError, match=r"billing\.remind: invoices has no column"):
        service(deadlines=(deadline,))


def test_a_command_about_an_id_of_no_kind() -> None:
    """The command is refused before anything is decided, whether or not such an item exists."""
    decided: list[Any] = []

    def decide(*asked: Any) -> dict[str, Any]:
        decided.append(asked)
        return {}

    watched = service(decide=decide)
    with pytest.raises(UnknownAggregate, match="ref_1"):
        run(watched, MemoryStore(), Envelope("billing.pay", Payment(amount=1), ("ref_1",), "ada", "at"), lambda _: {})
    assert decided == []
