"""The projector: batches of DynamoDB stream records into the MySQL read model.

(streams)      parse the raw records                 -> commits, heartbeats, unreadable ones
compaction     newest states into rows               -> the rows of each aggregate
transaction    lock, compare, write, commit          -> sql, summaries, timeline, heartbeats
generations    which tables a transaction writes: those in use, and those that a rebuild fills
erasures       what was erased stays out of the timeline
writer         connections and retries               -> failures: what an error means
traces         a segment for each commit that carries a trace
applying       a transaction, with retries and trace -> transaction, writer, traces
setting_aside  a dead letter for a record
isolation      find the poison, set it aside         -> applying, setting_aside
project        the entry point: chunks of a batch    -> isolation
handler        the same as a Lambda function
"""

from chalicelib.core.projector.project import ProjectorDeps, project
from chalicelib.core.projector.writer import Writer
from chalicelib.core.streams.dead_letters import DeadLetter, DeadLetters, DynamoDeadLetters
from chalicelib.core.streams.records import UnknownStream

__all__ = ["DeadLetter", "DeadLetters", "DynamoDeadLetters", "ProjectorDeps", "UnknownStream", "Writer", "project"]
