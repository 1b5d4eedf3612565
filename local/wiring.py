"""Check that the stack has what each service needs. If something is missing, say what to write where."""

from collections.abc import Iterable, Iterator, Mapping

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Service
from local import LocalError
from local.template import Template

_COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"


def require_tables(services: Iterable[str], template: Template) -> None:
    """Check that the template has a table and a mapping for each service.

    Args:
        services: the services by name.
        template: the template, with the prefix of the tables filled in.

    Raises:
        LocalError: a table or a mapping is missing.
    """
    tables = {table["TableName"] for table in template.tables()}
    fed = {source.table for source in template.mappings()}
    missing = [name for name in services if template.prefix + name not in tables & fed]
    if missing:
        raise LocalError(f"The template has no table and mapping for {', '.join(missing)}: run `make generate`.")


def require_read_tables(services: Mapping[str, Service], database_url: str) -> None:
    """Check that the migrations have created the tables that the projections write.

    Raises:
        LocalError: a table or a column is missing.
    """
    connection = connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_COLUMNS)
            columns: dict[str, set[str]] = {}
            for table, column in cursor.fetchall():
                columns.setdefault(table, set()).add(column)
    finally:
        connection.close()
    if lacking := [line for service in services.values() for line in _lacking(service, columns)]:
        raise LocalError("\n".join(lacking))


def _lacking(service: Service, columns: Mapping[str, set[str]]) -> Iterator[str]:
    """What the read model lacks for a service, a line for each table."""
    for table in service.projection.tables:
        wanted = [column for column in table.columns if column not in columns.get(table.name, ())]
        if table.name not in columns:
            yield (
                f"{service.name}: no migration makes the read table {table.name}; write its CREATE TABLE into"
                f" chalicelib/{service.name}/migrations/0001_{service.name}.sql, with {', '.join(wanted)}."
            )
        elif wanted:
            yield (
                f"{service.name}: the read table {table.name} has no {', '.join(wanted)}; write an ALTER TABLE into the"
                f" next migration in chalicelib/{service.name}/migrations."
            )
