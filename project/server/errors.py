"""What a request that can't be served is answered with."""

from typing import Any

from starlette.responses import Response

from project.server.body import json_response

# How MLflow's client is told the same; what its own routes answer has these two members alone.
MLFLOW = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 503: "TEMPORARILY_UNAVAILABLE"}


class ApiError(Exception):
    """An error of the request; raised anywhere below a handler, it becomes the answer.

    Attributes:
        status: the HTTP status, 4xx; or 503.
        kind: Neptune's `errorType`, in capitals, such as EXPERIMENT_NOT_FOUND.
        title: one sentence for people; never a secret, never a path of this machine.
        more: further members of the answer's JSON.
    """

    def __init__(self, status: int, kind: str, title: str, **more: Any) -> None:
        super().__init__(title)
        self.status, self.kind, self.title, self.more = status, kind, title, more

    def response(self) -> Response:
        """The answer, as Neptune's client reads it, and MLflow's."""
        content = {"code": self.status, "errorType": self.kind, "title": self.title, **self.more}
        if self.status in MLFLOW:
            content |= {"error_code": MLFLOW[self.status], "message": self.title}
        return json_response(content, self.status)


def bad_request(title: str) -> ApiError:
    """The request itself is malformed."""
    return ApiError(400, "BAD_REQUEST", title)


def not_found(kind: str, title: str) -> ApiError:
    """What the request names is not there, or not for this account."""
    return ApiError(404, kind, title)
