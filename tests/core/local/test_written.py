"""The readers of a stream are notified of new records."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.ports import LOOPBACK
from local.written import Notifications
from tests.support.stores import Tables
from tests.support.waiting import eventually


@contextmanager
def listening(notifications: Notifications) -> Iterator[None]:
    """Listen during the block."""
    notifications.start()
    try:
        yield
    finally:
        notifications.stop()


def test_a_write_wakes_the_readers_of_its_table(tables: Tables) -> None:
    """A write sets the event of its table without a poll, and no other table's event."""
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
    """If nobody answers, all readers are woken and poll."""
    notifications = Notifications(f"http://{LOOPBACK}:1")
    written = notifications.event_of("transfers")
    with listening(notifications):
        assert eventually(written.is_set)
        assert not notifications.connected
