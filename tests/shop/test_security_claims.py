"""SECURITY.md claims nothing that no file shows."""

import re

from local import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NOT_OURS = {"| operator |"}


def test_every_claim_names_what_shows_it() -> None:
    """Each row of the tables names a test or a target of make, and all of the tests that are named are there."""
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| who", "| against"))]
    unshown = [row for row in rows if not re.search(r"tests/|make |the same", row.rpartition(" | ")[2])]
    assert [row for row in unshown if not row.startswith(tuple(NOT_OURS))] == []
    named = set(re.findall(r"`(tests/[\w/.]+)`", TEXT))
    assert len(named) > 10
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
