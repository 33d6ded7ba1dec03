"""Whose credentials a request carries: a signed token, an API key, or a browser's login."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from project.server.api.access import Account
from project.server.auth import accounts, tokens
from project.server.auth.tokens import unauthorized
from project.server.settings import Settings
from project.server.store.database import Database


def account_of(settings: Settings, database: Database, headers: Mapping[str, str]) -> Account:
    """The account that a request's headers prove.

    `Bearer` carries a signed token (Neptune's client) or an API key (MLFLOW_TRACKING_TOKEN);
    `Basic` an account's name and one of its API keys (browsers, MLFLOW_TRACKING_USERNAME).

    Raises:
        ApiError: 401, there is no credential, or it doesn't hold.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _bearer(settings, database, value.strip())
    if scheme.lower() == "basic":
        return _basic(settings, database, value.strip())
    raise unauthorized()


def _bearer(settings: Settings, database: Database, value: str) -> Account:
    if value.count(".") != 2:  # no JWT
        return accounts.of_key(settings, database, value).account
    claims = tokens.verify(settings, value, "access")
    return accounts.of_key_id(settings, database, claims["key"]).account


def _basic(settings: Settings, database: Database, value: str) -> Account:
    try:
        name, _, key = base64.b64decode(value).decode().partition(":")
    except ValueError:
        raise unauthorized() from None
    return accounts.of_key(settings, database, key, login=name).account
