"""Stories of the repository's own services, told by requests: every command and every policy, at least once.

The story of a service is in its folder's tests/story.py, which `make new-service` writes. A story.py in a folder of
tests/ is about several services. tests/deploy runs them against the functions.
"""

from collections.abc import Callable
from importlib import import_module

from chalicelib.bootstrap import REACTED_TO, SERVICES
from local import ROOT
from tests.support.functions import Functions

STORIES: list[Callable[[Functions], None]] = [
    import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)).story
    for path in sorted([*ROOT.glob("chalicelib/*/tests/story.py"), *ROOT.glob("tests/*/story.py")])
]


def poison(functions: Functions) -> None:
    """Deliver a record that cannot be read, too large for an item of the dead letters' table."""
    noise = "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(300_000))
    item = {"id": {"S": "poison"}, "version": {"N": "1"}, "state": {"S": noise}}
    functions.deliver(next(iter([*REACTED_TO, *SERVICES])), item)


def operate(functions: Functions) -> None:
    """List and show the dead letters, redrive all, one of which can be handled by now, and discard the others."""
    functions.set_aside_what_is_good(next(iter(SERVICES)))
    letters = "/operations/dead-letters"
    for letter in functions.request("GET", letters)["items"]:
        functions.request("GET", f"{letters}/{letter['id']}")
    outcome = functions.request("POST", f"{letters}/redrive", {"all": True})
    assert (outcome["redriven"], outcome["cursor"]) == (1, None)
    (first, *_) = functions.request("GET", letters)["items"]
    functions.request("POST", f"{letters}/{first['id']}/discard", {"reason": "A test."})
    functions.request("POST", f"{letters}/discard", {"all": True, "reason": "A test."})
    assert functions.request("GET", letters)["items"] == []
