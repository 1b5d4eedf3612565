"""Compares write model and read model, and repairs differences.

looks      look up a page of one side by key in the other; look at differences a second time  -> Drift
sides      read each side: the items of a table, the rows of the read model
sums       compare summaries with the SUM over their base rows
meant      check that a rebuild has not swapped the tables meanwhile
repair     repair an aggregate's rows and the summaries that they touch, in one transaction
run        run all of this in parallel, one service after the other

Memory does not grow with the number of rows: pages are dropped as soon as they are compared, and differences are
reported at once.
"""

from ops.verify.drift import Drift, DriftKind
from ops.verify.run import Target, VerifyOptions, VerifyReport, verify

__all__ = ["Drift", "DriftKind", "Target", "VerifyOptions", "VerifyReport", "verify"]
