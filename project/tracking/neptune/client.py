"""The `neptune` client as we use it: imported late, with requests that end, and plain errors."""

import functools
import logging
import os
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from project.tracking.neptune import settings


@functools.cache
def client() -> ModuleType:
    """The client, imported (1.6 s) only when needed, and so that each of its requests ends.

    It sends several (its swagger documents, tokens, files) without a timeout, and would wait for
    ever for a server that accepts connections and never answers.
    """
    for name in settings.TIMEOUTS:
        os.environ[name] = str(settings.seconds(name))
    with warnings.catch_warnings(record=True):  # on being `neptune-client`, and of what it imports
        warnings.simplefilter("ignore")
        import neptune
        from requests.adapters import HTTPAdapter
    HTTPAdapter.send = _with_timeout(HTTPAdapter.send, settings.seconds("NEPTUNE_REQUEST_TIMEOUT"))
    logging.getLogger("neptune").setLevel(logging.WARNING)
    return neptune


def reach(server: str) -> None:
    """Connect to `server` and hang up, so that nobody imports the client for one that is away.

    Raises:
        ConnectionError: it does not accept connections.
    """
    url = urlsplit(server)
    if url.scheme in getproxies() and not proxy_bypass(url.hostname):
        return  # the proxy may see it where we don't
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        timeout = settings.seconds("NEPTUNE_REQUEST_TIMEOUT")
        socket.create_connection((url.hostname, port), timeout).close()
    except socket.gaierror:
        raise ConnectionError(f"{server} is not a known host") from None
    except OSError as error:
        raise ConnectionError(f"{server} does not answer ({type(error).__name__})") from None


def _with_timeout(send: Callable[..., Any], seconds: int) -> Callable[..., Any]:
    @functools.wraps(send)
    def bounded(self: Any, request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or seconds
        return send(self, request, **options)

    return bounded


@contextmanager
def plain_errors(server: str | None) -> Iterator[None]:
    """The client's errors, which are coloured pages, in one line each."""
    errors = client().exceptions
    try:
        yield
    except (errors.NeptuneInvalidApiTokenException, errors.Unauthorized, errors.Forbidden):
        raise ValueError(f"{server} refuses NEPTUNE_API_TOKEN: get a new token from it") from None
    except (errors.ProjectNotFound, errors.ProjectNotFoundWithSuggestions):
        project = os.environ["NEPTUNE_PROJECT"]
        raise ValueError(
            f"NEPTUNE_PROJECT {project} is not on {server}: create it there, or correct the name"
        ) from None
    except errors.NeptuneConnectionLostException as error:
        reason = type(error.cause).__name__
        raise ConnectionError(f"{server} does not answer ({reason})") from None
    except errors.CannotResolveHostname:
        raise ConnectionError(f"{server} is not a known host") from None
