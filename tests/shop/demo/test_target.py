"""The demo's programs work on the stack that is named, or else on this clone's own stack while it runs."""

from pathlib import Path

import pytest

from tests.support.clone import make_clone


@pytest.mark.parametrize("program", ["demo.load", "demo.seed", "demo.check_sales"])
def test_no_other_stack(program: str, tmp_path: Path) -> None:
    """Without a named API and without a stack, the program refuses. A named API needs a token."""
    clone, expected = make_clone(tmp_path / "clone"), tmp_path / "expected.json"
    expected.write_text("{}")
    arguments = [program, str(expected)] if program == "demo.check_sales" else [program]
    refused = clone.run(*arguments)
    assert refused.code != 0
    assert f"No stack is running in {clone.state}" in refused.err
    assert "make run" in refused.err
    refused = clone.run(*arguments, "--url", "http://localhost:9")
    assert "There is no token for http://localhost:9" in refused.err
