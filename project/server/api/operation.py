"""One declaration for each operation of the API: the route, the checks and the Swagger document.

The decorated function's signature is the specification. Its first parameter is the `Context`; the
others are named and typed as on the wire: `str`, `int`, `float`, `bool` and `list[str]` come from
the query, and `Path`, `Header[...]` and `Body` say otherwise. One with a default is optional. The
return annotation (a TypedDict, a list of them, or None) becomes the response's schema.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project.server.api.context import context_of
from project.server.body import json_response
from project.server.errors import ApiError, bad_request

Path = Annotated[str, "path"]
Body = Annotated[Any, "body"]
# Bodies that are parsed at once; files stream past this. The client fills a batch up to 100 MiB
# and may then add an image of 32 MiB, in base64.
MAX_BODY = 160 * 2**20
TRUE, FALSE = ("true", "True", "1"), ("false", "False", "0")


class Header:
    """`Header["X-Range"]`: a parameter that travels in that header."""

    def __class_getitem__(cls, name: str) -> Any:
        return Annotated[str, "header", name]


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name on the wire, the part of a request it is in, its type and default."""

    name: str
    wire: str
    part: str
    type: type
    required: bool
    default: Any


@dataclass(frozen=True)
class Operation:
    """One operation: where it is, and the function that does it."""

    document: str
    method: str
    path: str
    name: str
    parameters: tuple[Parameter, ...]
    returns: Any
    function: Callable[..., Any]


OPERATIONS: list[Operation] = []


def operation(document: str, method: str, path: str, name: str) -> Callable[[Any], Any]:
    """Declare the function below it as one operation.

    A plain function runs in a thread of its own and gets the body parsed; an `async` one reads the
    body itself, as a stream, from `context.request`. What it returns is sent as JSON, unless it is
    a Response. It raises `ApiError` for what is wrong with the request.

    Args:
        document: "backend", "leaderboard" or "artifacts": the Swagger document it stands in.
        method: of HTTP.
        path: below the root, with `{name}` where a `Path` parameter stands.
        name: the `operationId` the client calls it by.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(function, include_extras=True)
        parameters = [
            _parameter(p, hints[p.name])
            for p in list(inspect.signature(function).parameters.values())[1:]
        ]
        OPERATIONS.append(
            Operation(
                document, method, path, name, tuple(parameters), hints.get("return"), function
            )
        )
        return function

    return declare


def routes() -> list[Route]:
    """A route for each operation declared so far."""
    return [Route(o.path, _endpoint(o), methods=[o.method]) for o in OPERATIONS]


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    part, wire = "query", parameter.name
    if get_origin(hint) in (Union, types.UnionType):  # `str | None`
        hint = next(arg for arg in get_args(hint) if arg is not types.NoneType)
    if get_origin(hint) is Annotated:
        hint, part, *named = get_args(hint)
        wire = named[0] if named else wire
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    return Parameter(parameter.name, wire, part, hint, required, default)


def _endpoint(operation: Operation) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            context = context_of(request)
            arguments = await _arguments(operation, request)
            if inspect.iscoroutinefunction(operation.function):
                result = await operation.function(context, **arguments)
            else:
                result = await anyio.to_thread.run_sync(
                    lambda: operation.function(context, **arguments)
                )
        except ApiError as error:
            return error.response()
        return result if isinstance(result, Response) else json_response(result)

    return endpoint


async def _arguments(operation: Operation, request: Request) -> dict[str, Any]:
    arguments = {}
    for parameter in operation.parameters:
        if parameter.part == "body":
            value = await _body(request)
        else:
            value = _given(parameter, request)
        if value is None and parameter.required:
            raise bad_request(f"the parameter {parameter.wire} is missing")
        arguments[parameter.name] = parameter.default if value is None else value
    return arguments


def _given(parameter: Parameter, request: Request) -> Any:
    if parameter.part == "path":
        return request.path_params[parameter.wire]
    if parameter.part == "header":
        return request.headers.get(parameter.wire)
    texts = request.query_params.getlist(parameter.wire)
    if not texts:
        return None
    if any("\0" in text for text in texts):
        raise bad_request(f"{parameter.wire} holds a NUL character")
    if get_origin(parameter.type) is list:
        return texts
    return _parsed(parameter, texts[-1])


def _parsed(parameter: Parameter, text: str) -> Any:
    if parameter.type is bool:
        if text not in TRUE + FALSE:
            raise bad_request(f"{parameter.wire}: {text[:50]!r} is neither true nor false")
        return text in TRUE
    try:
        return parameter.type(text)
    except ValueError:
        kind = parameter.type.__name__
        raise bad_request(f"{parameter.wire}: {text[:50]!r} is no {kind}") from None


async def _body(request: Request) -> Any:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise ApiError(413, "CONTENT_TOO_LARGE", f"the body has more than {MAX_BODY} bytes")
        chunks.append(chunk)
    try:
        return orjson.loads(b"".join(chunks))
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body is no JSON: {error}") from None
