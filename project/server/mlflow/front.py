"""MLflow's own page, which stands at `/mlflow`, without the assistant that it opens by itself."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import mlflow.server
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

BUILD = Path(mlflow.server.__file__).parent / "js" / "build"
INDEX = (BUILD / "index.html").read_text(encoding="utf-8")
# The page opens its assistant wherever the machine that serves it shows it, and has no setting
# against that. Here the assistant could reach nothing: what it asks for is `access.CLOSED`.
HERE = b'"localhost"===e||"127.0.0.1"===e||"::1"===e'
NOWHERE = b"!1"
ENTRY = re.compile(r"static-files/static/js/main\.\w+\.js")
# Browsers may have kept the script, for a month, from a server that left it as it was.
ASKED = "?without=assistant"
HEADERS = {"Vary": "Accept-Encoding", "Cache-Control": "public, max-age=2419200"}


def routes() -> list[BaseRoute]:
    """The list of runs first of all; MLflow's page and its first script."""
    return [
        Route("/", home),
        Route("/mlflow", page),
        Route("/ajax-api/2.0/mlflow/gateway-proxy", gateway, methods=["GET"]),
        *(Route(f"/{name}", script) for name in ENTRY.findall(INDEX)),
    ]


async def home(request: Request) -> Response:
    """Go on to the list of runs; what follows a # in the address goes along, see `page.js`."""
    # Relative, as the server may stand below a path of a proxy.
    return RedirectResponse("compare")


async def page(request: Request) -> Response:
    """The page itself."""
    text = ENTRY.sub(lambda match: match[0] + ASKED, INDEX)
    return Response(text, media_type="text/html", headers={"Cache-Control": "no-cache"})


async def gateway(request: Request) -> Response:
    """Of language models there are none here; a refusal would be told over the table of runs."""
    return JSONResponse({"endpoints": []})


def script(request: Request) -> Response:
    """What the page loads first, which never takes itself to be shown by the machine it is on."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_filtered(), media_type="text/javascript", headers=HEADERS)
    headers = HEADERS | {"Content-Encoding": "gzip"}
    return Response(_compressed(), media_type="text/javascript", headers=headers)


def _filtered() -> bytes:
    (name,) = ENTRY.findall(INDEX)
    return (BUILD / name.removeprefix("static-files/")).read_bytes().replace(HERE, NOWHERE)


@cache
def _compressed() -> bytes:
    return gzip.compress(_filtered(), 6)
