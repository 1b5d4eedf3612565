"""API Gateway's work on a request before and after the function, based on that of `chalice local`.

It differs from Chalice's in three points: path parameters arrive decoded, the body arrives as text, and the gateway's
own refusals are problem+json, like the gateway responses of the deployed API.
"""

import gzip
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from chalice.app import AuthRequest, AuthResponse, Chalice, ChaliceAuthorizer
from chalice.local import (
    ForbiddenError,
    InvalidAuthorizerError,
    LambdaContext,
    LocalChalice,
    LocalGateway,
    LocalGatewayAuthorizer,
    NotAuthorizedError,
)

from chalicelib.core.composition_root import composition_root
from chalicelib.core.errors import Forbidden, Internal, MethodNotAllowed, NotFound, Problem, Unauthenticated

TIMEOUT_MS = 29_000  # API Gateway's own limit
COMPRESSED_FROM = 1024  # bytes; MinimumCompressionSize in template.yaml
_AUTHORIZER_SECONDS = 300  # API Gateway's default
_MOST_TOKENS = 1000


class GatewayResponse(NamedTuple):
    """A response, before it is bytes.

    Attributes:
        headers: names and values in order. A name may come several times.
        route: the app's route, such as "/accounts/{id}"; "-" if the request reached none.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    route: str = "-"


class Gateway(LocalGateway):
    """Routes and authorizes requests, and calls the app. Any number of threads may use it at once."""

    def __init__(self, app: Chalice) -> None:
        # Chalice keeps the current request on the app. LocalChalice keeps one for each thread.
        app.__class__ = type("ThreadedChalice", (LocalChalice, app.__class__), {})
        self._app_object = app
        self._authorizer = LocalGatewayAuthorizer(app)
        self._patterns = [(route, route.split("/")) for route in sorted(app.routes)]
        _keep_answers(app)

    def answer(self, method: str, target: str, headers: dict[str, list[str]], body: bytes) -> GatewayResponse:
        """The response to a request.

        Args:
            method: the method as sent.
            target: path and query as sent, percent-encoded.
            headers: all values by lower-case name.
            body: b"" if there is none.
        """
        return self._handled(method, target, headers, body)._replace(route=self._route_or_none(target))

    def _handled(self, method: str, target: str, headers: dict[str, list[str]], body: bytes) -> GatewayResponse:
        try:
            return _answer(self.handle_request(method, target, headers, body))
        except Problem as problem:
            return problem_answer(problem)
        except NotAuthorizedError:
            return problem_answer(Unauthenticated("No token came; send 'Authorization: Bearer <JWT>'."))
        except ForbiddenError:
            return problem_answer(Forbidden("This token does not allow this; send one that does."))
        except InvalidAuthorizerError:
            return problem_answer(Internal("The authorizer returned nothing."))
        except Exception as error:
            # API Gateway answers 401 to an authorizer's exception of exactly this message.
            if str(error) == "Unauthorized":
                return problem_answer(Unauthenticated("The token is expired, forged, or issued for another API."))
            raise

    def _generate_lambda_context(self) -> LambdaContext:
        return LambdaContext(function_name="api", memory_size=1024, max_runtime_ms=TIMEOUT_MS)

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, list[str]], body: bytes | None
    ) -> dict[str, Any]:
        """The event of a REST API's proxy integration, format 1.0.

        Raises:
            NotFound, MethodNotAllowed: there is no such route.
        """
        path, _, query = path.partition("?")
        route, parameters = self._route(path)
        # No route defines OPTIONS. The gateway answers it (CORS).
        if method != "OPTIONS" and method not in self._app_object.routes[route]:
            allowed = ", ".join(sorted(self._app_object.routes[route]))
            raise MethodNotAllowed(f"{method} is not for {route}; it takes {allowed}.", headers={"Allow": allowed})
        return {
            "resource": route,
            "path": path,
            "httpMethod": method,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route,
                "path": path,
                "stage": "local",
                "identity": {"sourceIp": "127.0.0.1"},
            },
            # If a header comes several times, `headers` holds the last value and `multiValueHeaders` all of them.
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
            "pathParameters": parameters,
            "stageVariables": None,
            # Text that is not UTF-8 is damaged here, as it is by API Gateway.
            "body": body.decode("utf-8", "replace") if body else None,
            "isBase64Encoded": False,
        }

    def _route_or_none(self, target: str) -> str:
        try:
            return self._route(target.partition("?")[0])[0]
        except NotFound:
            return "-"

    def _route(self, path: str) -> tuple[str, dict[str, str]]:
        """The route of a path, and the decoded path parameters. Literal parts take precedence over parameters."""
        parts = path.split("/")
        if len(parts) > 2 and not parts[-1]:
            parts.pop()  # API Gateway ignores a slash at the end
        for route, pattern in self._patterns:
            if (parameters := _match(pattern, parts)) is not None:
                return route, parameters
        raise NotFound(f"There is nothing at {path[:200]}; /openapi.json lists what there is.")


def _keep_answers(app: Chalice) -> None:
    """Keep the answers of the app's authorizers, each for its `ttl_seconds`."""
    authorizers = {entry.authorizer for methods in app.routes.values() for entry in methods.values()}
    for authorizer in authorizers:
        if isinstance(authorizer, ChaliceAuthorizer):
            seconds = authorizer.config.ttl_seconds
            authorizer.func = KeptAnswers(authorizer.func, _AUTHORIZER_SECONDS if seconds is None else seconds)


class KeptAnswers:
    """An authorizer's function. Its answer to a token is kept for some seconds, as API Gateway keeps it.

    Args:
        ask: the function. Refusals, which it raises, are not kept.
        seconds: for how long.
        now: returns seconds.
    """

    def __init__(
        self, ask: Callable[[AuthRequest], Any], seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._now = now
        self._kept: dict[str, tuple[float, AuthResponse]] = {}

    def __call__(self, request: AuthRequest) -> Any:
        """The answer, new or kept."""
        until, answer = self._kept.get(request.token, (0.0, None))
        if answer is None or until <= self._now():
            answer = self._ask(request)
            if not isinstance(answer, AuthResponse):
                return answer
            if len(self._kept) >= _MOST_TOKENS:
                self._kept.clear()
            self._kept[request.token] = (self._now() + self._seconds, answer)
        return AuthResponse(answer.routes, answer.principal_id, {**answer.context})  # the gateway adds to the context


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    """The path parameters, if a route matches the parts of a path; else None."""
    if len(pattern) != len(parts):
        return None
    parameters = {}
    for expected, given in zip(pattern, parts, strict=True):
        if expected.startswith("{") and given:
            parameters[expected[1:-1]] = unquote(given)
        elif expected != given:
            return None
    return parameters


def _answer(response: Mapping[str, Any]) -> GatewayResponse:
    """The function's response as a GatewayResponse."""
    headers = [(name, str(value)) for name, value in response["headers"].items()]
    for name, values in (response.get("multiValueHeaders") or {}).items():
        headers += [(name, str(value)) for value in values]
    body = response["body"] or b""
    return GatewayResponse(response["statusCode"], headers, body if isinstance(body, bytes) else body.encode())


def compressed(answer: GatewayResponse, headers: Mapping[str, list[str]]) -> GatewayResponse:
    """The answer as API Gateway sends it to a client that takes gzip."""
    taken = {
        coding.partition(";")[0].strip() for value in headers.get("accept-encoding", []) for coding in value.split(",")
    }
    if "gzip" not in taken or len(answer.body) < COMPRESSED_FROM:
        return answer
    return answer._replace(
        headers=[*answer.headers, ("Content-Encoding", "gzip")], body=gzip.compress(answer.body, 6, mtime=0)
    )


def problem_answer(problem: Problem) -> GatewayResponse:
    """A problem (RFC 9457) as a GatewayResponse."""
    import msgspec

    headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), *problem.headers.items()]
    return GatewayResponse(problem.status, headers, msgspec.json.encode(composition_root().INFO.problem(problem)))
