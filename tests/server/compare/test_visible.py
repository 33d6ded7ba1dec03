"""Runs by their ids, and who sees them."""

from types import SimpleNamespace

import pytest

from project.server.api.access import Account, Role
from project.server.compare import visible
from project.server.errors import ApiError
from tests.server.compare.stores import Store


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
        found, missing = visible.present(
            connection, account, f"{2:032x},{1:032x},20261121-034512-x"
        )
    assert caught.value.status == 404
    assert [run.id for run in found] == [f"{1:032x}"]
    assert missing == [f"{2:032x}", "20261121-034512-x"]


@pytest.mark.parametrize("n", [0, 201])
def test_from_1_to_200_runs(store: Store, n: int) -> None:
    with store.database.read() as connection, pytest.raises(ApiError) as caught:
        visible.find(connection, Account("ada"), ",".join(f"{i:032x}" for i in range(n)))
    assert caught.value.title == f"give from 1 to 200 runs, not {n}"


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
