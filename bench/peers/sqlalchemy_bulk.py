"""SQLAlchemy 2: an upsert of its MySQL dialect, executed once for each table of a batch with all of its rows.

This project's decoder decodes the items.
https://docs.sqlalchemy.org/en/20/dialects/mysql.html#insert-on-duplicate-key-update-upsert
https://docs.sqlalchemy.org/en/20/tutorial/dbapi_transactions.html#sending-multiple-parameters
"""

from collections.abc import Mapping

from sqlalchemy import Engine, MetaData, Table, create_engine
from sqlalchemy.dialects.mysql import Insert, insert

from bench.peers import plain
from bench.workload import SERVICES, Batches, table_of
from chalicelib.core.dynamodb.codec import decode_item


class Writer:
    """A writer of batches through an engine. It reflects the tables once."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url.replace("mysql://", "mysql+pymysql://"))
        metadata = MetaData()
        metadata.reflect(self._engine, only=list(plain.KEYS))
        self._upserts: Mapping[str, Insert] = {name: _upsert(table) for name, table in metadata.tables.items()}

    def write(self, batches: Batches) -> None:
        """Write all batches, each in one transaction."""
        for batch in batches:
            rows: dict[str, list[plain.PlainRow]] = {}
            for raw in batch:
                item = decode_item(raw["dynamodb"]["NewImage"])
                for table, row in plain.rows_of(SERVICES[table_of(raw)].name, item):
                    rows.setdefault(table, []).append(row)
            with self._engine.begin() as connection:
                for table, found in rows.items():
                    connection.execute(self._upserts[table], found)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()


def _upsert(table: Table) -> Insert:
    statement, added = insert(table), plain.ADDED.get(table.name, ())
    columns = _WRITTEN.get(table.name, tuple(table.columns.keys()))
    names = [name for name in columns if name not in plain.KEYS[table.name]] or plain.KEYS[table.name][:1]
    new = statement.inserted
    return statement.on_duplicate_key_update(
        {name: table.c[name] + new[name] if name in added else new[name] for name in names}
    )


# A statement sets only the columns that it is given. The tables have more.
_WRITTEN = {
    "customers": ("version", "name", "email", "country", "created_at", "updated_at"),
    "stock": ("version", "on_hand", "reserved", "available", "updated_at"),
    "orders": ("version", "status", "total", "quantity", "line_count", "updated_at"),
    "timeline": ("at", "command", "actor", "commit_id", "events", "correlation_id"),
}
