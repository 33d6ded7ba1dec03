"""JSON in and out."""

from typing import Any

import orjson
from starlette.responses import Response


def json_response(content: Any, status: int = 200) -> Response:
    """`content` as JSON; NaN and infinity, which JSON has not, become null."""
    return Response(orjson.dumps(content), status, media_type="application/json")
