"""The trash is MLflow's; what is deleted from it is gone from every table and from the disk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from project.server.api.access import Account, Role
from project.server.containers import removal, trash
from project.server.errors import ApiError
from project.server.settings import Settings

ROOT = "/api/leaderboard/v1/experiments"


@pytest.fixture(scope="module")
def store(application: Any) -> Iterator[SqlAlchemyStore]:
    """MLflow's own view of the application's store."""
    made = SqlAlchemyStore(Settings.from_environment().store, "mlflow-artifacts:/")
    yield made
    made.engine.dispose()


@pytest.fixture
def project(client: Any) -> dict[str, Any]:
    """A project of the test's own, whose key is KEY."""
    body = {"organizationId": "local", "name": f"t-{uuid.uuid4().hex[:12]}", "projectKey": "KEY"}
    return client.post("/api/backend/v1/projects", json=body).json()


def make(client: Any, project: dict[str, Any], type_: str = "run", **fields: Any) -> dict[str, Any]:
    body = {"projectIdentifier": project["id"], "type": type_, **fields}
    return client.post(ROOT, json=body).json()


def do(client: Any, project: dict[str, Any], action: str, identifiers: Any = None) -> Any:
    address = f"{ROOT}/{action}?projectIdentifier={project['id']}"
    return client.post(address, json=identifiers)


def fill(client: Any, store: SqlAlchemyStore, run: dict[str, Any]) -> Path:
    """Give a run a curve, a log, a value, a file and what MLflow knows more; the file's folder."""
    points = [{"value": n / 7, "step": n / 2, "timestampMilliseconds": n} for n in range(9)]
    lines = [{"value": str(n), "step": n, "timestampMilliseconds": n} for n in range(9)]
    operations = [
        {"path": "curve", "logFloats": {"entries": points}},
        {"path": "log", "logStrings": {"entries": lines}},
        {"path": "x", "assignFloat": {"value": 1.5}},
    ]
    address = "/api/leaderboard/v1/attributes/operations"
    answer = client.post(address, params={"experimentId": run["id"]}, json=operations)
    assert answer.json() == []
    run_uuid = run["id"].replace("-", "")
    metric, param, tag = Metric("m", 1.0, 0, 0), Param("p", "1"), RunTag("t", "1")
    store.log_batch(run_uuid, [metric], [param], [tag])
    folder = Path(Settings.from_environment().artifacts) / artifact_path(store, run_uuid)
    folder.mkdir(parents=True)
    (folder / "file.txt").write_text("content")
    return folder


def artifact_path(store: SqlAlchemyStore, run_uuid: str) -> str:
    return store.get_run(run_uuid).info.artifact_uri.removeprefix("mlflow-artifacts:/")


def mentions(store: SqlAlchemyStore, run: dict[str, Any]) -> dict[str, int]:
    """How many rows of each table name the run, in any column, under any of its ids."""
    ids, found = (run["id"], run["id"].replace("-", "")), {}
    metadata = sa.MetaData()
    metadata.reflect(store.engine)
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [c.in_(ids) for c in table.columns if isinstance(c.type, sa.String)]
            if columns:
                count = sa.select(sa.func.count()).select_from(table).where(sa.or_(*columns))
                found[table.name] = connection.execute(count).scalar_one()
    return {name: count for name, count in found.items() if count}


def test_the_trash_is_mlflows(client: Any, project: dict[str, Any], store: SqlAlchemyStore) -> None:
    run, other = make(client, project), make(client, project)
    name = f"local/{project['name']}/KEY-1"
    answer = do(client, project, "trash", [name]).json()
    assert answer == {"errors": [], "updatedExperimentIdentifiers": [name]}
    info = store.get_run(run["id"].replace("-", "")).info
    assert info.lifecycle_stage == "deleted"
    active = store.search_runs([info.experiment_id], "", ViewType.ACTIVE_ONLY)
    assert [item.info.run_id for item in active] == [other["id"].replace("-", "")]
    assert client.get(ROOT, params={"experimentId": run["id"]}).json()["trashed"] is True
    do(client, project, "trash/restore", [run["id"]])
    assert store.get_run(run["id"].replace("-", "")).info.lifecycle_stage == "active"
    assert client.get(ROOT, params={"experimentId": run["id"]}).json() == run


def test_what_is_deleted_is_gone(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore
) -> None:
    run, other = make(client, project, customId="a"), make(client, project)
    folder, kept = fill(client, store, run), fill(client, store, other)
    before = mentions(store, other)
    assert {"neptune_attributes", "neptune_entries", "neptune_fractions", "metrics"} <= set(before)
    do(client, project, "trash", [run["id"], other["id"]])
    do(client, project, "trash/restore", [other["id"]])
    assert do(client, project, "trash/deleteAll").json()["updatedExperimentIdentifiers"] == [
        run["id"]
    ]
    assert mentions(store, run) == {}
    assert not folder.exists()
    assert mentions(store, other) == before
    assert (kept / "file.txt").read_text() == "content"
    assert client.get(ROOT, params={"experimentId": run["id"]}).status_code == 404
    # Its number is not given again, and its own id is free.
    assert make(client, project, customId="a")["shortId"] == "KEY-3"


def test_a_model_goes_with_its_versions(client: Any, project: dict[str, Any]) -> None:
    model = make(client, project, "model", key="TREE")
    version = make(client, project, "modelVersion", parentId=model["id"])
    do(client, project, "trash", [model["id"]])
    assert client.get(ROOT, params={"experimentId": version["id"]}).json()["trashed"] is True
    do(client, project, "trash/delete", [model["id"]])
    for item in (model, version):
        assert client.get(ROOT, params={"experimentId": item["id"]}).status_code == 404


def test_each_obstacle_is_named(client: Any, project: dict[str, Any]) -> None:
    run = make(client, project)
    elsewhere = make(client, {"id": "local/runs"})
    do(client, project, "trash", [run["id"]])
    live = make(client, project)
    cases = [
        ("trash", run["id"], "ALREADY_TRASHED"),
        ("trash", elsewhere["id"], "NOT_EXISTS"),
        ("trash", "RUN-77", "NOT_EXISTS"),
        ("trash", project["id"], "NOT_EXISTS"),  # nobody has asked for it yet
        ("trash/delete", live["id"], "NOT_IN_TRASH"),
        ("trash/restore", live["id"], "NOT_IN_TRASH"),
    ]
    for action, identifier, reason in cases:
        answer = do(client, project, action, [identifier]).json()
        assert [error["reason"] for error in answer["errors"]] == [reason]
        assert answer["updatedExperimentIdentifiers"] == []
    client.get(ROOT, params={"experimentId": project["id"]})
    answer = do(client, project, "trash", [project["id"]]).json()
    assert [error["reason"] for error in answer["errors"]] == ["IS_PROJECT"]


@pytest.mark.parametrize("body", [None, 3, "x", {"a": 1}, [1], ["x\0"], [["x"]], ["x"] * 1001])
@pytest.mark.parametrize("action", ["trash", "trash/restore", "trash/delete"])
def test_malformed_lists_are_refused(
    client: Any, project: dict[str, Any], action: str, body: Any
) -> None:
    assert do(client, project, action, body).status_code == 400


def test_viewers_change_nothing(client: Any, project: dict[str, Any], context_of: Any) -> None:
    run = make(client, project)
    account = Account("v", roles={project["id"]: Role.VIEWER})
    viewer = context_of(Settings.from_environment(), account)
    for action in (trash.trash, trash.restore, trash.delete):
        with pytest.raises(ApiError) as refused:
            action(viewer, project["id"], [run["id"]])
        assert refused.value.status == 403
    member = Account("m", roles={project["id"]: Role.MEMBER})
    with pytest.raises(ApiError) as refused:
        trash.delete_project(context_of(Settings.from_environment(), member), project["id"])
    assert refused.value.status == 403


def test_a_deleted_project_leaves_only_what_is_mlflows(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore
) -> None:
    run, model = make(client, project), make(client, project, "model", key="A")
    folder = fill(client, store, run)
    number = store.get_experiment_by_name(f"local/{project['name']}").experiment_id
    direct = store.create_run(number, "me", 0, [], "direct").info.run_id
    answer = client.delete(f"/api/backend/v1/projects?projectIdentifier={project['id']}")
    assert answer.status_code == 200
    assert mentions(store, run) == mentions(store, model) == mentions(store, project) == {}
    assert not folder.exists()
    assert store.get_run(direct).info.lifecycle_stage == "deleted"
    assert store.get_experiment(number).lifecycle_stage == "deleted"
    anew = {"organizationId": "local", "name": project["name"]}
    assert client.post("/api/backend/v1/projects", json=anew).json()["id"] != project["id"]


def test_what_mlflow_has_removed_for_good_is_purged(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore, context_of: Any
) -> None:
    run, other = make(client, project), make(client, project)
    fill(client, store, run)
    store.delete_run(run["id"].replace("-", ""))
    store._hard_delete_run(run["id"].replace("-", ""))  # as `mlflow gc` does
    assert client.get(ROOT, params={"experimentId": run["id"]}).status_code == 404
    removal.purge(context_of(Settings.from_environment()).database)
    assert mentions(store, run) == {}
    assert client.get(ROOT, params={"experimentId": other["id"]}).status_code == 200


CLIENT = """
import json, neptune
from neptune import management
name = management.create_project("trash-" + __import__("uuid").uuid4().hex[:8], workspace="local")
quiet = dict(capture_hardware_metrics=False, capture_stdout=False, capture_stderr=False,
             capture_traceback=False, source_files=[], git_ref=False, project=name)
ids = []
for _ in range(3):
    with neptune.init_run(**quiet) as run:
        ids.append(run["sys/id"].fetch())
said = {}
def seen(trashed):
    with neptune.init_project(name, mode="read-only") as project:
        rows = project.fetch_runs_table(trashed=trashed, progress_bar=False).to_rows()
    return sorted(row.get_attribute_value("sys/id") for row in rows)
management.trash_objects(name, ids[:2])
said["live"], said["trash"] = seen(False), seen(True)
management.delete_objects_from_trash(name, ids[0])
said["after"] = seen(None)
management.clear_trash(name)
said["end"] = seen(None)
print(json.dumps([ids, said]))
"""


def test_the_client_sees_the_trash(script: Any) -> None:
    output, _ = script(CLIENT).communicate()
    (first, second, third), said = json.loads(output.splitlines()[-1])
    assert said == {
        "live": [third],
        "trash": [first, second],
        "after": [second, third],
        "end": [third],
    }, output
