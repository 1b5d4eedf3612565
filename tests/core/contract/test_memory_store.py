"""The store in memory passes the conformance suite."""

import pytest

from tests.core.contract.write_store import WriteStoreConformance
from tests.core.memory_store import MemoryStore


class TestMemory(WriteStoreConformance):
    """The conformance suite that the real store passes."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        """Return an empty store."""
        return MemoryStore()
