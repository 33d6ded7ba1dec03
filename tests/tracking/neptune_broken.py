"""The server's application, with paths that fail as long as a file says so."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from project.server import app
from tests.tracking.neptune_server import HANG


def create() -> Any:
    whole, broken = app.create(), Path(os.environ["BROKEN"])

    async def failing(scope: dict[str, Any], receive: Any, send: Any) -> None:
        status = json.loads(broken.read_text()).get(scope.get("path"))
        if status is None:
            await whole(scope, receive, send)
        elif status == HANG:
            await asyncio.Event().wait()
        else:
            start = {"type": "http.response.start", "status": status, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": b""})

    return failing
