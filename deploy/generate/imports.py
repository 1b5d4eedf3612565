"""The lists of services in import-linter's contracts, which know no pattern for them."""

import re
from collections.abc import Iterable

_LIST = re.compile(r"(?<=    # services, by `make generate`:\n)(?:    \"chalicelib\.\w+\",\n)*")


def text(pyproject: str, folders: Iterable[str]) -> str:
    """pyproject.toml with every list of services as it should be.

    Args:
        pyproject: as it is.
        folders: of the services, those too that only read: "accounts", "summaries".
    """
    lines = "".join(f'    "chalicelib.{name}",\n' for name in folders)
    return _LIST.sub(lines, pyproject)
