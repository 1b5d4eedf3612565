"""A load of commands and queries on a running API, of any domain, which compares every answer with what was promised.

pace        when each request is due                -> the rate that is offered
client      one request at a time, nothing repeated -> an answer, also where none came
mix         what a domain adds: its commands, its lists, where its aggregates are shown
ledger      what was acknowledged, and what was shown
commanding  sends commands, and checks what their answers say
looking     sends queries, and checks what they show
tally       rates, latencies, errors, broken promises
run         the threads that do it, and the last look
command     the options of a command line
"""

from local.load.mix import Mix, Shown
from local.load.run import LoadOptions, run
from local.load.tally import LoadReport

__all__ = ["LoadOptions", "LoadReport", "Mix", "Shown", "run"]
