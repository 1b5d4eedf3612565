"""Readers of a stream are told of its records."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.ports import LOOPBACK
from local.written import Notifications
from tests.support.stores import Tables
from tests.support.waiting import eventually


@contextmanager
def listening(notifications: Notifications) -> Iterator[None]:
    """Listen for a while."""
    notifications.start()
    try:
        yield
    finally:
        notifications.stop()


def test_a_write_wakes_the_readers_of_its_table(tables: Tables) -> None:
    """The event of a table that is written is set, without a poll; that of another table is not."""
    notifications = Notifications(tables.endpoint)
    written, other = notifications.event_of(tables.name("transfers")), notifications.event_of(tables.name("accounts"))
    with listening(notifications):
        assert eventually(lambda: notifications.connected)
        for id in ("tra_1", "tra_2"):
            written.clear()
            other.clear()
            tables.client.put_item(TableName=tables.name("transfers"), Item={"id": {"S": id}})
            assert eventually(written.is_set)
            assert not other.is_set()


def test_a_write_that_may_have_been_missed_wakes_all() -> None:
    """Where nobody answers, readers are woken, and know that they have to poll."""
    notifications = Notifications(f"http://{LOOPBACK}:1")
    written = notifications.event_of("transfers")
    with listening(notifications):
        assert eventually(written.is_set)
        assert not notifications.connected
