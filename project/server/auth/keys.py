"""API keys: made once, shown once, and kept as a hash."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import uuid

import orjson
import sqlalchemy as sa

from project.server.store.tables import tokens


def make(connection: sa.Connection, account: str) -> tuple[str, str]:
    """Make an API key for the account.

    Returns:
        Its id, and the key itself, which is kept nowhere.
    """
    key_id, key = str(uuid.uuid4()), secrets.token_urlsafe(32)
    row = {"id": key_id, "account": account, "digest": digest(key), "created": now()}
    connection.execute(tokens.insert().values(row))
    return key_id, key


def revoke(connection: sa.Connection, named: str) -> int:
    """Revoke the key with this id, or all of the account of this name.

    Returns:
        How many held until now.
    """
    here = (tokens.c.id == named) | (tokens.c.account == named)
    update = tokens.update().where(here, tokens.c.revoked.is_(None)).values(revoked=now())
    return connection.execute(update).rowcount


def digest(key: str) -> str:
    """What the store keeps of a key.

    A slow, salted hash guards passwords that people choose, of which an attacker can try the likely
    ones. A key has 256 random bits, so there is nothing likely to try, and a plain SHA-256 is as
    safe; it takes a microsecond with every request. It also makes looking a key up by its digest
    tell nothing through the time it takes: nobody can make keys with chosen digests.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def key_in(client_token: str) -> str | None:
    """The API key in a NEPTUNE_API_TOKEN, or None if it is none."""
    try:
        content = orjson.loads(base64.b64decode(client_token))
    except ValueError:
        return None
    key = content.get("api_key") if isinstance(content, dict) else None
    return key if isinstance(key, str) else None


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 10**6
