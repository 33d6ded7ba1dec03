"""What every handler is given: the account that asks, the store, and the server's settings."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from project.server.api.access import Account
from project.server.settings import Settings
from project.server.storage.storage import Storage
from project.server.store.database import Database


@dataclass(frozen=True)
class Context:
    """One request's surroundings.

    Attributes:
        account: who asks; checked to be let in at all, not yet to what.
        database: the store's tables, MLflow's and ours.
        storage: the files of runs.
        settings: how the server was started.
        request: the request itself (a websocket's connection for a signal).
    """

    account: Account
    database: Database
    storage: Storage
    settings: Settings
    request: HTTPConnection


def context_of(request: HTTPConnection) -> Context:
    """The context that `app.create` and the check in front of it have prepared."""
    state = request.app.state
    return Context(request.scope["account"], state.database, state.storage, state.settings, request)
