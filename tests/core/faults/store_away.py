"""A write store of a test's own behind a proxy, and the ways in which it can be away."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.service import HEARTBEAT_ID
from local.ministack import MiniStack
from tests.core.domain.accounts.domain import HOLD_PREFIX
from tests.core.faults.form import LONG
from tests.support.proxy import Proxy
from tests.support.stores import Tables

# A command tries three times, two seconds each, so it survives a shorter absence.
SECONDS = {"refuses": (2.0, 4.0), "hangs": (6.5, 9.0), "is stopped": (6.5, 9.0)}
FAULTS = [*SECONDS] if LONG else ["refuses", "is stopped"]


@contextmanager
def away(fault: str, proxy: Proxy, server: MiniStack) -> Iterator[None]:
    """Make the write store unreachable during the block."""
    pid = server.child.pid
    assert pid
    begin, end = {
        "refuses": (proxy.refuse, proxy.accept),
        "hangs": (proxy.hang, proxy.go_on),
        "is stopped": (lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)),
    }[fault]
    begin()
    try:
        yield
    finally:
        end()


def whole(tables: Tables) -> None:
    """Check that nothing is half-written: every claim has its owner, and every name and reference has its claim."""
    for service, kind, of in (("accounts", "name", _name), ("transfers", "reference", reference_of)):
        items = {item["id"]["S"]: decode_item(item) for item in tables.items(service)}
        claims = {id: item for id, item in items.items() if id.startswith("claim#")}
        heads = {id: item for id, item in items.items() if id not in claims and id != HEARTBEAT_ID}
        claimed = {id: item["owner"] for id, item in claims.items() if id.startswith(f"claim#{kind}#")}
        assert claimed == {f"claim#{kind}#{of(item)}": id for id, item in heads.items() if of(item)}
        kept = [item["response"]["body"] for id, item in claims.items() if id.startswith("claim#key#")]
        assert {_id_in(body) for body in kept} <= heads.keys()


def _name(item: dict[str, Any]) -> str | None:
    return None if item["id"].startswith(HOLD_PREFIX) else str(item["state"]["name"]).casefold()


def reference_of(transfer: dict[str, Any]) -> Any:
    """Return the reference in a transfer's item, or None."""
    return transfer["state"].get("reference")


def _id_in(body: str) -> str:
    return str(json.loads(body)["id"])
