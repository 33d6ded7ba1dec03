"""The attributes of a container within a transaction: typed, and all written at once or not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.containers import creation
from project.server.containers.containers import look_up
from project.server.ingestion.assign import Attributes, TypeConflict
from project.server.settings import LOCAL_PROJECT, Settings
from project.server.store.tables import attributes
from project.server.store.values import Container
from project.server.workspaces import projects


@pytest.fixture
def context(
    tmp_path: Path, fresh_store: Path, context_of: Callable[[Settings], Context]
) -> Context:
    shutil.copy(fresh_store, tmp_path / "mlflow.db")
    store = f"sqlite:///{tmp_path}/mlflow.db"
    made = context_of(Settings(store, str(tmp_path), str(tmp_path), "http://x", False))
    projects.create(made.database, *LOCAL_PROJECT)
    return made


@pytest.fixture
def container(context: Context) -> Container:
    wanted = {"projectIdentifier": "/".join(LOCAL_PROJECT), "type": "run"}
    run = creation.create_experiment(context, wanted)
    with context.database.read() as connection:
        return look_up(connection, run["id"])


def write(context: Context, container: Container, **values: tuple[str, str]) -> None:
    """Write texts of these types, and commit."""
    with context.database.write() as connection:
        found = Attributes(connection, context.database, container)
        for path, (type_, text) in values.items():
            found.have(path, type_).text = text
        found.flush()


def read(context: Context, container: Container) -> dict[str, tuple[str, str, str | None]]:
    """Path, with type, text and MLflow's name, of all attributes but those of `sys`."""
    columns = (attributes.c.path, attributes.c.type, attributes.c.text, attributes.c.key)
    mine = attributes.c.container_id == container.id
    with context.database.read() as connection:
        rows = connection.execute(sa.select(*columns).where(mine)).all()
    return {path: tuple(rest) for path, *rest in rows if not path.startswith("sys/")}


def test_an_attribute_keeps_its_type_and_its_name(context: Context, container: Container) -> None:
    write(context, container, a=("string", "1"), b=("string", "2"))
    with pytest.raises(TypeConflict, match="a is of type string, not int"):
        write(context, container, b=("string", "3"), a=("int", "4"))
    write(context, container, a=("string", "5"))
    assert read(context, container) == {"a": ("string", "5", "a"), "b": ("string", "2", "b")}


def test_a_transaction_that_fails_leaves_everything(context: Context, container: Container) -> None:
    write(context, container, a=("string", "1"))
    with pytest.raises(ZeroDivisionError), context.database.write() as connection:
        found = Attributes(connection, context.database, container)
        found.remove("a")
        found.have("b", "string").text = "2"
        found.flush()
        raise ZeroDivisionError
    assert read(context, container) == {"a": ("string", "1", "a")}


def test_a_removed_attribute_is_gone_and_its_name_is_free(
    context: Context, container: Container
) -> None:
    write(context, container, **{"training/hyperparams/lr": ("string", "1")})
    with context.database.write() as connection:
        found = Attributes(connection, context.database, container)
        found.remove("training/hyperparams/lr")
        found.remove("never there")
        assert found.get("training/hyperparams/lr") is None
        found.have("lr", "string").text = "2"
        found.flush()
    assert read(context, container) == {"lr": ("string", "2", "lr")}


def test_what_is_only_read_is_not_written(context: Context, container: Container) -> None:
    write(context, container, a=("string", "1"))
    with context.database.write() as connection:
        found = Attributes(connection, context.database, container)
        found.get("a").text = "changed"
        assert found.get("b") is None
        found.flush()
    assert read(context, container) == {"a": ("string", "1", "a")}
