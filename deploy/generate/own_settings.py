"""The services' own settings: parameters of the template, and variables of the functions."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from chalicelib.core.composition_root import HalfWired
from chalicelib.core.settings import Setting
from deploy.generate.fill import TEMPLATES
from deploy.generate.names import logical

# The length of a value is limited, because Lambda accepts 4 KB of environment variables for each function.
# The function that redrives dead letters runs the projector and the reactor.
_READERS = {
    "commands": {"commands"},
    "queries": {"queries"},
    "operations": {"projector", "reactor"},
    "projector": {"projector"},
    "reactor": {"reactor"},
}
_PARAMETER = """
{id}:
  Type: String
  Default: {default}
  MaxLength: 255
  AllowedPattern: {pattern}
  Description: {description}
"""


def parts(settings: Sequence[Setting]) -> Mapping[str, str]:
    """Return the parts of templates/template.yaml, by the names of their places.

    Raises:
        HalfWired: the template already has a parameter or a resource of a setting's name.
    """
    taken = set(re.findall(r"^  (\w+):", (TEMPLATES / "template.yaml").read_text(encoding="utf-8"), re.MULTILINE))
    for setting in settings:
        if parameter(setting) in taken:
            raise HalfWired(f"The setting {setting.name} cannot be: template.yaml has a {parameter(setting)} already.")
    variables = {f"{function}-settings": _variables(function, settings) for function in _READERS}
    return {"settings": _parameters(settings), **variables}


def parameter(setting: Setting) -> str:
    """Return the name of a setting's template parameter: "DAYS_KEPT" -> "DaysKept"."""
    return logical(setting.name.lower())


def _parameters(settings: Iterable[Setting]) -> str:
    made = [
        _PARAMETER.strip().format(
            id=parameter(setting),
            default=json.dumps(setting.default),
            pattern=json.dumps(setting.pattern),
            description=json.dumps(setting.description, ensure_ascii=False),
        )
        for setting in settings
    ]
    return "\n".join(["", "# ---- The services' own, from their folders' settings.py ----", *made]) if made else ""


def _variables(function: str, settings: Iterable[Setting]) -> str:
    return "\n".join(f"{s.name}: !Ref {parameter(s)}" for s in settings if _READERS[function] & {*s.functions})
