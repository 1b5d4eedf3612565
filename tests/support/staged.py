"""The API as API Gateway serves it behind a stage: /prod stands before every path, and nothing else is there.

A process of its own, like local/server.py: `python -m tests.support.staged`.
"""

from typing import Any

from chalicelib.core.errors import Forbidden
from local import server
from local.gateway import Gateway, GatewayResponse, problem_answer

STAGE = "/prod"


class StagedGateway(Gateway):
    """Takes the stage off the path, and tells it to the function, as API Gateway does."""

    def answer(self, method: str, target: str, headers: dict[str, list[str]], body: bytes) -> GatewayResponse:
        """The response to a request; one without the stage is refused."""
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
    server.Gateway = StagedGateway  # type: ignore[misc]  # in this process alone
    server.main()
