"""pyproject.toml: the engine's checks, the services and tools that they cover, and the project's own part."""

import re
from collections.abc import Iterable
from pathlib import Path

from deploy.generate.fill import filled

_YOURS = re.compile(r"(?<=# ---- yours ----\n).*?(?=# ---- end of yours ----\n)", re.DOTALL)
_OF_THE_ENGINE = {"chalicelib", "deploy", "local", "ops", "tests"}


def text(pyproject: str, folders: Iterable[str], root: Path) -> str:
    """Return pyproject.toml as it should be.

    Args:
        pyproject: the present file; the lines between "yours" and "end of yours" are kept.
        folders: the folders of all services, including those that only read: "accounts", "summaries".
        root: the repository's root.
    """
    yours = _YOURS.search(pyproject)
    services = "".join(f'"chalicelib.{name}",\n' for name in folders)
    wiring = sorted(path.stem for path in (root / "chalicelib").glob("*.py") if path.stem != "__init__")
    tools = sorted(path.parent.name for path in root.glob("*/__init__.py"))
    own = [name for name in tools if name not in _OF_THE_ENGINE]
    each = "".join(f'"{name}",\n' for name in own)
    return filled(
        "pyproject.toml",
        {
            "yours": yours[0] if yours else "",
            "ignores": "".join(f'"{name}/**" = ["T20", "S", "D100", "D103", "D104"]\n' for name in own),
            "files": each,
            "packages": each,
            "layers": f'"{" : ".join(own)}",\n' if own else "",
            "wiring": "".join(f'"chalicelib.{name}",\n' for name in wiring),
            "services": services,
            "independent": services,
        },
    )
