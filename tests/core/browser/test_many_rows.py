"""10,000 rows, paged from the first to the last in a real browser."""

from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from tests.core.domain.roles import CHIEF
from tests.support.browser import sign_in
from tests.support.stack import Stack

ROWS, PAGE = 10_000, 200
OWNER = "usr_many"


@pytest.fixture
def many(stack: Stack) -> None:
    """Write so many accounts of one owner into the read model only."""
    connection = connect(stack.database_url)
    values = ",".join(
        f"('many-{n:05}',1,'{OWNER}','Account {n}','',{n},0,{n},'2026-01-01','2026-01-01')" for n in range(ROWS)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM accounts WHERE owner = '{OWNER}'")
        cursor.execute(
            "INSERT INTO accounts (id,version,owner,name,note,balance,held,available,opened_at,updated_at)"
            f" VALUES {values}"
        )
    connection.commit()
    connection.close()


@pytest.mark.usefixtures("many")
def test_ten_thousand_rows(page: Any, stack: Stack) -> None:
    """Each row is seen once. The page has no more elements at the end than at the beginning, so it never slows down."""
    sign_in(page, stack, CHIEF, f"#/accounts?owner={OWNER}&limit={PAGE}")
    seen: list[str] = []
    nodes: list[int] = []
    while True:
        first = f"many-{len(seen):05}"
        page.wait_for_function(f"() => document.querySelector('main tbody th')?.innerText === '{first}'")
        seen += page.locator("main tbody th").all_inner_texts()
        nodes.append(page.evaluate("() => document.querySelectorAll('*').length"))
        following = page.get_by_role("link", name="Next page")
        if not following.count():
            break
        following.click()
    assert seen == [f"many-{n:05}" for n in range(ROWS)]
    assert max(nodes) - min(nodes) <= 5  # the link to the first page appears, the one to the next page disappears
    page.go_back()
    page.wait_for_function(f"() => document.querySelector('main tbody th')?.innerText === 'many-{ROWS - 2 * PAGE:05}'")
