"""The reactor: a change in one service makes other services act, by the policies that they declare.

react         a batch of stream records -> the newest state of each aggregate -> policies -> follow-up commands
side_by_side  runs them at the same time, those that share an aggregate in their order
follow_ups    runs a follow-up command, or an outside call, until it is done
handler       the same as a Lambda function

The reactor keeps no memory of its own. The command pipeline runs each follow-up command, as it runs a client's. A
command that was done before changes nothing. So a batch may come again at any time, in any order, after any crash.
"""

from chalicelib.core.reactor.follow_ups import ReactorDeps
from chalicelib.core.reactor.react import react

__all__ = ["ReactorDeps", "react"]
