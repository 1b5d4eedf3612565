"""Statements whose answers are read later."""

from collections.abc import Iterator

import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.statements import receive, run_each, send

pytestmark = pytest.mark.database


def test_work_is_done_while_the_server_is_busy(database: str) -> None:
    """The statement waits for a lock that the last item of the work gives up, so it could not end without the work."""
    first, second = connect(database), connect(database)
    first.query("DO GET_LOCK('test_statements', 0)")

    def work() -> Iterator[int]:
        yield from range(20)
        first.query("DO RELEASE_LOCK('test_statements')")

    send(second, b"SELECT GET_LOCK('test_statements', 600)")
    assert receive(second, work()) == ((1,),)
    first.close()
    second.close()


def test_the_next_statement_is_taken_before_the_work(database: str) -> None:
    """Work fills the time that is left once the next statement is there, and statements run in their order."""
    connection, taken = connect(database), list[str]()

    def statements() -> Iterator[bytes]:
        for number in range(3):
            taken.append(f"statement {number}")
            yield b"SELECT SLEEP(0.1)"

    run_each(connection, statements(), (taken.append("work") for _ in range(5)))
    assert taken[:2] == ["statement 0", "statement 1"]
    assert [each for each in taken if each != "work"] == ["statement 0", "statement 1", "statement 2"]
    connection.close()
