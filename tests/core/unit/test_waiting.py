"""No test depends on speed: each waits for events as long as any machine needs."""

import ast
from collections.abc import Iterator

import pytest

from local import ROOT

WAITING = {"wait_until": 1, "set_default_timeout": 0}
"""Functions that wait, and which of their arguments says how long."""


def limits(tree: ast.AST) -> Iterator[int]:
    """Return the lines of calls whose time limit is a number of their own."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = call.args[WAITING[name] :] if name in WAITING else []
            given += [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
            if given and isinstance(given[0], ast.Constant):
                yield call.lineno


def test_no_test_has_a_time_limit_of_its_own() -> None:
    """Limits come from PATIENT_SECONDS, COMMAND_SECONDS or `eventually`, in tests/support/waiting.py."""
    files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("chalicelib/*/tests/**/*.py")]
    assert len(files) > 100
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        if "node_modules" not in path.parts
        for line in limits(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "wait_until(f, 60)",
        "ports.wait_until(f, 2.5)",
        "page.set_default_timeout(15_000)",
        "subprocess.run(f, timeout=60)",
    ],
)
def test_a_limit_is_found(text: str) -> None:
    """A limit is found in every spelling."""
    assert list(limits(ast.parse(text))) == [1]


def test_a_patient_wait_is_none() -> None:
    """A patient wait is allowed, and so is a number with another meaning."""
    assert list(limits(ast.parse("wait_until(f, PATIENT_SECONDS); eventually(f); f(60)"))) == []
