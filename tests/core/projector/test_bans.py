"""Nothing that ships uses statements that hide faults."""

import re

from local import ROOT


def test_no_insert_ignore_and_no_replace() -> None:
    """INSERT IGNORE cuts long values and REPLACE deletes rows, both silently."""
    banned = re.compile(
        r"\bINSERT\s+IGNORE\b|\bREPLACE\s+INTO\b|\bUPDATE\s+IGNORE\b|\bREPLACE\s*\(.*VALUES\b", re.IGNORECASE
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for pattern in ("*.py", "*.sql")
        for path in sorted((ROOT / "chalicelib").rglob(pattern))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if banned.search(line)
    ]
    assert found == []


def test_no_unique_key_but_the_primary() -> None:
    """So error 1062 can mean only that the row exists already."""
    migrations = "\n".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.sql"))
    assert "CREATE TABLE" in migrations
    assert not re.search(r"\bUNIQUE\b", re.sub(r"--.*", "", migrations), re.IGNORECASE)
