"""What the saga looks like once nothing is under way any more."""

from collections.abc import Mapping

# The status of a transfer, and what its hold may be.
AT_REST: Mapping[str, frozenset[str]] = {
    "requested": frozenset(),
    "accepted": frozenset({"held"}),
    "refused": frozenset({"short"}),
    "cancelled": frozenset({"released", "short"}),
    "settled": frozenset({"settled"}),
}
