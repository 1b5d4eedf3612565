"""A check with axe-core for what makes a page hard to use for people with disabilities."""

from typing import Any

import pytest

from local import ROOT

_AXE = ROOT / "tests" / "core" / "browser" / "tools" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = ("serious", "critical")


def serious_findings(page: Any) -> list[str]:
    """Return axe-core's serious findings about the current page, each with its element."""
    if not _AXE.exists():
        pytest.skip("there is no axe-core; `make browser-tools` installs it where npm is")
    # Playwright runs the script outside of the page's policy, which forbids scripts from elsewhere.
    page.evaluate(f"() => {{ if (!window.axe) {{ {_AXE.read_text(encoding='utf-8')} }} }}")
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]
