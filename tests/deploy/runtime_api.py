"""Lambda's Runtime API with a call's trace, which its emulator lacks.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.deploy.lambdas import tool
from tests.support.waiting import PATIENT_SECONDS


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Return the next call. The runtime waits here for it."""
        event, trace = self.server.calls.get()
        body = json.dumps(event).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
        self.send_header("Lambda-Runtime-Deadline-Ms", str(round(time.time() * 1000) + 60_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:000000000000:function:x")
        self.send_header("Lambda-Runtime-Trace-Id", trace)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Accept the result of a call: .../response, or an error."""
        self.server.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null"))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # the runtime waits for a call that does not come

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: queue.Queue[tuple[Any, str]] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()


class TracedFunction:
    """A function under AWS's own Python runtime, which gets a trace with each call.

    Args:
        package: the folder with its code.
        handler: such as "app.app".
        env: its whole environment.
        log: the file to which it writes its log.
    """

    def __init__(self, package: Path, handler: str, env: Mapping[str, str], log: Path) -> None:
        python = tool("python", ".venv-lambda")
        assert python, "the fixture `lambda_tools` comes first"
        self._server = _Server()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._process = subprocess.Popen(
            [python, "-B", "-m", "awslambdaric", handler],
            cwd=package,
            env={
                "PATH": os.environ["PATH"],
                "LAMBDA_TASK_ROOT": str(package),
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": package.name,
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
                "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",  # as Lambda has it
                **env,
            },
            stdin=subprocess.DEVNULL,
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
        )

    def __call__(self, event: Mapping[str, Any], trace: str) -> Any:
        """Return the function's result for an event, called in that trace."""
        self._server.calls.put((event, trace))
        return self._server.answers.get(timeout=PATIENT_SECONDS)

    def stop(self) -> None:
        """Stop the function."""
        self._process.kill()
        self._process.wait()
        self._server.shutdown()
        self._server.server_close()
