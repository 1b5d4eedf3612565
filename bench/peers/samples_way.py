"""The way of most samples: boto3's TypeDeserializer, and one statement for each row.

It commits once for each batch. Most samples commit every record, which is slower.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-tutorial.html
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from boto3.dynamodb.types import TypeDeserializer

from bench.peers import plain
from bench.workload import SERVICES, Batches, table_of

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_upsert = lru_cache(plain.upsert)


def write(connection: "Connection[Cursor]", batches: Batches) -> int:
    """Write all batches, and return the number of rows, so that figures of others per row can be compared."""
    decode, count = TypeDeserializer().deserialize, 0
    for batch in batches:
        connection.query("START TRANSACTION")
        with connection.cursor() as cursor:
            for raw in batch:
                item = {name: decode(value) for name, value in raw["dynamodb"]["NewImage"].items()}
                for table, row in plain.rows_of(SERVICES[table_of(raw)].name, item):
                    cursor.execute(_upsert(table, tuple(row)), row)
                    count += 1
        connection.query("COMMIT")
    return count
