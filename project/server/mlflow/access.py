"""MLflow's own API and pages behind our accounts.

MLflow's basic-auth application decides for each of its routes which experiment is meant and which
right it takes, and filters what its searches find. Two things of it are ours: whom a request comes
from, which the gate in front has settled, and what that account may do, which our tables know. Its
own tables of users and permissions are not made.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from starlette.routing import BaseRoute, Match
from werkzeug.datastructures import Authorization

from project.server.api.access import CURRENT, Role
from project.server.errors import ApiError

PERMISSIONS = {Role.VIEWER: "READ", Role.MEMBER: "EDIT", Role.MANAGER: "MANAGE"}
# What an account that is no admin may ask MLflow for; whether it may in this experiment, MLflow
# then finds in `Grants`. The rest (model registry, prompts, gateways, webhooks, jobs, making and
# renaming experiments, ...) belongs to no project, or is done through ours, and is for admins.
_API = r"/(ajax-)?api/[23]\.0/mlflow"
ALLOWED = re.compile(
    r"/|/health|/version|/favicon\.ico|/static-files/.*|/get-artifact|/graphql"
    rf"|{_API}/experiments/(get|get-by-name|search|search-datasets)"
    rf"|{_API}/runs/(create|get|update|delete|restore|search|set-tag|delete-tag)"
    rf"|{_API}/runs/(log-metric|log-parameter|log-batch|log-inputs|log-model|outputs)"
    rf"|{_API}/metrics/get-history(-bulk(-interval)?)?"
    rf"|{_API}/(artifacts/list|upload-artifact|logged-models(/.*)?)"
    rf"|{_API}/(server-info|users/current|registered-models/search|model-versions/search)"
    rf"|{_API}-artifacts/(artifacts|mpu/(create|complete|abort))(/.*)?"
)
# What acts in the server's name is for nobody: MLflow's assistant runs commands for whoever comes
# from the same machine, as all do behind a proxy; jobs start processes; the gateway spends keys.
_ACTS = "assistant|jobs|prompt-optimization|scorer|gateway|gateway-proxy"
CLOSED = re.compile(rf"{_API}/({_ACTS})(/.*)?|/gateway(/.*)?")


def make_app(accounts: bool) -> FastAPI:
    """MLflow's application with a fence before its routes and, for accounts, its checks on."""
    from mlflow.server.fastapi_app import create_fastapi_app

    auth = _prepared() if accounts else None
    app = create_fastapi_app()
    if auth is not None:
        auth.add_fastapi_permission_middleware(app)
    app.router.routes.insert(0, Fence())
    return app


def authenticate() -> Authorization:
    """Tell MLflow whom the request comes from."""
    return Authorization("basic", {"username": CURRENT.get().name, "password": ""})


class Fence(BaseRoute):
    """Takes the requests that the account may not make of MLflow at all."""

    def matches(self, scope: Any) -> tuple[Match, dict[str, Any]]:
        """All but what is allowed; for admins, and without accounts, only what is closed."""
        path = scope["path"]
        free = ALLOWED.fullmatch(path) or scope["account"].admin and not CLOSED.match(path)
        return (Match.NONE if free else Match.FULL), {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse."""
        error = ApiError(403, "ACCESS_DENIED", "this part of MLflow is for admins, or for nobody")
        await error.response()(scope, receive, send)


class Grants:
    """Stands where MLflow has its tables of users and permissions; knows one account, who asks."""

    def get_user(self, username: str) -> Any:
        """The account that asks, as MLflow's kind of user."""
        from mlflow.server.auth.entities import User

        account = CURRENT.get()
        assert username == account.name, "MLflow asks for another account than the one that asks"
        return User(account.name, account.name, None, account.admin)

    def list_grants(self, user_id: str, workspace: str, resource_types: Collection[str]) -> Any:
        """The account's rights in experiments, which hold for the runs in them, too."""
        from mlflow.server.auth.sqlalchemy_store import RoleGrantRow

        if "experiment" not in resource_types:
            return []
        roles = CURRENT.get().experiments
        return [RoleGrantRow("experiment", n, PERMISSIONS[role]) for n, role in roles.items()]

    def _nothing(self, *_: Any, **__: Any) -> None:
        """What an admin makes or deletes in MLflow changes nobody's rights."""

    init_db = grant_user_permission = _nothing
    delete_grants_for_resource = rename_grants_for_resource = _nothing

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any, **__: Any) -> Any:
            raise MlflowException(
                "accounts are managed with `python -m project.serve token`", PERMISSION_DENIED
            )

        return refuse


@cache
def _prepared() -> Any:
    """MLflow's module of accounts, hooked into its application; once in a process."""
    os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(Path(__file__).with_name("auth.ini"))
    # Guards a form that nobody can use here, but must be there.
    os.environ["MLFLOW_FLASK_SERVER_SECRET_KEY"] = "unused"
    os.environ["_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED"] = "true"
    from mlflow.server import auth

    logging.getLogger("mlflow.server.auth").setLevel(logging.ERROR)  # "still experimental"
    auth.store = Grants()
    auth.create_app()
    return auth
