"""Which stack the demo's programs work on: the one that is named, else this clone's own while it runs."""

from pathlib import Path

import pytest

from tests.support.clone import make_clone


@pytest.mark.parametrize("program", ["demo.load", "demo.seed", "demo.check_sales"])
def test_no_other_stack(program: str, tmp_path: Path) -> None:
    """Without an API that is named and without a stack, refused; an API that is named wants a token."""
    clone, expected = make_clone(tmp_path / "clone"), tmp_path / "expected.json"
    expected.write_text("{}")
    arguments = [program, str(expected)] if program == "demo.check_sales" else [program]
    refused = clone.run(*arguments)
    assert refused.code != 0
    assert f"No stack is running in {clone.state}" in refused.err
    assert "make run" in refused.err
    refused = clone.run(*arguments, "--url", "http://localhost:9")
    assert "There is no token for http://localhost:9" in refused.err
