"""The embedded stack that `make run` and the tests use: AWS by MiniStack, MySQL by a private mariadbd.

Nothing in here ships. `python -m local` says what there is.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent


class LocalError(Exception):
    """Something that the person at the keyboard must change; the message says what."""
