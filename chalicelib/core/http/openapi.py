"""The OpenAPI 3.1 document, made from the routes and from the types that validate requests.

Nothing is described twice. A field's limits, description and examples come from its annotation, and a route's summary
is the first line of its function's docstring.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.http.chalice_adapter import AnyEndpoint
from chalicelib.core.http.endpoint import CommandEndpoint, OperatorEndpoint, QueryEndpoint
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.visibility import member_at

_PROBLEMS = {
    "400": "Malformed: not JSON, or a bad header, cursor or token",
    "401": "No valid token",
    "403": "The token does not allow this",
    "404": "It does not exist, or was deleted",
    "409": "The command does not fit the current state, or is a duplicate",
    "412": "If-Match or If-None-Match does not hold",
    "413": "Too large",
    "415": "Not application/json in UTF-8, or compressed",
    "422": "Valid JSON, invalid content: `errors` names every faulty field; or a query that is too costly to answer",
    "429": "Too many requests",
    "500": "An unexpected error. `instance` identifies it in the log",
    "503": "Try again later. `read-model-behind`: the change of the Consistency-Token is not visible yet",
}
_COMMAND_HEADERS = {
    "ETag": '`"<version>"`',
    "Consistency-Token": "Send it with a query to see this change.",
    "Location": "The address at which queries show the new resource.",
    "Idempotent-Replayed": "`true` if this is the stored answer to an earlier request with the same Idempotency-Key.",
}
_ENTITY_TAG = r'(W/)?"[!#-~]*"'
_HEADER_PATTERNS = {
    "Idempotency-Key": r"^[!-~]{1,255}$",
    "If-Match": rf"^(\*|{_ENTITY_TAG}( *, *{_ENTITY_TAG})*)$",
    "If-None-Match": rf"^(\*|{_ENTITY_TAG}( *, *{_ENTITY_TAG})*)$",
}
_COMMAND_PROBLEMS = ("400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "500", "503")
_QUERY_PROBLEMS = ("400", "401", "403", "404", "422", "429", "500", "503")
_OPERATOR_PROBLEMS = ("400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503")
_Described = CommandEndpoint | QueryEndpoint | OperatorEndpoint


class ProblemFault(msgspec.Struct):
    """One faulty field."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class ProblemDocument(msgspec.Struct, rename={"kind": "type"}):
    """What went wrong (RFC 9457)."""

    kind: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[ProblemFault] = msgspec.field(default_factory=list)


def document(
    endpoints: Sequence[AnyEndpoint], permissions: Permissions, info: ApiInfo, base: str = ""
) -> dict[str, Any]:
    """The OpenAPI document of the given routes.

    Args:
        endpoints: the routes.
        permissions: which roles may use them, and which roles see which member of their answers.
        info: the API's title and version.
        base: the prefix of every path: a stage, or a custom domain's base path.
    """
    schemas, components = _schemas(endpoints)
    _restrict(components, endpoints, permissions)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        if isinstance(endpoint, _Described):
            operation = _operation(endpoint, schemas, permissions)
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": info.title,
            "version": info.version,
            "license": {"name": info.license, "identifier": info.license},
            "description": "Commands write to one service each; queries answer across all of them. Send a command's "
            "`Consistency-Token` with a query, and it shows the change or says that it cannot yet.",
        },
        "servers": [{"url": base or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"bearer": []}],
    }


def _schemas(endpoints: Iterable[AnyEndpoint]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of every type in a request or an answer, and the shared schemas by name."""
    types: list[Any] = [ProblemDocument]
    for endpoint in endpoints:
        if isinstance(endpoint, CommandEndpoint):
            types += [endpoint.answer, *([endpoint.body] if msgspec.structs.fields(endpoint.body) else [])]
        elif isinstance(endpoint, QueryEndpoint):
            types.append(endpoint.answer)
        elif isinstance(endpoint, OperatorEndpoint):
            types += [endpoint.answer, *([endpoint.asked] if _has_body(endpoint) else [])]
    unique = list(dict.fromkeys(types))
    made, components = msgspec.json.schema_components(unique, ref_template="#/components/schemas/{name}")
    return dict(zip(unique, made, strict=True)), _portable(components)


def _restrict(components: dict[str, Any], endpoints: Iterable[AnyEndpoint], permissions: Permissions) -> None:
    """Describe which roles see a restricted member, and make it optional."""
    for endpoint in (endpoint for endpoint in endpoints if isinstance(endpoint, QueryEndpoint)):
        for path, row in permissions.members(endpoint.name).items():
            if member := member_at(endpoint.answer, path):
                schema = components[member.struct.__name__]
                schema["required"] = [name for name in schema["required"] if name != member.name]
                described = schema["properties"][member.name]
                words = [described.get("description", ""), f"Only for {', '.join(row)}."]
                described["description"] = " ".join(filter(None, words))


def _portable(schema: Any) -> Any:
    r"""The schema with portable patterns: they end in `$`, as in JSON Schema, instead of Python's `\Z`.

    They do not mention surrogates, which no JSON text contains and many regular expression engines cannot express.
    """
    if isinstance(schema, dict):
        return {name: _portable(member) for name, member in schema.items()}
    if isinstance(schema, list):
        return [_portable(element) for element in schema]
    return schema.replace("\\Z", "$").replace(r"\ud800-\udfff", "") if isinstance(schema, str) else schema


def _operation(endpoint: _Described, schemas: dict[Any, Any], permissions: Permissions) -> dict[str, Any]:
    who = ", ".join(f"{role} ({access.value})" for role, access in permissions.table[endpoint.name].items())
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _schema_of(endpoint.path_types[name])}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"For {who}.",
        "tags": [endpoint.name.partition(".")[0]],
        "x-tributary-roles": {role: access.value for role, access in permissions.table[endpoint.name].items()},
    }
    if isinstance(endpoint, CommandEndpoint):
        return operation | _command(endpoint, schemas, parameters)
    if isinstance(endpoint, OperatorEndpoint):
        return operation | _operator(endpoint, schemas, parameters)
    return operation | _query(endpoint, schemas, parameters)


def _command(endpoint: CommandEndpoint, schemas: dict[Any, Any], parameters: list[Any]) -> dict[str, Any]:
    headers = [
        _header(
            "Idempotency-Key",
            "A key that the client chooses. A repeated request with the same key"
            " changes nothing and gets the first answer again, for 24 hours.",
        ),
        *(
            [_header("If-Match", 'The ETag on which the change is based, such as `"3"`.')]
            if not endpoint.location
            else []
        ),
        _header(
            "If-None-Match",
            "`*`: run the command only if the resource does not exist. An ETag: only if it is not the current one.",
        ),
    ]
    status, what = ("201", "Created") if endpoint.location else ("200", "Done")
    made: dict[str, Any] = {
        "parameters": [*parameters, *headers],
        "responses": {
            status: _answer(what, schemas[endpoint.answer])
            | {"headers": _headers(_COMMAND_HEADERS, endpoint.location)},
            **_problems(_COMMAND_PROBLEMS, schemas),
        },
    }
    if msgspec.structs.fields(endpoint.body):
        made["requestBody"] = _body(endpoint.body, schemas)
    return made


def _operator(endpoint: OperatorEndpoint, schemas: dict[Any, Any], parameters: list[Any]) -> dict[str, Any]:
    in_query = _query_parameters(endpoint.asked) if endpoint.method == "GET" else []
    answer = _page_of(schemas[endpoint.answer]) if endpoint.is_list else schemas[endpoint.answer]
    problems = _OPERATOR_PROBLEMS if endpoint.method != "GET" else _QUERY_PROBLEMS
    made: dict[str, Any] = {
        "parameters": [*parameters, *in_query],
        "responses": {"200": _answer("Done", answer), **_problems(problems, schemas)},
    }
    if _has_body(endpoint):
        made["requestBody"] = _body(endpoint.asked, schemas)
    return made


def _has_body(endpoint: OperatorEndpoint) -> bool:
    return endpoint.method != "GET" and bool(msgspec.structs.fields(endpoint.asked))


def _body(kind: type[Any], schemas: dict[Any, Any]) -> dict[str, Any]:
    required = any(field.required for field in msgspec.structs.fields(kind))
    return {"required": required, "content": {"application/json": {"schema": schemas[kind]}}}


def _page_of(item: Any) -> dict[str, Any]:
    following = {"type": ["string", "null"], "description": "The address of the next page. Null on the last page."}
    page = {"items": {"type": "array", "items": item}, "next": following}
    return {"type": "object", "properties": page, "required": ["items", "next"]}


def _query(endpoint: QueryEndpoint, schemas: dict[Any, Any], parameters: list[Any]) -> dict[str, Any]:
    headers = [
        _header("Consistency-Token", "From a command's answer. The query then shows that change, or answers 503."),
        _header("Prefer", "`wait=N`: wait up to N seconds for the change. At most 10. Default: 2."),
        *(
            [
                _header(
                    "If-None-Match", "The ETag of the client's copy. The answer is 304 while that copy is current."
                ),
                _header("If-Match", "The ETag of the expected version. The answer is 412 if the version differs."),
            ]
            if endpoint.has_tag
            else []
        ),
    ]
    answer = schemas[endpoint.answer]
    if endpoint.is_list:
        answer = _page_of(answer)
    found = _answer("Found", answer)
    responses: dict[str, Any] = {"200": found, **_problems(_QUERY_PROBLEMS, schemas)}
    if endpoint.has_tag:
        found["headers"] = {"ETag": _text('`"<version>.<digest of the body>"`')}
        responses["304"] = {"description": "The client's copy is current"}
        responses |= _problems(("412",), schemas)
    display = {"x-tributary-display": endpoint.display.as_json()} if endpoint.display else {}
    described = [*parameters, *_query_parameters(endpoint.parameters), *headers]
    return {"parameters": described, "responses": responses, **display}


def _query_parameters(kind: type[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": _schema_of(field.type) | _default_of(field),
        }
        for field in msgspec.structs.fields(kind)
    ]


def _default_of(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """What holds for a parameter that is left out; nothing where that is no value."""
    return {} if field.default in (None, msgspec.NODEFAULT, msgspec.UNSET) else {"default": field.default}


def _schema_of(kind: Any) -> dict[str, Any]:
    """A parameter's schema without null, which here means that the parameter is absent."""
    schema: dict[str, Any] = _portable(msgspec.json.schema(kind))
    some = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    schema = some[0] if len(some) == 1 else schema
    if "enum" in schema:
        schema["enum"] = [choice for choice in _choices(kind) if choice is not None]
    return schema


def _choices(kind: Any) -> list[Any]:
    """The choices of a Literal in the sequence in which they are declared; msgspec sorts them."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [choice for part in get_args(kind) for choice in _choices(part)]


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", **({"pattern": _HEADER_PATTERNS[name]} if name in _HEADER_PATTERNS else {})}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _headers(descriptions: Mapping[str, str], location: str) -> dict[str, Any]:
    """The headers of a command's answer."""
    return {name: _text(words) for name, words in descriptions.items() if name != "Location" or location}


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _answer(what: str, schema: Any) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _problems(statuses: Sequence[str], schemas: dict[Any, Any]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": schemas[ProblemDocument]}}
    return {status: {"description": _PROBLEMS[status], "content": content} for status in statuses}
