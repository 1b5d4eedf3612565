"""What the tests of faults share: the projector's fixtures, and the short form's and the long one's numbers."""

from tests.projector.conftest import make_projector, projector

__all__ = ["make_projector", "projector"]
