"""By which name the server may be reached, and from whose pages: its own, and those a person names.

A page of another site can lead a name of its own to this machine, or ask across to it, with the
rights of the browser that shows it. MLflow's own check lets every page of this machine in.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch, translate
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from project.server.errors import ApiError

# MLflow's variables, in which a person names more hosts and pages; `*` stands for any letters.
HOSTS, ORIGINS = "MLFLOW_SERVER_ALLOWED_HOSTS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"
HERE = {"localhost", "127.0.0.1", "::1"}
# What browsers say of a page that isn't the server's own; another port is the same site.
ELSEWHERE = {"cross-site", "same-site"}
# Of a name that is told again.
SHOWN = 100


def check_host(host: str, url: str) -> None:
    """Refuse a name that is neither this machine's own nor the server's address.

    Args:
        host: the header of that name.
        url: of the server.
    Raises:
        ApiError: 403.
    """
    name = _hostname(f"//{host}")
    known = name is not None and name in HERE | {_hostname(url)}
    if not known and not any(fnmatch(host, pattern) for pattern in _named(HOSTS)):
        title = f"this server is {url}, not {host[:SHOWN]!r}: start it with --url and the address"
        raise ApiError(403, "ACCESS_DENIED", f"{title} in the browser, or have the proxy pass that")


def check_origin(headers: Headers, url: str) -> None:
    """Refuse what a page of another site has its browser ask, whatever it asks.

    Raises:
        ApiError: 403.
    """
    origin, named = headers.get("origin"), _named(ORIGINS)
    if origin is None:
        # For pictures and scripts browsers don't say of whose page they are, only that.
        embedded = headers.get("sec-fetch-mode", "navigate") != "navigate"
        if named or not embedded or headers.get("sec-fetch-site") not in ELSEWHERE:
            return
        origin = headers["sec-fetch-site"]
    # A proxy may tell another host than the browser's.
    own = {headers.get("host", "").lower(), urlsplit(url).netloc.lower()} - {""}
    if origin.lower().partition("://")[2] in own:
        return
    if not any(fnmatch(origin, pattern) for pattern in named):
        title = f"requests from other sites, as {origin[:SHOWN]!r}, are not taken: if that is this"
        raise ApiError(403, "ACCESS_DENIED", f"{title} server's address, start it with --url")


def shared(app: Any) -> Any:
    """The application, which tells browsers of the other pages that a person has named."""
    patterns = _named(ORIGINS)
    if not patterns:
        return app
    return CORSMiddleware(
        app,
        allow_origin_regex="|".join(map(translate, patterns)),
        # Whoever lets all pages in does not lend them the browser's login too.
        allow_credentials="*" not in patterns,
        allow_methods=["*"],
        allow_headers=["*"],
    )


def _named(variable: str) -> list[str]:
    return [text.strip() for text in os.environ.get(variable, "").split(",") if text.strip()]


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
