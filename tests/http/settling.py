"""Waiting until the read model has caught up, for tests of what is shown then."""

from chalicelib.bootstrap import SERVICES
from chalicelib.core.database import connect
from local.ports import wait_until
from tests.conftest import Stack


def settle(stack: Stack, seconds: float = 30) -> None:
    """Wait until the read model shows the newest version of every aggregate."""
    assert wait_until(lambda: not behind(stack), seconds), behind(stack)


def behind(stack: Stack) -> list[str]:
    """The aggregates whose newest version the read model does not show."""
    connection = connect(stack.database_url)
    missing = []
    with connection.cursor() as cursor:
        for name, service in SERVICES.items():
            root = service.projection.root
            cursor.execute(f"SELECT {root.key[0]}, version FROM {root.name}")
            shown = dict(cursor.fetchall())
            for item in stack.tables.items(name):
                id = item["id"]["S"]
                if "#" not in id and shown.get(id) != int(item["version"]["N"]):
                    missing.append(id)
    connection.close()
    return missing
