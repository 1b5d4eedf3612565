"""Compares write model and read model, and repairs what differs.

looks      a page of one side, looked up by key in the other; what differs is looked at again  -> Drift
sides      how each side is read: items of the table, rows of the read model
sums       summaries against the SUM over their base rows
meant      whether the tables are still those that were meant, when a rebuild swaps them meanwhile
repair     brings an aggregate's rows and the summaries that they touch right, in one transaction
run        puts these together: in parallel, one service after the other

Memory does not grow with the number of rows: pages are forgotten as soon as they are compared, and what
is found is handed on at once.
"""

from ops.verify.drift import Drift, DriftKind
from ops.verify.run import Target, VerifyOptions, VerifyReport, verify

__all__ = ["Drift", "DriftKind", "Target", "VerifyOptions", "VerifyReport", "verify"]
