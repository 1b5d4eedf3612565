"""The state of the saga when nothing is under way."""

from collections.abc import Mapping

# The status of a transfer, and the possible statuses of its hold.
AT_REST: Mapping[str, frozenset[str]] = {
    "requested": frozenset(),
    "accepted": frozenset({"held"}),
    "refused": frozenset({"short"}),
    "cancelled": frozenset({"released", "short"}),
    "settled": frozenset({"settled"}),
}
