"""The store in memory does what every write store does."""

import pytest

from tests.core.contract.write_store import WriteStoreConformance
from tests.core.memory_store import MemoryStore


class TestMemory(WriteStoreConformance):
    """The conformance suite, as the real one passes it."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        """An empty store."""
        return MemoryStore()
