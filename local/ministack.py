"""MiniStack, the embedded AWS: DynamoDB, Streams and S3 on one port, kept in a folder of ours."""

import os
from pathlib import Path

from local import ROOT, LocalError
from local.child import Child
from local.ports import LOOPBACK, answers

VERSION = "1.5.33"
# hypercorn's queue of 100 waiting connections overflows when some hundreds of clients start at once.
_START = "from hypercorn.config import Config; Config.backlog = 4096; from ministack.app import main; main()"


class MiniStack:
    """One emulator.

    Args:
        folder: holds its state and its log.
        port: on 127.0.0.1.
        keep: whether tables and items are still there at the next start. Streams never are.
    """

    def __init__(self, folder: Path, port: int, keep: bool = True) -> None:
        folder = folder.absolute()
        self.port = port
        env = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,
            "STATE_DIR": str(folder / "state"),
            "PERSIST_STATE": str(int(keep)),
            "S3_PERSIST": str(int(keep)),
            "S3_DATA_DIR": str(folder / "s3"),
            "DOCKER_HOST": "unix:///nonexistent",  # it must not start containers of its own
            "TMPDIR": str(folder),  # its PID file
            "LOG_LEVEL": "WARNING",
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.child = Child("MiniStack", [str(python()), "-c", _START], folder / "ministack.log", env)

    @property
    def endpoint(self) -> str:
        """Its URL, for AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            LocalError: it is not installed, or does not start.
        """
        self.child.start()
        self.child.await_ready(lambda: answers(self.port))

    def stop(self) -> None:
        """Stop it by SIGTERM, upon which it writes its state: killed, it would lose what is new."""
        self.child.stop(seconds=60)


def python() -> Path:
    """The Python of MiniStack's own venv, apart from ours since it pins botocore.

    Raises:
        LocalError: it is not there.
    """
    path = Path(os.environ.get("MINISTACK_PYTHON", ROOT / ".venv-ministack" / "bin" / "python"))
    if not path.exists():
        raise LocalError(f"MiniStack is not installed: there is no {path}. Run `make setup`.")
    return path
