"""The server's application: our operations and pages, in front of MLflow's own API and UI."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import anyio
from fastapi import FastAPI

from project.server.api import failures, operation, swagger
from project.server.auth.gate import protect
from project.server.auth.origins import shared
from project.server.settings import Settings
from project.server.storage.storage import Storage
from project.server.store.database import Database
from project.tracking.mlflow.store import try_once

# Modules whose import declares operations.
OPERATIONS = ("auth.authorization", "attributes.attributes", "attributes.image_reading")
OPERATIONS += ("attributes.series", "compare.api", "compare.list_api", "compare.mlflow_page")
OPERATIONS += ("containers.containers",)
OPERATIONS += ("containers.creation", "containers.signals", "containers.trash", "files.artifacts")
OPERATIONS += ("files.files", "files.fileset_uploads", "files.filesets", "ingestion.operations")
OPERATIONS += ("query.table", "workspaces.management", "workspaces.project_requests")
OPERATIONS += ("workspaces.status",)
# Modules with routes of their own: a function `routes() -> list[BaseRoute]`.
PAGES = ("api.failures", "auth.authorization", "compare.routes", "containers.links")
PAGES += ("containers.signals", "mlflow.front")
# Modules with work of their own: `async def serve(app)`, cancelled when the server ends.
TASKS = ("containers.liveness",)


def create() -> Any:
    """The ASGI application; each worker process makes its own."""
    settings = Settings.from_environment()
    app = _mlflow(settings)
    app.state.settings = settings
    app.state.database = Database(settings.store)
    app.state.storage = Storage(settings, app.state.database)
    for name in OPERATIONS:
        import_module(f"project.server.{name}")
    ours = [*swagger.routes(), *operation.routes()]
    for name in PAGES:
        ours += import_module(f"project.server.{name}").routes()
    # Before MLflow's, the last of which takes every address.
    app.router.routes[:0] = ours
    app.router.lifespan_context = _with_tasks(app.router.lifespan_context)
    failures.handle(app)
    # What is here now stays; looking through it again would take 0.2 s now and then.
    gc.freeze()
    return shared(protect(app))


def _mlflow(settings: Settings) -> FastAPI:
    from mlflow.server import handlers
    from mlflow.server.fastapi_security import SecurityHeadersMiddleware

    from project.server.mlflow.access import make_app

    try_once()
    app = make_app(settings.accounts)
    app.add_middleware(SecurityHeadersMiddleware)
    # By itself it opens them with the first request, which fails (500) if the database is away.
    handlers._get_tracking_store()
    handlers._get_model_registry_store()
    return app


def _with_tasks(lifespan: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The application's life, during which TASKS work."""

    @asynccontextmanager
    async def live(app: Any) -> AsyncIterator[Any]:
        with app.state.database:
            async with lifespan(app) as state, anyio.create_task_group() as tasks:
                for name in TASKS:
                    tasks.start_soon(import_module(f"project.server.{name}").serve, app)
                yield state
                tasks.cancel_scope.cancel()

    return live
