"""The names by which an API presents itself to its clients. The composition root sets them."""

from typing import Any

import msgspec

from chalicelib.core.errors import Problem


class ApiInfo(msgspec.Struct, frozen=True):
    """The names that belong to the application, not to the engine.

    Attributes:
        title: the title of the OpenAPI document and of /docs.
        version: the version of the HTTP contract, in the OpenAPI document.
        license: the licence of the contract, by its SPDX identifier: "MIT".
        problem_types: the beginning of every problem's `type`, a URI: "urn:tributary:problem:". The code follows.
        request_ids: the beginning of a problem's `instance`, a URI: "urn:tributary:request:". The correlation id
            follows.
    """

    title: str
    version: str
    license: str
    problem_types: str
    request_ids: str

    def problem(self, problem: Problem, correlation_id: str = "") -> dict[str, Any]:
        """The body of a problem (RFC 9457, section 3). Without a correlation id it has no `instance`."""
        instance = f"{self.request_ids}{correlation_id}" if correlation_id else None
        return problem.as_json(f"{self.problem_types}{problem.code}", instance)
