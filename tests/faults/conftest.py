"""What the tests of faults share: the projector's fixtures, and a write model with its read model."""

from tests.ops.conftest import world
from tests.projector.conftest import make_projector, projector

__all__ = ["make_projector", "projector", "world"]
