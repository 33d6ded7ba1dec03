"""`python -m project.server.stop ID`: asks a run, wherever it is, to stop or to abort."""

# PYTHON_ARGCOMPLETE_OK

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from project.cli.command import as_process, load_private_settings, print_error
from project.cli.parser import Parser, real

TIMEOUT = 30  # seconds


def main(argv: Sequence[str]) -> int:
    """Ask the server of NEPTUNE_API_TOKEN to tell the run's client.

    Returns:
        The exit code: 0 once the server will tell it; 2 if it can't.
    """
    parser = Parser(prog="python -m project.server.stop", description=__doc__)
    parser.add_argument(
        "run", metavar="ID", help="RUN-1 of NEPTUNE_PROJECT, or WORKSPACE/PROJECT/RUN-1"
    )
    parser.add_argument("--abort", action="store_true", help="mark the run as failed")
    parser.add_argument(
        "--seconds",
        type=real("number of seconds", 0, 86400),
        default=60,
        help="how long the client may take to send what it has (%(default)s)",
    )
    try:
        load_private_settings()
        arguments = parser.parse_args(argv)
        name = tell(arguments.run, "abort" if arguments.abort else "stop", arguments.seconds)
    except (ValueError, OSError) as error:
        print_error(error)
        return 2
    print(f"{name} will be told to {'abort' if arguments.abort else 'stop'}")
    return 0


def tell(run: str, type_: str, seconds: float) -> str:
    """Ask the server to signal the run; returns the run's short id.

    Raises:
        ValueError: there is no such run, it is not running, or the token doesn't hold.
        OSError: the server doesn't answer.
    """
    if "/" not in run and run.count("-") != 4:
        run = f"{os.environ.get('NEPTUNE_PROJECT', '')}/{run}"
    found = _ask("GET", f"/api/leaderboard/v1/experiments?experimentId={quote(run, safe='')}")
    body = {"type": type_, "seconds": seconds}
    _ask("POST", f"/api/project/v1/runs/{found['id']}/signal", body)
    return found["shortId"]


def _ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    token = _token()
    headers = {"Authorization": f"Bearer {token['api_key']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(token["api_address"].rstrip("/") + path, data, headers, method=method)
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise ValueError(f"{token['api_address']} answers: {_title(error)}") from None
    except URLError as error:
        raise ConnectionError(f"{token['api_address']} doesn't answer: {error.reason}") from None


def _title(error: HTTPError) -> str:
    try:
        return json.load(error)["title"]
    except (ValueError, KeyError, TypeError):  # another kind of server, or a proxy
        return f"{error.code} {error.reason}"


def _token() -> dict[str, str]:
    try:
        token = json.loads(base64.b64decode(os.environ.get("NEPTUNE_API_TOKEN", "")))
        return {name: token[name] for name in ("api_address", "api_key")}
    except (ValueError, KeyError, TypeError):
        raise ValueError("NEPTUNE_API_TOKEN is no token: copy it from the server") from None


if __name__ == "__main__":
    sys.exit(as_process(main))
