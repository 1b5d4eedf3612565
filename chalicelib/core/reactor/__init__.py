"""The reactor: a change in one service makes other services act, by the policies that they declare.

react     a batch of stream records -> the newest state of each aggregate -> policies -> follow-up commands
commands  runs a follow-up command until it is done
handler   the same as a Lambda function

It keeps no memory of its own. Each follow-up command is run by the command pipeline, as a client's is, and finds
itself done where it was done before; so a batch may come again at any time, in any order, after any crash.
"""

from chalicelib.core.reactor.follow_ups import ReactorDeps
from chalicelib.core.reactor.react import react

__all__ = ["ReactorDeps", "react"]
