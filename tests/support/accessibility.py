"""axe-core on a page: what keeps people with other senses or hands from using it."""

from typing import Any

import pytest

from local import ROOT

_AXE = ROOT / "tests" / "core" / "browser" / "tools" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = ("serious", "critical")


def serious_findings(page: Any) -> list[str]:
    """The serious findings of axe-core on what the page shows now, each with the element that it is about."""
    if not _AXE.exists():
        pytest.skip("there is no axe-core; `make browser-tools` installs it where npm is")
    # Playwright runs it in the page without its policy, which forbids what is not its own.
    page.evaluate(f"() => {{ if (!window.axe) {{ {_AXE.read_text(encoding='utf-8')} }} }}")
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]
