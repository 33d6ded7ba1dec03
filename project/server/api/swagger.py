"""The Swagger 2.0 documents that Neptune's client is driven by, from the operations themselves."""

from __future__ import annotations

import types
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project.server.api.models import Problem
from project.server.api.operation import OPERATIONS, Operation, Parameter
from project.server.body import json_response

DOCUMENTS = ("backend", "leaderboard", "artifacts")
PRIMITIVES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def document(name: str) -> dict[str, Any]:
    """The Swagger document of one of DOCUMENTS."""
    definitions: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        if operation.document == name:
            described = _describe(operation, definitions)
            paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "swagger": "2.0",
        "info": {"title": name, "version": "1"},
        "paths": paths,
        "definitions": definitions,
    }


def routes() -> list[Route]:
    """Where the client looks for the documents."""
    return [Route(f"/api/{name}/swagger.json", _serve(name)) for name in DOCUMENTS]


def _serve(name: str) -> Any:
    response = json_response(document(name))

    async def serve(request: Request) -> Response:
        return response

    return serve


def _describe(operation: Operation, definitions: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": ""}
    if operation.returns not in (None, types.NoneType):
        answer["schema"] = _schema(operation.returns, definitions)
    return {
        "operationId": operation.name,
        "tags": ["api"],
        "parameters": [_parameter(parameter, definitions) for parameter in operation.parameters],
        "responses": {
            "200": answer,
            "400": {"description": "", "schema": _schema(Problem, definitions)},
        },
    }


def _parameter(parameter: Parameter, definitions: dict[str, Any]) -> dict[str, Any]:
    found = {"name": parameter.wire, "in": parameter.part, "required": parameter.required}
    if parameter.part == "body":
        # Without a model (`Body`), the client skips a slow conversion.
        return found | {"schema": _schema(parameter.type, definitions)}
    if get_origin(parameter.type) is list:
        return found | {"type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}
    return found | {"type": PRIMITIVES[parameter.type]}


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; those of TypedDicts go to `definitions`."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(arg for arg in get_args(hint) if arg is not types.NoneType)
        schema = _schema(inner, definitions)
        return schema if "$ref" in schema else schema | {"x-nullable": True}
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema(get_args(hint)[0], definitions)}
    if hint in PRIMITIVES:
        return {"type": PRIMITIVES[hint]}
    if hint is datetime:
        return {"type": "string", "format": "date-time", "x-nullable": True}
    if not is_typeddict(hint):
        return {}
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {"type": "object"}  # before its members, which may name it
        properties = {
            name: _schema(member, definitions) for name, member in get_type_hints(hint).items()
        }
        definitions[hint.__name__]["properties"] = properties
    return {"$ref": f"#/definitions/{hint.__name__}"}
