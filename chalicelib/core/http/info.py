"""How an API names itself to its clients; the composition root says it."""

from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Problem


@dataclass(frozen=True)
class ApiInfo:
    """The names that are the application's own.

    Attributes:
        title: of the OpenAPI document and of /docs.
        version: of the HTTP contract, in the OpenAPI document.
        license: under which the contract is published, by its SPDX identifier: "MIT".
        problem_types: what the type of every problem begins with, a URI; the code follows: "urn:tributary:problem:".
        request_ids: what a problem's `instance` begins with, a URI; the correlation id follows:
            "urn:tributary:request:".
    """

    title: str
    version: str
    license: str
    problem_types: str
    request_ids: str

    def problem(self, problem: Problem, correlation_id: str = "") -> dict[str, Any]:
        """The body of a problem (RFC 9457, section 3); without an `instance` where there is no correlation id."""
        instance = f"{self.request_ids}{correlation_id}" if correlation_id else None
        return problem.as_json(f"{self.problem_types}{problem.code}", instance)
