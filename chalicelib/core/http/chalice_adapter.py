"""The only module of the core that imports Chalice: it registers routes and turns errors into problems.

Chalice turns an error raised in a view into a bare 500 before any middleware sees it, and a Decimal into a float. So
one function, `_view`, calls the endpoint and translates every error.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from chalice.app import AuthRequest, AuthResponse, Blueprint, CORSConfig, Response

from chalicelib.core.access.authentication import BadToken, verify_token
from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.errors import (
    Internal,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
)
from chalicelib.core.fields import NoBody
from chalicelib.core.http.endpoint import (
    Call,
    CommandEndpoint,
    NoParameters,
    OperatorEndpoint,
    PublicEndpoint,
    QueryEndpoint,
)
from chalicelib.core.http.hints import Display
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.request import Reply, Request, correlation_id_of, headers_of, request_of
from chalicelib.core.ids import ulid
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from chalicelib.core.telemetry import log, tracing

AnyEndpoint = CommandEndpoint | QueryEndpoint | OperatorEndpoint | PublicEndpoint
A = TypeVar("A", bound=msgspec.Struct)
B = TypeVar("B")
Plan = Callable[[Call[B]], Envelope]
Run = Callable[[Call[B], QueryCursor], A | Page[A] | None]
OperatorRun = Callable[[Call[B]], A | Page[A]]
PublicRun = Callable[[Request, Settings], Reply]
_CHALICE_PROBLEMS: Mapping[int, type[Problem]] = {
    400: Malformed,
    404: NotFound,
    405: MethodNotAllowed,
    415: UnsupportedMediaType,
}


# Headers of a page's request that a browser lets through, and of our answers that it shows to the page.
_CORS_SECONDS = 3600
_CORS_REQUEST = ["Consistency-Token", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Correlation-Id"]
_CORS_ANSWER = ["Consistency-Token", "ETag", "Idempotent-Replayed", "Location", "Retry-After", "X-Correlation-Id"]


class Api:
    """The routes of one service.

    Args:
        service: its name; commands write to its table.
        paths: the type of each path parameter: {"id": TransferId}.
    """

    def __init__(self, service: str, **paths: Any) -> None:
        self.service = service
        self.paths = paths
        self.endpoints: list[AnyEndpoint] = []

    def command(
        self,
        method: str,
        path: str,
        name: str,
        *,
        answer: type[msgspec.Struct],
        body: type[B] = NoBody,  # type: ignore[assignment]  # a route without one takes a Call[None]
        location: str = "",
        several: bool = False,
    ) -> Callable[[Plan[B]], Plan[B]]:
        """Decorate the function that plans a command: Call -> Envelope. For the arguments see `CommandEndpoint`."""

        def register(plan: Plan[B]) -> Plan[B]:
            self.endpoints.append(
                CommandEndpoint(
                    method, path, name, _summary(plan), self.paths, answer, self.service, body, plan, location, several
                )
            )
            return plan

        return register

    def query(
        self,
        path: str,
        name: str,
        *,
        answer: type[A],
        parameters: type[B] = NoParameters,  # type: ignore[assignment]  # a route without any takes a Call[None]
        is_list: bool = False,
        display: Display | None = None,
    ) -> Callable[[Run[B, A]], Run[B, A]]:
        """Decorate the function that runs a query: (Call, cursor) -> answer, or a Page of answers if `is_list`.

        `display` says how the console shows the answer. Without it, the console shows the plain members.
        """

        def register(run: Run[B, A]) -> Run[B, A]:
            self.endpoints.append(
                QueryEndpoint("GET", path, name, _summary(run), self.paths, answer, parameters, run, is_list, display)
            )
            return run

        return register

    def operation(
        self,
        method: str,
        path: str,
        name: str,
        *,
        answer: type[A],
        asked: type[B] = NoBody,  # type: ignore[assignment]  # a route that asks for nothing takes a Call[None]
        is_list: bool = False,
    ) -> Callable[[OperatorRun[B, A]], OperatorRun[B, A]]:
        """Decorate the function of a route for operators: Call -> answer. For the arguments see `OperatorEndpoint`."""

        def register(run: OperatorRun[B, A]) -> OperatorRun[B, A]:
            self.endpoints.append(
                OperatorEndpoint(method, path, name, _summary(run), self.paths, answer, asked, run, is_list)
            )
            return run

        return register

    def public(self, path: str) -> Callable[[PublicRun], PublicRun]:
        """Decorate the function of a GET route that needs no token: (Request, Settings) -> Reply."""

        def register(run: PublicRun) -> PublicRun:
            self.endpoints.append(PublicEndpoint("GET", path, "", _summary(run), self.paths, run=run))
            return run

        return register

    def blueprint(self, runtime: Callable[[], Runtime], authorizer: Any, info: ApiInfo) -> Blueprint:
        """The routes as a Chalice blueprint. All but the public ones are behind the authorizer."""
        blueprint = Blueprint(f"chalicelib.{self.service}.api")
        cors = _cors(os.environ.get("CORS_ORIGIN", ""))
        for endpoint in self.endpoints:
            blueprint.route(
                endpoint.path,
                methods=[endpoint.method],
                authorizer=authorizer if endpoint.name else None,
                content_types=["*/*"],  # judged in core/http/request.py, which says what to send instead
                name=endpoint.name or endpoint.path,
                cors=cors,
            )(_view(blueprint, endpoint, runtime, info))
        return blueprint


def _cors(origin: str) -> CORSConfig | None:
    """The CORS configuration of the routes, from CORS_ORIGIN: one origin, "*" for any, or "" for none."""
    if not origin:
        return None
    return CORSConfig(
        allow_origin=origin, allow_headers=_CORS_REQUEST, expose_headers=_CORS_ANSWER, max_age=_CORS_SECONDS
    )


def _summary(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


def _view(
    blueprint: Blueprint, endpoint: AnyEndpoint, runtime: Callable[[], Runtime], info: ApiInfo
) -> Callable[..., Response]:
    """The function that Chalice calls. It turns every outcome, errors included, into a response."""

    def view(**_: str) -> Response:
        event = blueprint.current_request.to_original_event()
        headers = headers_of(event)
        correlation_id = correlation_id_of(headers)
        with log.about(correlation_id=correlation_id):
            reply = _reply(endpoint, lambda: request_of(event, headers, correlation_id), correlation_id, runtime, info)
        return _response(reply, correlation_id)

    return view


def _reply(
    endpoint: AnyEndpoint,
    read: Callable[[], Request],
    correlation_id: str,
    runtime: Callable[[], Runtime],
    info: ApiInfo,
) -> Reply:
    """The endpoint's reply, or the problem for the error that it raised."""
    try:
        request, made = read(), runtime()
        with tracing.segment("tributary-api", request.headers.get("x-amzn-trace-id", "")):
            return _traced(endpoint, request, made, info)
    except Problem as problem:
        return problem_reply(info, problem, correlation_id)
    except Exception:
        log.exception("unexpected error", route=endpoint.path)
        return problem_reply(info, unexpected(correlation_id), correlation_id)


def _traced(endpoint: AnyEndpoint, request: Request, runtime: Runtime, info: ApiInfo) -> Reply:
    with tracing.subsegment(endpoint.name or endpoint.path, correlation=request.correlation_id):
        try:
            reply = endpoint.respond(runtime, request)
        except Problem as problem:
            reply = problem_reply(info, problem, request.correlation_id)
        tracing.answered(reply.status)
        return reply


def unexpected(correlation_id: str) -> Internal:
    """The problem for an unexpected error. It shows an id to look up in the log, and nothing else."""
    return Internal(f"The log has the details under {correlation_id}. Please report this id.")


def problem_reply(info: ApiInfo, problem: Problem, correlation_id: str) -> Reply:
    """A problem as a reply (RFC 9457)."""
    body = msgspec.json.encode(info.problem(problem, correlation_id)).decode()
    return Reply(problem.status, body, {"Content-Type": "application/problem+json", **problem.headers})


def _response(reply: Reply, correlation_id: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Correlation-Id": correlation_id,
        **reply.headers,
    }
    return Response(reply.body, headers=headers, status_code=reply.status)


class Unauthorized(Exception):
    """The token was refused. API Gateway answers 401 to exactly this message, and 500 to any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def authorized(request: AuthRequest, runtime: Runtime) -> AuthResponse:
    """The authorizer's answer to a JWT. It passes the token's subject and role to the functions.

    Raises:
        Unauthorized: the token is not accepted. The log says why.
    """
    try:
        principal = verify_token(request.token, runtime.settings, runtime.permissions.roles)
    except BadToken as error:
        log.info("token refused", reason=str(error))
        raise Unauthorized from error
    return AuthResponse(
        routes=["*"],  # cached for every route; permissions are checked later
        principal_id=principal.subject,
        context={"subject": principal.subject, "role": principal.role},
    )


def problems_everywhere(info: ApiInfo) -> Callable[[Any, Callable[[Any], Response]], Response]:
    """Chalice middleware that turns Chalice's own refusals (405, an unknown route) into problems."""

    def middleware(request: Any, get_response: Callable[[Any], Response]) -> Response:
        response = get_response(request)
        refused = response.status_code >= 400 and isinstance(response.body, dict) and "Code" in response.body
        return _refused_by_chalice(info, response) if refused else response

    return middleware


def _refused_by_chalice(info: ApiInfo, response: Response) -> Response:
    kind = _CHALICE_PROBLEMS.get(response.status_code)
    correlation_id = ulid()
    if kind is None:
        log.warning("refused by Chalice", correlation_id=correlation_id, answer=response.body)
    message = str(response.body.get("Message", ""))
    allow = {name: str(value) for name, value in response.headers.items() if name == "Allow"}
    problem = kind(f"{message}.", headers=allow) if kind else unexpected(correlation_id)
    return _response(problem_reply(info, problem, correlation_id), correlation_id)
