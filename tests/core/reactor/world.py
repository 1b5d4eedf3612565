"""The saga's world: accounts and transfers, and a reactor between them."""

from collections.abc import Iterable

from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import Close, Deposit, Open
from tests.core.domain.accounts.published import Standing
from tests.core.domain.transfers.commands import Cancel, Expire, Leg, Request, Settle
from tests.core.reacting import AT, LATER, MakeStore, ReactingWorld, in_memory

OWNER = "usr_1"


class World(ReactingWorld):
    """Accounts and transfers."""

    def __init__(self, make_store: MakeStore = in_memory) -> None:
        super().__init__(SERVICES, make_store)

    def open(self, number: str, balance: int = 0) -> None:
        """Open an account and deposit money into it."""
        self.run("accounts", "accounts.open", Open(at=AT, owner=OWNER, name=number), number)
        if balance:
            self.deposit(number, balance)

    def deposit(self, number: str, amount: int) -> None:
        """Deposit money into an account."""
        self.run("accounts", "accounts.deposit", Deposit(amount), number)

    def close(self, number: str) -> None:
        """Close an account."""
        self.run("accounts", "accounts.close", Close(), number)

    def request(self, id: str, legs: Iterable[tuple[str, int]]) -> None:
        """Request a transfer of (account, amount)."""
        wanted = [Leg(account, amount) for account, amount in legs]
        known = {leg.account: Standing(OWNER, closed=False) for leg in wanted}
        request = Request(owner=OWNER, requested_at=AT, legs=wanted, accounts=known)
        self.run("transfers", "transfers.request", request, id)

    def cancel(self, id: str) -> None:
        """Cancel a transfer."""
        self.run("transfers", "transfers.cancel", Cancel(), id)

    def settle(self, id: str) -> None:
        """Settle a transfer."""
        self.run("transfers", "transfers.settle", Settle(), id)

    def expire(self, id: str) -> None:
        """Expire a transfer."""
        self.run("transfers", "transfers.expire", Expire(LATER), id)

    def money(self, number: str) -> tuple[int, int, int]:
        """Return an account's money, the part that it promised, and the money that it was promised."""
        state = self.newest("accounts")[number].state
        return state.get("balance", 0), state.get("held", 0), state.get("expected", 0)
