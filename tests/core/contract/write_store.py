"""The conformance suite of the port `WriteStore`: every implementation passes this whole class.

Subclass it and give it a fixture `store`.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.commands.store import ClaimTaken, Commit, ItemTooLarge, KeptResponse, KeyUsed, LostRace, WriteStore
from chalicelib.core.service import Claim, Head

NOW = 1_800_000_000


def head(id: str, version: int = 1, **changes: Any) -> Head:
    """A head of a made-up aggregate."""
    usual: dict[str, Any] = {
        "state": {
            "name": "Ada ✨",
            "n": 10**37,
            "nothing": None,
            "yes": True,
            "lines": [{"account": "A"}],
            "empty": {},
        },
        "events": [{"type": "Happened", "data": {"n": 1}}],
        "commit": str(uuid.uuid4()),
        "actor": "usr_1",
        "command": "test.do",
        "at": "2026-01-02T03:04:05.000Z",
    }
    return Head(id=id, version=version, **{**usual, **changes})


def commit_of(*heads: Head, **parts: Any) -> Commit:
    """A commit of those heads, all with the commit's id."""
    return Commit(id=heads[0].commit if heads else str(uuid.uuid4()), heads=heads, now=NOW, **parts)


def new(prefix: str = "agg") -> str:
    """An id that no other test uses."""
    return f"{prefix}_{uuid.uuid4().hex}"


class WriteStoreConformance:
    """What every write store does."""

    def test_round_trip(self, store: WriteStore) -> None:
        """What is committed is loaded again, to the last digit."""
        first = head(new())
        second = head(new(), correlation="abc-1", trace="Root=1-x;Parent=y;Sampled=1")
        for one in (first, second):
            store.commit(commit_of(one))
            assert store.load([one.id]) == {one.id: one}

    def test_absent(self, store: WriteStore) -> None:
        """What is not there is left out, one or many."""
        assert store.load([new()]) == {}
        assert store.load([new(), new()]) == {}

    def test_load_many(self, store: WriteStore) -> None:
        """A hundred heads in one call, repeated ids once."""
        heads = [head(new()) for _ in range(100)]
        for one in heads:
            store.commit(commit_of(one))
        ids = [one.id for one in heads]
        assert store.load([*ids, ids[0]]) == {one.id: one for one in heads}

    def test_tombstone(self, store: WriteStore) -> None:
        """A deleted head stays, marked."""
        first = head(new())
        store.commit(commit_of(first))
        store.commit(commit_of(head(first.id, 2, deleted=True)))
        assert store.load([first.id])[first.id].deleted

    @pytest.mark.parametrize("version", [1, 3])
    def test_conflict(self, store: WriteStore, version: int) -> None:
        """A version that does not follow the stored one is refused and changes nothing."""
        first = head(new())
        store.commit(commit_of(first))
        with pytest.raises(LostRace):
            store.commit(commit_of(head(first.id, version)))
        assert store.load([first.id]) == {first.id: first}

    def test_conflict_with_nothing(self, store: WriteStore) -> None:
        """A second version of what does not exist is refused."""
        id = new()
        with pytest.raises(LostRace):
            store.commit(commit_of(head(id, 2)))
        assert store.load([id]) == {}

    def test_own_write_again(self, store: WriteStore) -> None:
        """The same commit once more is a success that changes nothing, in one put and in a transaction."""
        alone, together = commit_of(head(new())), commit_of(head(new()), take=[(Claim("name", new()), "x")])
        for commit in (alone, alone, together, together):
            store.commit(commit)
        assert store.load([alone.heads[0].id])[alone.heads[0].id].version == 1

    def test_many_heads_or_none(self, store: WriteStore) -> None:
        """One stale head among several: none is written."""
        commit, stale = str(uuid.uuid4()), head(new())
        store.commit(commit_of(stale))
        fresh = [head(new(), commit=commit) for _ in range(3)]
        with pytest.raises(LostRace):
            store.commit(commit_of(*fresh, head(stale.id, 1, commit=commit)))
        assert store.load([one.id for one in fresh]) == {}
        store.commit(commit_of(*fresh, head(stale.id, 2, commit=commit)))
        assert len(store.load([one.id for one in fresh])) == 3

    def test_a_hundred_heads(self, store: WriteStore) -> None:
        """DynamoDB's limit of a transaction can be used up."""
        commit = str(uuid.uuid4())
        heads = [head(new(), commit=commit) for _ in range(100)]
        store.commit(commit_of(*heads))
        assert len(store.load([one.id for one in heads])) == 100

    def test_claim_is_exclusive(self, store: WriteStore) -> None:
        """A taken claim names its owner and stops the whole commit."""
        claim, first, second = Claim("name", new()), head(new()), head(new())
        store.commit(commit_of(first, take=[(claim, first.id)]))
        with pytest.raises(ClaimTaken) as taken:
            store.commit(commit_of(second, take=[(claim, second.id)]))
        assert (taken.value.claim, taken.value.owner) == (claim, first.id)
        assert store.load([second.id]) == {}

    def test_claim_is_freed(self, store: WriteStore) -> None:
        """A released claim can be taken by another; a claim of another is not released."""
        claim, first, second = Claim("name", new()), head(new()), head(new())
        store.commit(commit_of(first, take=[(claim, first.id)]))
        with pytest.raises(LostRace):
            store.commit(commit_of(second, release=[(claim, second.id)]))
        store.commit(commit_of(head(first.id, 2), release=[(claim, first.id)]))
        store.commit(commit_of(second, take=[(claim, second.id)]))
        assert store.load([second.id])

    def test_unchanged_must_still_hold(self, store: WriteStore) -> None:
        """A head that was only read and has moved on since stops the commit."""
        read, written = head(new()), head(new())
        store.commit(commit_of(read))
        store.commit(commit_of(head(read.id, 2)))
        with pytest.raises(LostRace):
            store.commit(commit_of(written, unchanged=[read]))
        assert store.load([written.id]) == {}

    def test_response_is_kept(self, store: WriteStore) -> None:
        """A response is kept with the change, found again, and stops a second use of its key."""
        kept = KeptResponse(f"claim#key#{new()}", "print", {"status": 201, "headers": {"ETag": '"1"'}}, NOW + 60)
        first, second = head(new()), head(new())
        store.commit(commit_of(first, response=kept))
        assert store.kept_response(kept.claim_id, NOW) == kept
        with pytest.raises(KeyUsed):
            store.commit(commit_of(second, response=kept))
        assert store.load([second.id]) == {}

    def test_response_expires(self, store: WriteStore) -> None:
        """An expired key counts as absent even while its item is still there."""
        kept = KeptResponse(f"claim#key#{new()}", "print", {"status": 201}, NOW)
        store.commit(commit_of(head(new()), response=kept))
        assert store.kept_response(kept.claim_id, NOW) is None
        again = kept._replace(expires_at=NOW + 60)
        store.commit(commit_of(head(new()), response=again))
        assert store.kept_response(kept.claim_id, NOW) == again

    def test_used_key_speaks_before_a_taken_claim(self, store: WriteStore) -> None:
        """The same request twice meets both its own claim and its own key: the key decides."""
        claim, kept = Claim("name", new()), KeptResponse(f"claim#key#{new()}", "print", {"status": 201}, NOW + 60)
        store.commit(commit_of(head(new()), take=[(claim, "x")], response=kept))
        with pytest.raises(KeyUsed):
            store.commit(commit_of(head(new()), take=[(claim, "y")], response=kept))

    def test_lost_race_speaks_before_a_taken_claim(self, store: WriteStore) -> None:
        """Whoever moved the head may have taken the very claim for it: load again, rather than blame the claim."""
        claim, one = Claim("name", new()), head(new())
        store.commit(commit_of(one))
        store.commit(commit_of(head(one.id, 2), take=[(claim, one.id)]))
        with pytest.raises(LostRace):
            store.commit(commit_of(head(one.id, 2), take=[(claim, one.id)]))

    def test_too_large(self, store: WriteStore) -> None:
        """An item over 400 KB is refused and nothing is written, in one put and in a transaction."""
        large = head(new(), state={"text": "x" * 410_000})
        with pytest.raises(ItemTooLarge):
            store.commit(commit_of(large))
        with pytest.raises(ItemTooLarge):
            store.commit(commit_of(large, take=[(Claim("name", new()), "x")]))
        assert store.load([large.id]) == {}

    def test_race(self, store: WriteStore) -> None:
        """Of many writers of the same next version exactly one succeeds, alone or in a transaction."""
        id = new()
        store.commit(commit_of(head(id)))
        alone = [commit_of(head(id, 2)) for _ in range(8)]
        assert sorted(race([lambda c=c: store.commit(c) for c in alone])) == [False] * 7 + [True]
        together = [commit_of(head(id, 3), take=[(Claim("name", new()), id)]) for _ in range(8)]
        assert sorted(race([lambda c=c: store.commit(c) for c in together])) == [False] * 7 + [True]


def race(attempts: list[Callable[[], None]]) -> list[bool]:
    """Run all at once; whether each succeeded rather than lost. Other errors are raised."""
    barrier, outcomes, errors = threading.Barrier(len(attempts)), [], []

    def run(attempt: Callable[[], None]) -> None:
        barrier.wait()
        try:
            attempt()
            outcomes.append(True)
        except LostRace:
            outcomes.append(False)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return outcomes
