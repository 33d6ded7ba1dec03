"""What the NEPTUNE_* variables ask for: which server, or none, and how long to wait for it."""

import base64
import ipaddress
import json
import os
from urllib.parse import urlsplit

# The client reads both when imported, in whole seconds; what a person has set stays.
TIMEOUTS = {"NEPTUNE_REQUEST_TIMEOUT": "30", "NEPTUNE_RETRIES_TIMEOUT": "10"}
# The client's other modes, "debug" and "read-only", send nothing. Its "sync" makes each call wait
# for the server, which a follower does in any case.
ONLINE, OFFLINE = ("async", "sync"), "offline"


def server() -> str | None:
    """The address in NEPTUNE_API_TOKEN, without credentials; None where runs stay offline.

    Raises:
        ValueError: the token is missing although NEPTUNE_MODE asks for a server, is not one, or
            names an address that would get it unencrypted; NEPTUNE_PROJECT is missing, or
            NEPTUNE_PROJECT_NAME another; or NEPTUNE_MODE sends nothing. The message never holds
            the token.
    """
    token, mode = os.environ.get("NEPTUNE_API_TOKEN", "").strip(), os.environ.get("NEPTUNE_MODE")
    if mode and mode not in (*ONLINE, OFFLINE):
        raise ValueError(
            f"NEPTUNE_MODE={mode} sends nothing: for that use --tracker none; otherwise set it to"
            " async or offline, or unset it"
        )
    if mode == OFFLINE or not (token or mode):
        return None
    if not token:
        raise ValueError(
            f"mode {mode} needs a server: set NEPTUNE_API_TOKEN, or use --neptune-mode offline"
        )
    address = _address(token)
    project, name = (os.environ.get(n) for n in ("NEPTUNE_PROJECT", "NEPTUNE_PROJECT_NAME"))
    if project and name and project != name:
        raise ValueError(
            f"NEPTUNE_PROJECT is {project} and NEPTUNE_PROJECT_NAME {name}: unset one of them"
        )
    if not project:
        raise ValueError(
            "NEPTUNE_PROJECT is not set: set it to WORKSPACE/PROJECT, where the runs are to go"
            " (or unset NEPTUNE_API_TOKEN to stay offline)"
        )
    return address


def seconds(name: str) -> int:
    """The value of one of TIMEOUTS.

    Raises:
        ValueError: it is not a whole number of seconds from 1 on.
    """
    value = os.environ.get(name, TIMEOUTS[name])
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(
            f"{name}={value} is not a number of seconds: set it to 1 or more, or unset it"
        )
    return int(value)


def patience() -> int:
    """Seconds in which a server that is well has answered, its one bad moment included."""
    return sum(seconds(name) for name in TIMEOUTS)


def _address(token: str) -> str:
    try:
        content = json.loads(base64.b64decode(token))
        address = content.get("api_url") or content["api_address"]
        url = urlsplit(address if "://" in address else f"https://{address}")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            "NEPTUNE_API_TOKEN is not a Neptune token (base64 of JSON with `api_address`):"
            " copy the whole token from the server"
        ) from None
    host = url.netloc.rpartition("@")[2]
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ValueError(
            f"NEPTUNE_API_TOKEN names http://{host}, where it would travel unencrypted:"
            " use https, or a tunnel to 127.0.0.1"
        )
    return f"{url.scheme}://{host}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
