"""MiniStack, the embedded AWS: DynamoDB, Streams and S3 on one port, with its state in a folder of the local stack."""

import http.client
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local import ROOT, LocalError
from local.child import Child
from local.ports import LOOPBACK, answers

# The services that the stack and `sam local` use. Every program on this machine can use them without a key, so there
# are no others.
SERVICES: Final = ("dynamodb", "dynamodbstreams", "s3", "sts")
ALL_SERVICES: Final = ()
# Between us and local/ministack_process.py.
SAVE_PATH: Final = "/_tributary/save"
UNREADABLE, UNSAVED = 65, 73  # exit codes: the state could not be read at the start; could not be written at the end
_SAVE_SECONDS = 600  # a year of data takes some 20


class MiniStack:
    """One emulator.

    Args:
        folder: the folder of its state and its log.
        port: the port on 127.0.0.1.
        keep: whether tables and items are kept for the next start. Streams never are.
        services: the AWS services that it offers; `ALL_SERVICES` for tests of the deployment.
    """

    def __init__(self, folder: Path, port: int, keep: bool = True, services: tuple[str, ...] = SERVICES) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._keep = keep
        self._served = False
        env = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,
            "SERVICES": ",".join(services),
            "STATE_DIR": str(self.state),
            "PERSIST_STATE": str(int(keep)),
            "S3_PERSIST": str(int(keep)),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "DOCKER_HOST": "unix:///nonexistent",  # it must not start containers of its own
            "IOT_MTLS_ENABLED": "0",  # nor listen on other ports, which nothing guards
            "SFTP_ENABLED": "0",
            "TMPDIR": str(self.folder),
            "LOG_LEVEL": "WARNING",
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(python()), "-m", "local.ministack_process"]
        self.child = Child("MiniStack", command, self.folder / "ministack.log", env)

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def state(self) -> Path:
        """The folder of its state's files."""
        return self.folder / "state"

    def start(self) -> None:
        """Start MiniStack and wait until it serves requests.

        Raises:
            LocalError: it is not installed, its state cannot be read, or it does not start.
        """
        self._served = False
        self.child.start()
        try:
            self.child.await_ready(lambda: answers(self.port))
            self._served = True
        except LocalError as error:
            if self.child.exit_code != UNREADABLE:
                raise
            raise LocalError(
                f"The tables' data in {self.state} cannot be read: {self.child.last_line()}. Nothing was changed."
                " Restore a copy of that folder, or delete all data of the local stack: make reset"
            ) from error

    def save(self) -> str:
        """Write the state to disk without stopping. Returns the reason if that fails; "" for success."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_SAVE_SECONDS)
        try:
            connection.request("POST", SAVE_PATH)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            return "" if answer.status == 200 else text or f"it answers {answer.status}"
        except (OSError, http.client.HTTPException) as error:
            return f"it does not answer ({error})"
        finally:
            connection.close()

    def stop(self, say: Callable[[str], None] = print, patience: float = 60) -> None:
        """Write the state to disk, then stop. If MiniStack were killed, recent writes would be lost.

        Args:
            say: called with a message if the state cannot be written.
            patience: seconds to wait then, so that the user can free disk space.

        Raises:
            LocalError: the writes since the last clean stop are lost.
        """
        saved = not self._keep or not self._served or self._save_patiently(patience, say)
        self.child.stop(seconds=_SAVE_SECONDS)
        if not saved and self.child.exit_code != 0:
            raise LocalError(
                "LOST: all writes to the tables since the last clean stop. The read model may still show them. The"
                f" next `make run` says what to do. {self.child.log} may say more."
            )

    def _save_patiently(self, patience: float, say: Callable[[str], None]) -> bool:
        """Save. If that fails, say so and try again for a while. Returns whether it succeeded."""
        deadline = time.monotonic() + patience
        fault = self.save()
        if fault and self.child.running:
            say(f"The tables' data cannot be written to {self.state}: {fault}")
            say(f"Nothing is lost yet. Free disk space within {patience:.0f} s. Saving is tried again every second.")
        while fault and self.child.running and time.monotonic() < deadline:
            time.sleep(1)
            fault = self.save()
        return not fault


def python() -> Path:
    """The Python of MiniStack's own virtual environment. MiniStack pins another botocore than this project.

    Raises:
        LocalError: it is not there.
    """
    path = Path(os.environ.get("MINISTACK_PYTHON", ROOT / ".venv-ministack" / "bin" / "python"))
    if not path.exists():
        raise LocalError(f"MiniStack is not installed: there is no {path}. Run `make setup`.")
    return path
