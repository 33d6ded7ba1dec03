"""The page's addresses: itself, its scripts and styles, and the plotting library."""

from __future__ import annotations

import gzip
from functools import cache

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from project.comparison.page.writing import APP, plotly_path

PLOTLY = plotly_path()
# Nothing from elsewhere, no script within the page. The plotting library sets styles by attributes.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
# Its address has its version.
FOREVER = "public, max-age=31536000, immutable"


class OwnFiles(StaticFiles):
    """Files of the page, which a browser asks for again each time, and gets if they are new."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        """As it is, with headers."""
        response = super().file_response(*arguments, **options)
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


def routes() -> list[BaseRoute]:
    """The page, and what it loads."""
    return [
        Route("/compare", page),
        Route(f"/compare/plotly-{plotly.__version__}.min.js", library),
        Route("/compare/plotly.min.js", library_address),
        Mount("/compare/app", OwnFiles(directory=APP)),
    ]


async def page(request: Request) -> Response:
    """The page; its script finds in the address what to show."""
    return FileResponse(APP / "server.html", headers=PAGE_HEADERS)


async def library_address(request: Request) -> Response:
    """Where the installed version of the plotting library is."""
    headers = {"Location": f"plotly-{plotly.__version__}.min.js", "Cache-Control": "no-cache"}
    return Response(status_code=307, headers=headers)


def library(request: Request) -> Response:
    """The plotting library, a quarter of its size on the way."""
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(PLOTLY, headers=headers, media_type="text/javascript")
    headers["Content-Encoding"] = "gzip"
    return Response(_compressed(), headers=headers, media_type="text/javascript")


@cache
def _compressed() -> bytes:
    return gzip.compress(PLOTLY.read_bytes(), 6)
