"""The commands of a load, and what their answers must say.

All of them are right, so that whoever refuses one breaks a promise; but a race may be lost, an aggregate may have gone
on meanwhile, and a store may be away.
"""

import random
import uuid
from typing import Any

from local.load.client import Sends, TimedResponse
from local.load.ledger import AcknowledgedCommit, Ledger
from local.load.mix import Mix
from local.load.tally import LoadTally

_REPEATED = 0.03
_EXPECTED_REFUSALS = frozenset({0, 409, 412, 429, 502, 503, 504})


class Commander:
    """Sends commands, one after the other.

    Args:
        client: that may send every command of the mix.
        mix: the domain's.
        ledger: where what is acknowledged is noted.
        tally: where answers and broken promises are counted.
        chance: what is random comes from it.
    """

    def __init__(self, client: Sends, mix: Mix, ledger: Ledger, tally: LoadTally, chance: random.Random) -> None:
        self.chance = chance
        self._client = client
        self._mix = mix
        self._ledger = ledger
        self._tally = tally

    def send(
        self,
        what: str,
        service: str,
        id: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        changes: bool = True,
        **headers: str,
    ) -> TimedResponse:
        """Send a command, check its answer and note what it acknowledges.

        Args:
            what: names the command in the report.
            service: whose aggregate it changes.
            id: of the aggregate; "" of a new one.
            method: of HTTP.
            path: of the route.
            body: sent as JSON.
            changes: whether the command changes the aggregate also when it is repeated.
            headers: header_names become Header-Names.
        """
        before = self._ledger.version(service, id)
        answer = self._client.send(method, path, body, **headers)
        self._tally.answered("commands", what, answer)
        told = f"{method} {path}: {answer.status} {answer.body}"
        self._tally.check(answer.good or answer.status in _EXPECTED_REFUSALS, told)
        if answer.good:
            version = answer.body["version"]
            self._tally.check(version >= before + changes, f"{told}; version {before} was acknowledged before")
            token = answer.headers.get("consistency-token", "")
            shown = self._mix.shown(service, answer.body)
            self._ledger.acknowledge(AcknowledgedCommit(service, answer.body["id"], version, token, shown))
        return answer

    def create(self, what: str, service: str, path: str, body: Any) -> TimedResponse:
        """Create an aggregate under a key; now and then the request is sent twice, and then it is one aggregate."""
        key = uuid.uuid4().hex
        answer = self._create(what, service, path, body, key)
        if not answer.status or self.chance.random() < _REPEATED:
            again = self._create(what, service, path, body, key)
            if answer.good and again.good:
                same = again.body["id"] == answer.body["id"] and "idempotent-replayed" in again.headers
                self._tally.check(same, f"POST {path} twice under one key: {answer.body['id']}, {again.body['id']}")
        return answer

    def _create(self, what: str, service: str, path: str, body: Any, key: str) -> TimedResponse:
        return self.send(what, service, "", "POST", path, body, Idempotency_Key=key)
