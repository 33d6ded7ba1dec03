"""What is known of runs, with our record and without, and who sees them."""

import json
from types import SimpleNamespace

import pytest

from project.server.api.access import Account, Role
from project.server.compare import documents, runs, visible
from project.server.compare.visible import Run
from project.server.errors import ApiError
from tests.server.compare.stores import Store
from tests.tracking.runs import OUTCOME, RECORD


def facts(store: Store, run: Run) -> dict:
    (told,) = documents.read(store.context(), [run])
    with store.database.read() as connection:
        return runs.facts(connection, run, told)


def test_a_run_with_a_record(store: Store) -> None:
    run = store.add()
    store.artifacts(1).mkdir(parents=True)
    scores = {"loss": "min", "bound": None}
    (store.artifacts(1) / "record.json").write_text(json.dumps(RECORD | {"scores": scores}))
    (store.artifacts(1) / "outcome.json").write_text(json.dumps(OUTCOME))
    found = facts(store, run)
    assert found[("flags", "learning_rate")] == "0.001"
    assert found[("flags", "tags")] == '["small", "cnn"]'
    assert found[("code", "sha")] == RECORD["code"]["sha"]
    assert found[("code", "dirty")] == "true"
    assert found[("data", "hash")] == RECORD["data"]["hash"]
    assert found[("data", "counts/train/total")] == "70"
    assert found[("environment", "python")] == "3.11.7"
    assert found[("run", "host")] == "box"
    assert found[("result", "best/value")] == "0.5"
    assert not any("test_accuracy" in name or "scores" in name for _, name in found)


def test_a_run_of_mlflow_alone(store: Store) -> None:
    run = store.add()
    store.params(run, lr="0.1")
    store.tag(run, mlflow__source__git__commit="abc", mlflow__runName="x", team="vision")
    expected = {("flags", "lr"): "0.1", ("code", "sha"): "abc", ("tags", "team"): "vision"}
    assert facts(store, run) == expected


@pytest.mark.parametrize(
    "content", ["[1, 2]", "{", "null", '{"best": 3, "flags": "x"}', "[" * 9999]
)
def test_a_record_that_is_none_of_ours_is_no_fault(store: Store, content: str) -> None:
    run = store.add()
    store.artifacts(1).mkdir(parents=True)
    for name in ("record.json", "outcome.json"):
        (store.artifacts(1) / name).write_text(content)
    facts(store, run)


def test_runs_are_found_by_each_of_their_ids(store: Store) -> None:
    run = store.add()
    store.tag(run, run_id="20261121-034512-7h3k")
    dashed = "00000000-0000-0000-0000-000000000001"
    for id_ in (run.id, dashed, "20261121-034512-7h3k", f" {run.id} ,,{dashed}"):
        assert store.find(id_).id == run.id


def test_an_account_sees_its_experiments_alone(store: Store) -> None:
    store.add(1, experiment=1)
    store.add(2, experiment=2)
    account = Account("ada", experiments={"1": Role.VIEWER})
    with store.database.read() as connection:
        assert len(visible.find(connection, account, f"{1:032x}")) == 1
        with pytest.raises(ApiError) as caught:
            visible.find(connection, account, f"{1:032x},{2:032x}")
    assert caught.value.status == 404


@pytest.mark.parametrize("n", [0, 21])
def test_from_1_to_20_runs(store: Store, n: int) -> None:
    with store.database.read() as connection, pytest.raises(ApiError) as caught:
        visible.find(connection, Account("ada"), ",".join(f"{i:032x}" for i in range(n)))
    assert caught.value.title == f"give from 1 to 20 runs, not {n}"


@pytest.mark.parametrize(
    "status, tag, shown",
    [
        ("FINISHED", "finished", "finished"),
        ("FAILED", "lost", "lost"),
        ("KILLED", None, "interrupted"),
        ("RUNNING", "finished", "running"),
        ("FAILED", "<b>", "failed"),
    ],
)
def test_statuses(store: Store, status: str, tag: str | None, shown: str) -> None:
    run = store.add(status=status)
    if tag:
        store.tag(run, status=tag)
    assert store.find(run.id).status == shown


@pytest.mark.parametrize(
    "name, container, expected",
    [
        ("20261121-034512-7h3k", "c", "finished"),
        ("20261121-034512-7h3k", None, "running"),
        ("mine", "c", "running"),
    ],
)
def test_our_tracker_for_neptune_says_when_a_run_has_ended(
    name: str, container: str | None, expected: str
) -> None:
    fields = ("run_uuid", "experiment_id", "experiment", "user_id", "start_time", "end_time")
    row = dict.fromkeys((*fields, "artifact_uri", "short_id", "deleted"))
    row |= {"name": name, "container_id": container, "status": "RUNNING", "told": "finished"}
    assert visible.made(SimpleNamespace(**row)).status == expected
