"""How a service declares itself to the core.

aggregate    the heads and claims in its table, and how an aggregate evolves
personal     the fields of an aggregate that hold data about a person
upcasting    how the states and events of earlier releases are brought into the present shape
projection   how states become rows of the read model
word_tables  the words by which a search finds rows
deadline     how long an aggregate may wait, and the command that then ends it
policy       the commands it sends when another service's aggregates change
declaration  the whole: a Service
"""

from chalicelib.core.service.aggregate import (
    CLAIM_PREFIX,
    HEARTBEAT_ID,
    Aggregate,
    AnyAggregate,
    Claim,
    ClaimChange,
    Head,
    Undeclared,
    UnknownAggregate,
    is_head,
)
from chalicelib.core.service.deadline import Deadline
from chalicelib.core.service.declaration import HeadReader, Port, Right, Service, several, single
from chalicelib.core.service.personal import ERASED, ITSELF, Personal, PersonalDataErased
from chalicelib.core.service.policy import Asks, FollowUp, NotNow, OutsideCall, Policy
from chalicelib.core.service.projection import (
    AnySummary,
    ChildRows,
    PrimaryKey,
    Projection,
    Row,
    Rows,
    RowVersion,
    Summary,
    Table,
    deleted_at_of,
    version_of,
)
from chalicelib.core.service.upcasting import NewerSchema, Upcaster, UpcasterFailed, Upcasters
from chalicelib.core.service.word_tables import WordRow, word_rows, word_table

__all__ = [
    "CLAIM_PREFIX",
    "ERASED",
    "HEARTBEAT_ID",
    "ITSELF",
    "Aggregate",
    "AnyAggregate",
    "AnySummary",
    "Asks",
    "ChildRows",
    "Claim",
    "ClaimChange",
    "Deadline",
    "FollowUp",
    "Head",
    "HeadReader",
    "NewerSchema",
    "NotNow",
    "OutsideCall",
    "Personal",
    "PersonalDataErased",
    "Policy",
    "Port",
    "PrimaryKey",
    "Projection",
    "Right",
    "Row",
    "RowVersion",
    "Rows",
    "Service",
    "Summary",
    "Table",
    "Undeclared",
    "UnknownAggregate",
    "Upcaster",
    "UpcasterFailed",
    "Upcasters",
    "WordRow",
    "deleted_at_of",
    "is_head",
    "several",
    "single",
    "version_of",
    "word_rows",
    "word_table",
]
