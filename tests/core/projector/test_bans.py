"""Statements that would hide what is wrong are not used anywhere that ships."""

import re

from local import ROOT


def test_no_insert_ignore_and_no_replace() -> None:
    """INSERT IGNORE cuts what is too long and REPLACE deletes what it replaces, both in silence."""
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
    """1062 can mean one thing only: the row is there already."""
    migrations = "\n".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.sql"))
    assert "CREATE TABLE" in migrations
    assert not re.search(r"\bUNIQUE\b", re.sub(r"--.*", "", migrations), re.IGNORECASE)
