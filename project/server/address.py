"""The server's address, as people and clients reach it, and the token that holds it."""

import argparse
import base64
import json
from urllib.parse import urlsplit


def public_url(arguments: argparse.Namespace) -> str:
    """The address for people and clients.

    Raises:
        ValueError: --url is no address, or is needed.
    """
    if arguments.url:
        parts = urlsplit(arguments.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"--url {arguments.url} is not like https://runs.example.org")
        return arguments.url.rstrip("/")
    if arguments.host in ("0.0.0.0", "::"):
        raise ValueError(
            f"--host {arguments.host} is every address of this machine: say with --url by which"
            " one others reach it, as http://runs.example.org:5000"
        )
    return own_url(arguments)


def own_url(arguments: argparse.Namespace) -> str:
    """The address on this machine."""
    scheme = "https" if arguments.ssl_certfile else "http"
    return f"{scheme}://{reachable(arguments.host)}:{arguments.port}"


def client_token(url: str, key: str) -> str:
    """A NEPTUNE_API_TOKEN: which server, and the key for it."""
    content = {"api_address": url, "api_url": url, "api_key": key}
    return base64.b64encode(json.dumps(content).encode()).decode()


def reachable(host: str) -> str:
    """An address of this machine for one that stands for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
