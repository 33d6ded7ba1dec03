"""The signed tokens (JWTs) that clients carry: made, checked, and the key they are signed with."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jwt

from project.files import lock
from project.server.errors import ApiError
from project.server.settings import Settings

# Lifetimes in seconds. An access token is checked against its API key with every request, so a
# short life adds little; a refresh token that has run out is replaced through the API key.
ACCESS, REFRESH = 1800, 30 * 86400
# A client whose clock is behind goes on using a token that has expired here.
LEEWAY = 300
ALGORITHM = "HS256"
CLIENT = "neptune-cli"
PATH = "/api/backend/v1/authorization"


def issue(settings: Settings, account: str, key_id: str, kind: str) -> str:
    """A token of one of the kinds "access" and "refresh".

    Args:
        settings: of this server, whose key signs.
        account: its name.
        key_id: the API key that the token was given for; with it, the token dies.
        kind: what it may be used for.
    """
    now = int(time.time())
    claims = {
        "iss": settings.url + PATH,  # the client refreshes below this address
        "azp": CLIENT,
        "sub": account,
        "key": key_id,
        "typ": kind,
        "iat": now,
        "exp": now + (ACCESS if kind == "access" else REFRESH),
    }
    return jwt.encode(claims, _signing_key(settings.private), ALGORITHM)


def verify(settings: Settings, token: str, kind: str) -> Mapping[str, Any]:
    """The claims of a token that this server has signed.

    Raises:
        ApiError: 401; AUTHORIZATION_TOKEN_EXPIRED tells the client to refresh it.
    """
    try:
        claims = jwt.decode(
            token,
            _signing_key(settings.private),
            [ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["exp", "sub", "key", "typ"], "verify_iat": False},
        )
    except jwt.ExpiredSignatureError:
        raise ApiError(401, "AUTHORIZATION_TOKEN_EXPIRED", "the token has expired") from None
    except jwt.InvalidTokenError:
        raise unauthorized() from None
    if claims["typ"] != kind:
        raise unauthorized()
    return claims


def unauthorized() -> ApiError:
    """One answer for every credential that doesn't hold: it tells nothing about accounts."""
    return ApiError(401, "UNAUTHORIZED", "this needs a valid token of this server")


@cache
def _signing_key(private: str) -> bytes:
    """The key, made by whichever process comes first; it lies outside the store."""
    folder = Path(private) / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "signing"
    with lock(folder / "lock"):
        if not path.exists():
            _make_key(path)
    return path.read_bytes()


def _make_key(path: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
