"""The store, connected to and given its tables before the server starts."""

from __future__ import annotations

import sqlalchemy as sa

from project.databases.faults import reason
from project.server.settings import LOCAL_PROJECT, Settings
from project.tracking.mlflow.settings import bounded
from project.tracking.mlflow.store import advice, try_once
from project.tracking.scrub import scrub


def prepare_store(settings: Settings) -> None:
    """Connect to the store and make its tables, before worker processes all try to.

    Raises:
        ValueError: it can't be used; the message holds no password.
    """
    from alembic.util import CommandError
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    from project.server.store.database import Database
    from project.server.workspaces import projects

    try_once()
    try:
        _reach(settings.store)
        SqlAlchemyStore(bounded(settings.store), "mlflow-artifacts:/").engine.dispose()
        if not settings.accounts:
            with Database(settings.store) as database:
                projects.create(database, *LOCAL_PROJECT, key="RUN")
    except (MlflowException, CommandError, sa.exc.SQLAlchemyError, ImportError) as error:
        why = advice(error) or reason(error)
        raise ValueError(f"the store {scrub(settings.store)} can't be used: {scrub(why)}") from None


def _reach(store: str) -> None:
    """Connect once: MLflow would try for minutes, whatever the reason."""
    if sa.make_url(store).get_backend_name() != "sqlite":  # a file may still be made
        sa.create_engine(bounded(store), poolclass=sa.NullPool).connect().close()
