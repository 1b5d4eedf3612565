"""The API as API Gateway serves it with a stage: /prod is before every path, and no other path exists.

A process of its own, like local/server.py: `python -m tests.support.staged`.
"""

from typing import Any

from chalicelib.core.errors import Forbidden
from local import server
from local.gateway import Gateway, GatewayResponse, problem_answer

STAGE = "/prod"


class StagedGateway(Gateway):
    """A gateway that removes the stage from the path and passes it to the function, as API Gateway does."""

    def answer(self, method: str, target: str, headers: dict[str, list[str]], body: bytes) -> GatewayResponse:
        """Return the response to a request. A request without the stage is refused."""
        if target != STAGE and not target.startswith(f"{STAGE}/"):
            return problem_answer(Forbidden("There is no such stage."))
        return super().answer(method, target.removeprefix(STAGE) or "/", headers, body)

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, list[str]], body: bytes | None
    ) -> dict[str, Any]:
        event = super()._generate_lambda_event(method, path, headers, body)
        event["requestContext"]["path"] = STAGE + event["path"]
        return event


if __name__ == "__main__":
    server.Gateway = StagedGateway  # type: ignore[misc]  # only in this process
    server.main()
