"""The steps of a route, in sequence. Independent of Chalice.

command: principal -> role -> body -> envelope -> pipeline (core/commands/pipeline.py) -> reply
query:   principal -> role -> parameters -> snapshot that has seen the token -> query -> reply
operate: principal -> role -> parameters or body -> what operators do -> reply
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode

import msgspec

from chalicelib.core.access.authentication import Principal, principal_of
from chalicelib.core.access.permissions import Access, require_own
from chalicelib.core.commands import pipeline
from chalicelib.core.commands.idempotency import CommandResponse, IdempotencyKey
from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.commands.store import StoreUnreachable, Throttled
from chalicelib.core.decider import Command, State
from chalicelib.core.errors import Fault, Malformed, NotFound
from chalicelib.core.faults import faults_of
from chalicelib.core.http.header_syntax import BadHeader, preferences
from chalicelib.core.http.hints import Display
from chalicelib.core.http.json_text import decode_json
from chalicelib.core.http.parameters import check_query
from chalicelib.core.http.preconditions import Conditions, body_tag, conditions, version_tag
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.http.validation import check_body
from chalicelib.core.http.visibility import without
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import NewerSchema, Undeclared
from chalicelib.core.settings import Settings
from chalicelib.core.telemetry import log, tracing

B = TypeVar("B")
T = TypeVar("T")
S = TypeVar("S", bound=State)

_Owner = str | Callable[[State], str | None] | None

DEFAULT_WAIT_SECONDS = 2.0
MAX_WAIT_SECONDS = 10.0
_SECONDS = re.compile(r"[0-9]{1,18}")


class NoParameters(msgspec.Struct, frozen=True):
    """The parameters of a route that takes none."""


class Call(msgspec.Struct, Generic[B], frozen=True):
    """A request that was parsed and permitted.

    Attributes:
        name: the name of the command or query, such as "transfers.request".
        body: the checked body of a command, or the checked parameters of a query.
        access: whether the caller may see everything or only its own.
    """

    name: str
    request: Request
    runtime: Runtime
    principal: Principal
    access: Access
    body: B

    @property
    def at(self) -> str:
        """The time of arrival, ISO 8601 UTC with milliseconds."""
        return self.request.at

    @property
    def own(self) -> str | None:
        """The only owner whose aggregates the caller may see; None means all."""
        return self.principal.subject if self.access is Access.OWN else None

    def __getitem__(self, name: str) -> str:
        """A path parameter."""
        return self.request.path_parameters[name]

    def require_own(self, owner: str | None) -> None:
        """Raise NotFound if the caller may see only its own aggregates and this is not one of them."""
        require_own(self.access, self.principal.subject, owner)

    def found(self, answer: T | None, what: str) -> T:
        """The answer of a query for a single item.

        Raises:
            NotFound: there is no such item. For a caller that sees only its own, the error is that of a foreign one.
        """
        if answer is not None:
            return answer
        self.require_own(None)
        raise NotFound(f"The read model has no such {what}. If it was created just now, send its Consistency-Token.")

    def require(self, privilege: str) -> None:
        """Raise Forbidden unless the table of permissions gives the caller's role this privilege."""
        self.runtime.permissions.access(privilege, self.principal)

    def sees_whole(self, query: str) -> bool:
        """Whether the caller may see the query's answers about everybody, with all their members."""
        permissions = self.runtime.permissions
        allowed = permissions.table.get(query, {}).get(self.principal.role)
        return allowed is Access.ALL and not permissions.unseen(query, self.principal)

    def envelope(
        self,
        command: Command,
        ids: tuple[str, ...],
        *,
        new_ids: bool = False,
        owner: str | Callable[[S], str | None] | None = None,
        in_body: Mapping[str, str] = MappingProxyType({}),
    ) -> Envelope:
        """An envelope for the pipeline: the command with the request's preconditions and idempotency key.

        Args:
            command: the argument of the service's `decide`.
            ids: the aggregates that it needs. The answer shows the first.
            new_ids: see `Envelope`.
            owner: see `Envelope`.
            in_body: see `Envelope`.

        Raises:
            Malformed: a precondition or the Idempotency-Key cannot be read.
        """
        conditional = conditions(self.request.headers)
        return Envelope(
            name=self.name,
            command=command,
            ids=ids,
            actor=self.principal.subject,
            at=self.at,
            new_ids=new_ids,
            access=self.access,
            owner=cast(_Owner, owner),  # the function is given states of the first aggregate alone
            precondition=conditional.check if conditional else None,
            in_body=in_body,
            key=self._key(),
            correlation=self.request.correlation_id,
            trace=tracing.header(),
        )

    def _key(self) -> IdempotencyKey | None:
        header = self.request.headers.get("idempotency-key")
        if header is None:
            return None
        # The role is included: a caller that has lost a role must not get an answer stored under it.
        request = self.request
        addressed = [request.method, request.route, dict(request.path_parameters), self.principal.role]
        return IdempotencyKey.of(header, self.principal.subject, msgspec.json.encode(addressed) + request.body)


class Endpoint(msgspec.Struct, frozen=True):
    """A route as data: what commands and queries have in common.

    Attributes:
        method, path: such as "POST", "/transfers/{id}/cancel".
        name: its name in the table of permissions; "" for a public route.
        summary: the first line of its function's docstring.
        path_types: the type of each path parameter. A value that does not fit its type is answered 404.
    """

    method: str
    path: str
    name: str
    summary: str
    path_types: Mapping[str, Any]

    def _permitted(self, runtime: Runtime, request: Request) -> tuple[Principal, Access]:
        principal = principal_of(request.authorizer, runtime.permissions.roles)
        granted = runtime.permissions.access(self.name, principal)
        for name, value in request.path_parameters.items():
            if faults := faults_of(value, self.path_types[name]):
                detail = f"Nothing can be there: {name} {faults[0].detail}."
                raise NotFound(detail, faults=[Fault(faults[0].detail, parameter=name)])
        return principal, granted


class CommandEndpoint(Endpoint, frozen=True):
    """A route that runs a command of one service.

    Attributes:
        answer: the Struct that it answers with.
        service: the service whose table it writes to.
        body: the type of the request's body.
        plan: call -> the envelope that the pipeline runs.
        location: the path of the resource that it creates: "/transfers/{id}"; "" for a route that creates nothing.
        several: whether it may need several aggregates at once.
    """

    answer: type[msgspec.Struct]
    service: str
    body: type[Any]
    plan: Callable[[Call[Any]], Envelope]
    location: str = ""
    several: bool = False

    def respond(self, runtime: Runtime, request: Request) -> Reply:
        """Run the command and answer."""
        principal, granted = self._permitted(runtime, request)
        check_query(request.query, NoParameters)
        body = _checked_body(request, self.body)
        envelope = self._plan(Call(self.name, request, runtime, principal, granted, body))
        if len(envelope.ids) > 1 and not self.several:
            raise Undeclared(f"{self.name} needs several aggregates: write several=True into its @api.command(...)")
        with log.counting("command", {"Deployment": runtime.settings.table_prefix, "Service": self.service}):
            response = pipeline.handle(
                runtime.services[self.service],
                runtime.store(self.service),
                envelope,
                lambda result: self._render(runtime, request, result),
            )
        return _reply(response)

    def _plan(self, call: Call[Any]) -> Envelope:
        """The envelope for the pipeline. Planning may read other services' stores, which may be unreachable."""
        try:
            return self.plan(call)
        except (StoreUnreachable, Throttled, NewerSchema) as error:
            raise pipeline.store_problem(error) from error

    def _render(self, runtime: Runtime, request: Request, result: pipeline.CommandResult) -> dict[str, Any]:
        """The response for a result, as plain data: status, headers, body."""
        head = result.head
        body = msgspec.convert({**head.state, "id": head.id, "version": head.version}, self.answer)
        headers = {
            "ETag": version_tag(head.version),
            "Consistency-Token": runtime.signer.consistency_token(self.service, head.id, head.version),
        }
        created = result.created and bool(self.location)
        if created:
            headers["Location"] = request.base + self.location.format(id=head.id)
        return {"status": 201 if created else 200, "headers": headers, "body": msgspec.json.encode(body).decode()}


def _checked_body(request: Request, kind: type[B]) -> B:
    """The body of a request, which may be left out where no field is required."""
    absent = not request.body.strip() and not _requires_a_field(kind)
    return check_body({} if absent else decode_json(request.json_body()), kind)


def _requires_a_field(kind: type[Any]) -> bool:
    return any(info.required for info in msgspec.structs.fields(kind))


def _page_reply(request: Request, page: Page[Any], unseen: Sequence[str] = ()) -> Reply:
    """A page of a list as {"items": [...], "next": ...}; `next` is the address of the next page."""
    following = None
    if page.next_bookmark:
        query = {name: values[-1] for name, values in request.query.items()} | {"cursor": page.next_bookmark}
        following = f"{request.path}?{urlencode(query)}"
    items = without(page.items, unseen) if unseen else page.items
    body = msgspec.json.encode({"items": items, "next": following}).decode()
    return Reply(200, body, {"Cache-Control": "no-cache"})


def _reply(command: CommandResponse) -> Reply:
    """A rendered response as a reply; a stored response is marked with `Idempotent-Replayed`."""
    replayed = {"Idempotent-Replayed": "true"} if command.replayed else {}
    response = command.response
    return Reply(response["status"], response["body"], {**response["headers"], **replayed})


class QueryEndpoint(Endpoint, frozen=True):
    """A route that answers from the read model.

    Attributes:
        answer: the Struct that it answers with, or the item of a list.
        parameters: the type of the query string's parameters.
        run: (call, cursor of the snapshot) -> Struct, or core.queries.listing.Page for a list.
        is_list: whether it answers {"items": [...], "next": ...}.
        display: how its answer is shown, where that is said.
    """

    answer: type[msgspec.Struct]
    parameters: type[Any]
    run: Callable[[Call[Any], QueryCursor], Any]
    is_list: bool = False
    display: Display | None = None

    @property
    def has_tag(self) -> bool:
        """Whether its answers have an ETag: those of a single item with a version do."""
        return not self.is_list and "version" in self.answer.__struct_fields__

    def respond(self, runtime: Runtime, request: Request) -> Reply:
        """Run the query on a snapshot that has seen the Consistency-Token."""
        from chalicelib.core.queries.snapshot import ask

        principal, granted = self._permitted(runtime, request)
        parameters = check_query(request.query, self.parameters)
        conditional = conditions(request.headers, tagged=self.has_tag)
        call = Call(self.name, request, runtime, principal, granted, parameters)
        token = request.headers.get("consistency-token")
        tokens = runtime.signer.read_tokens([token]) if token is not None else ()
        wait = wait_seconds(request.headers.get("prefer"))
        limit = runtime.settings.query_seconds
        answer = ask(runtime.readers, tokens, wait, runtime.services, lambda cursor: self.run(call, cursor), limit)
        unseen = runtime.permissions.unseen(self.name, principal)
        return _page_reply(request, answer, unseen) if self.is_list else self._single(answer, conditional, unseen)

    def _single(self, answer: Any, conditional: Conditions | None, unseen: Sequence[str]) -> Reply:
        body = msgspec.json.encode(without(answer, unseen) if unseen else answer).decode()
        headers = {"Cache-Control": "no-cache"}
        if self.has_tag:
            headers["ETag"] = body_tag(answer.version, body)
            if conditional and conditional.has_body(answer.version, headers["ETag"]):
                return Reply(304, "", headers)
        return Reply(200, body, headers)


class OperatorEndpoint(Endpoint, frozen=True):
    """A route for whoever operates the stores. It runs no command and no query of a service.

    Each of its requests may be repeated: what is done already is told, and not done twice. So it takes no
    Idempotency-Key.

    Attributes:
        answer: the Struct that it answers with, or the item of a list.
        asked: the type of the query string's parameters of a GET; of any other method, the type of the body.
        run: call -> Struct, or core.queries.listing.Page for a list.
        is_list: whether it answers {"items": [...], "next": ...}.
    """

    answer: type[msgspec.Struct]
    asked: type[Any]
    run: Callable[[Call[Any]], Any]
    is_list: bool = False

    def respond(self, runtime: Runtime, request: Request) -> Reply:
        """Do what is asked, and answer."""
        principal, granted = self._permitted(runtime, request)
        conditions(request.headers, tagged=False)
        parameters = check_query(request.query, self.asked if self.method == "GET" else NoParameters)
        asked = parameters if self.method == "GET" else _checked_body(request, self.asked)
        answer = self.run(Call(self.name, request, runtime, principal, granted, asked))
        if self.is_list:
            return _page_reply(request, answer)
        return Reply(200, msgspec.json.encode(answer).decode(), {"Cache-Control": "no-cache"})


class PublicEndpoint(Endpoint, frozen=True):
    """A route that needs no token and no store: /health, /openapi.json, the console."""

    run: Callable[[Request, Settings], Reply]

    def respond(self, runtime: Runtime, request: Request) -> Reply:
        """Answer."""
        return self.run(request, runtime.settings)


def wait_seconds(prefer: str | None) -> float:
    """How long a query waits for its Consistency-Token: `Prefer: wait=N` (RFC 7240), at most 10 s; 2 s by default.

    Raises:
        Malformed: the header cannot be read.
    """
    try:
        wait = preferences(prefer or "").get("wait", "")
    except BadHeader as error:
        detail = "must be preferences such as wait=5, separated by commas; text must be in double quotes"
        raise Malformed(f"Prefer {detail}.", faults=[Fault(detail, parameter="Prefer")]) from error
    return min(float(wait), MAX_WAIT_SECONDS) if _SECONDS.fullmatch(wait) else DEFAULT_WAIT_SECONDS
