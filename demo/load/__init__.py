"""A load of commands and queries on a running API, which checks every answer against what was promised.

pace      when each request is due                -> the rate that is offered
client    one request at a time, nothing hidden   -> an answer, also where none came
shop      what was acknowledged, and what was shown
selling   the commands, and what their answers must say
looking   the queries, and what they must show
tally     rates, latencies, errors, broken promises
run       the crews that do it, and the last look
"""

from demo.load.run import LoadOptions, run
from demo.load.tally import LoadReport

__all__ = ["LoadOptions", "LoadReport", "run"]
