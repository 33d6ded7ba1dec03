"""Fields of a request's JSON body, checked."""

from __future__ import annotations

from typing import Any

from project.server.errors import ApiError, bad_request


def mapping(value: Any, name: str) -> dict[str, Any]:
    """`value`, which must be a JSON object.

    Raises:
        ApiError: 400, it is something else.
    """
    if not isinstance(value, dict):
        raise bad_request(f"{name} is no JSON object")
    return value


def text(body: Any, name: str, limit: int) -> str | None:
    """The text in this field of the body, of at most `limit` characters; None if it isn't there.

    Raises:
        ApiError: 400, the body is no object, or the field something else.
    """
    value = mapping(body, "the body").get(name)
    if value is None:
        return None
    if not isinstance(value, str) or "\0" in value or len(value) > limit:
        raise bad_field(name, "ERR_INVALID", f"is no text of at most {limit} characters")
    return value


def texts(value: Any, name: str, most: int) -> list[str]:
    """`value`, which must be a list of at most `most` texts.

    Raises:
        ApiError: 400, it is something else.
    """
    if not isinstance(value, list) or len(value) > most:
        raise bad_request(f"{name} is no list of at most {most} texts")
    if not all(isinstance(item, str) and "\0" not in item for item in value):
        raise bad_request(f"{name} holds what is no text")
    return value


def bad_field(name: str, code: str, problem: str) -> ApiError:
    """400 for one field, as the client's management functions read it."""
    title = f"{name} {problem}"
    errors = [{"errorCode": {"name": code}, "context": title}]
    return ApiError(
        400, "BAD_REQUEST", title, validationErrors=[{"path": [name], "errors": errors}]
    )
