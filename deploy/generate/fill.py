"""Hand-written templates with places for generated parts."""

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

TEMPLATES = Path(__file__).parent / "templates"
_PLACE = re.compile(r"^( *)# make generate: ([a-z-]+)\n", re.MULTILINE)
_HEAD = (
    "# Made by `make generate` from deploy/generate/templates/{name} and the services' declarations: change those.\n"
)


def filled(name: str, parts: Mapping[str, str]) -> str:
    """Return a template whose lines `# make generate: PART` are replaced by that part, with the line's indentation.

    Args:
        name: the name of the file in templates/.
        parts: the lines for each place, by its name; "" removes the place.

    Raises:
        ValueError: a place has no part, or a part has no place.
    """
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    places = [match[2] for match in _PLACE.finditer(text)]
    if sorted(places) != sorted(parts):
        raise ValueError(f"templates/{name} has places for {sorted(places)}, and there are parts {sorted(parts)}")
    return _HEAD.format(name=name) + _PLACE.sub(lambda match: _indented(parts[match[2]], match[1]), text)


def _indented(part: str, blanks: str) -> str:
    return indent(part.rstrip("\n") + "\n", blanks) if part else ""
