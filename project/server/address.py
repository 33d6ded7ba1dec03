"""The server's address, as people and clients reach it, and the token that holds it."""

import argparse
import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

from project.files import write_json

# In the server's own folder.
ADDRESS = "address.json"


def public_url(arguments: argparse.Namespace) -> str:
    """The address for people and clients.

    Raises:
        ValueError: --url is no address, or is needed.
    """
    if arguments.url:
        return checked(arguments.url)
    if arguments.host in ("0.0.0.0", "::"):
        raise ValueError(
            f"--host {arguments.host} is every address of this machine: say with --url by which"
            " one others reach it, as http://runs.example.org:5000"
        )
    return own_url(arguments)


def checked(url: str) -> str:
    """The address that --url gives, as it is told to clients.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"--url {url} is not like https://runs.example.org")
    return url.rstrip("/")


def own_url(arguments: argparse.Namespace) -> str:
    """The address on this machine."""
    scheme = "https" if arguments.ssl_certfile else "http"
    return f"{scheme}://{reachable(arguments.host)}:{arguments.port}"


def remember(folder: Path, url: str, certificate: str | None) -> str | None:
    """Note in the server's own folder what `token create` tells clients.

    Returns:
        A line for the person, if tokens that were made before lead elsewhere.
    """
    known = recall(folder)
    write_json(folder / ADDRESS, {"url": url, "certificate": certificate})
    if known is None or known[0] == url:
        return None
    return f"note: its address was {known[0]} before: tokens that were made then lead there still"


def recall(folder: Path) -> tuple[str, str | None] | None:
    """The address of the server that was started last, and its certificate; None if none was."""
    try:
        content = json.loads((folder / ADDRESS).read_text())
        return content["url"], content["certificate"]
    except FileNotFoundError:
        return None


def client_token(url: str, key: str) -> str:
    """A NEPTUNE_API_TOKEN: which server, and the key for it."""
    content = {"api_address": url, "api_url": url, "api_key": key}
    return base64.b64encode(json.dumps(content).encode()).decode()


def reachable(host: str) -> str:
    """An address of this machine for one that stands for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
