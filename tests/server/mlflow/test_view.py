"""What MLflow shows of a run logged through Neptune: as if it had been logged to MLflow itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from project.server.mlflow.names import METRIC, PARAM, TAG, free, showing
from project.tracking.mlflow.layout import safe_name
from tests import forks
from tests.server.batches import TIME, Run, do, log, make_run, stepless
from tests.server.conftest import Server
from tests.tracking.runs import OUTCOME, RECORD, RUN_ID, finish
from tests.tracking.runs import log as journal
from tests.tracking.runs import make_run as make_run_dir


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def mlflow(run: Run) -> dict[str, Any]:
    """The run as MLflow's own REST API gives it: params, metrics and tags."""
    answer = run.client.get("/api/2.0/mlflow/runs/get", params={"run_id": run.id.replace("-", "")})
    data = answer.json()["run"]["data"]
    names = ("params", "metrics", "tags")
    return {name: {x["key"]: x["value"] for x in data.get(name, [])} for name in names}


def history(run: Run, key: str) -> list[tuple[int, int, float]]:
    """A curve as MLflow's own REST API gives it."""
    params = {"run_id": run.id.replace("-", ""), "metric_key": key}
    answer = run.client.get("/api/2.0/mlflow/metrics/get-history", params=params).json()
    return sorted((m["step"], m["timestamp"], m["value"]) for m in answer.get("metrics", []))


def test_scalars_are_params_as_people_write_them(run: Run) -> None:
    run.send(
        do("a/int", "assignInt", value=3),
        do("a/float", "assignFloat", value=0.001),
        do("a/tiny", "assignFloat", value=1e-7),
        do("a/seed", "assignFloat", value=2**32 - 1),
        do("a/flag", "assignBool", value=True),
        do("a/time", "assignDatetime", valueMilliseconds=TIME),
        do("a/empty", "assignString", value=""),
        do("a/long", "assignString", value="x" * 10_000),
        do("training/hyperparams/lr", "assignFloat", value=0.1),
        do("training/hyperparams/optimizer/name", "assignString", value="adam"),
    )
    assert mlflow(run)["params"] == {
        "a/int": "3",
        "a/float": "0.001",
        "a/tiny": "1e-07",
        "a/seed": "4294967295",
        "a/flag": "true",
        "a/time": "2023-11-14T22:13:20.000Z",
        "a/empty": "",
        "a/long": "x" * 5997 + "...",
        "lr": "0.1",
        "optimizer/name": "adam",
    }
    run.send(do("a/int", "assignInt", value=4))
    assert mlflow(run)["params"]["a/int"] == "4"


def test_curves_are_metrics_with_their_whole_history(run: Run) -> None:
    run.send(stepless("training/loss", 3.0, 2.0), log("x y/a@b", (1.5, TIME, 1.0), (1.75, TIME, 2)))
    assert mlflow(run)["metrics"] == {"loss": 2.0, "x y/a:40:b": 2.0}
    assert history(run, "loss") == [(0, TIME, 3.0), (1, TIME + 1, 2.0)]
    assert history(run, "x y/a:40:b") == [(1, TIME, 1.0), (1, TIME, 2.0)]


def test_the_latest_value_is_the_one_that_mlflow_itself_shows(run: Run) -> None:
    """MLflow's log-batch gets the same points, in the same order, for a key of its own."""
    points = [(3, TIME, 1.0), (1, TIME + 9, 2.0), (3, TIME + 1, 0.5), (3, TIME + 1, 0.75)]
    for point in [*points, points[0]]:
        run.send(log("ours", point))
        metric = dict(zip(("step", "timestamp", "value"), point, strict=True))
        body = {"run_id": run.id.replace("-", ""), "metrics": [{"key": "theirs", **metric}]}
        assert run.client.post("/api/2.0/mlflow/runs/log-batch", json=body).status_code == 200
        metrics = mlflow(run)["metrics"]
        assert metrics["ours"] == metrics["theirs"]
    assert history(run, "ours") == history(run, "theirs")


def test_what_is_deleted_or_cleared_is_not_shown_any_more(run: Run) -> None:
    before = mlflow(run)
    run.send(
        do("p", "assignInt", value=1),
        do("source_code/git/sha", "assignString", value="abc"),
        stepless("m", 1.0),
        log("f", (0.5, TIME, 1.0)),
        stepless("cleared", 1.0),
        do("track", "assignArtifact", hash="ab" * 32),
    )
    assert mlflow(run)["tags"]["mlflow.source.git.commit"] == "abc"
    assert [i["dataset"]["name"] for i in inputs(run)] == ["track"]
    paths = ("p", "source_code/git/sha", "m", "f", "track")
    run.send(*(do(path, "deleteAttribute") for path in paths))
    run.send(do("cleared", "clearFloatSeries"))
    assert mlflow(run) == before
    assert [history(run, key) for key in ("m", "f", "cleared")] == [[], [], []]
    assert inputs(run) == []


def test_an_attribute_of_another_type_takes_the_place_of_a_deleted_one(run: Run) -> None:
    run.send(do("x", "assignInt", value=1))
    run.send(do("x", "deleteAttribute"), stepless("x", 2.0))
    assert mlflow(run)["metrics"] == {"x": 2.0} and mlflow(run)["params"] == {}
    run.send(do("x", "deleteAttribute"), do("x", "assignString", value="now"))
    assert mlflow(run)["metrics"] == {} and mlflow(run)["params"] == {"x": "now"}


def test_names_that_differ_only_in_what_mlflow_refuses_stay_apart(run: Run) -> None:
    names = (
        "acc@top1",
        "acc#top1",
        "acc:40:top1",
        "training/acc@top1",
        "acc/@",
        "acc//@",
        "ä",
        "Ä",
    )
    run.send(*(stepless(name, float(i)) for i, name in enumerate(names)))
    shown = mlflow(run)["metrics"]
    assert sorted(shown.values()) == [float(i) for i in range(len(names))]
    assert [run.series(name)[0][2] for name in names] == [float(i) for i in range(len(names))]


def test_a_name_that_is_taken_leaves_the_whole_path(run: Run) -> None:
    first = [
        do("lr", "assignFloat", value=1),
        do("training/hyperparams/lr", "assignFloat", value=2),
    ]
    run.send(*first, stepless("training/loss", 1.0))
    run.send(stepless("loss", 2.0))
    shown = mlflow(run)
    assert shown["params"] == {"lr": "1.0", "training/hyperparams/lr": "2.0"}
    (other,) = (key for key, value in shown["metrics"].items() if value == 2.0)
    assert shown["metrics"] == {"loss": 1.0, other: 2.0} and other.startswith("loss:")
    run.send(do("training/loss", "deleteAttribute"))
    run.send(stepless("loss", 3.0, at=TIME + 5))
    assert mlflow(run)["metrics"] == {other: 3.0}


PATH = st.text("a@:/ä.", min_size=1, max_size=8) | st.text("x@", min_size=240, max_size=260)


@given(st.sets(PATH), st.booleans())
def test_names_are_never_shared(paths: set[str], ours: bool) -> None:
    given = {f"training/{p}" for p in paths} | {f"training/hyperparams/{p}" for p in paths} | paths
    for type_, shown_as in (("floatSeries", METRIC), ("string", PARAM)):
        taken: set[tuple[str, str]] = set()
        for path in sorted(given):
            found = free(showing(path, type_, ours), path, taken)
            assert (found.shown_as, found.key) not in taken
            assert len(found.key) <= 250 and safe_name(found.key.replace(":", "")) != ""
            assert found.shown_as in (shown_as, TAG)
            taken.add((found.shown_as, found.key))


def inputs(run: Run) -> list[dict[str, Any]]:
    """The run's data sets as MLflow's own REST API gives them."""
    answer = run.client.get("/api/2.0/mlflow/runs/get", params={"run_id": run.id.replace("-", "")})
    return answer.json()["run"].get("inputs", {}).get("dataset_inputs", [])


def test_somebody_elses_data_namespace_is_a_data_set_with_a_hash(run: Run) -> None:
    run.send(do("data/hash", "assignString", value="f" * 64), do("data/size", "assignInt", value=3))
    (found,) = inputs(run)
    assert (found["dataset"]["name"], found["dataset"]["digest"]) == ("data", "f" * 36)
    run.send(do("data/name", "assignString", value="cats"))
    assert [i["dataset"]["name"] for i in inputs(run)] == ["cats"]
    assert mlflow(run)["params"] == {"data/size": "3", "data/name": "cats"}


SEND = """
import sys
from pathlib import Path
from project.tracking.follower import Follower
with Follower(Path(sys.argv[1]), sys.argv[2]) as follower:
    follower.catch_up(ended=True)
"""
SENDERS = ("neptune", "mlflow")


def test_a_run_of_this_project_looks_as_the_mlflow_tracker_leaves_it(
    server: Server, tmp_path: Path
) -> None:
    """The same run directory, sent through the Neptune client and by the MLflow tracker."""
    flags = RECORD["flags"] | {"empty": "", "negative": -0.5, "seed": 2**31}
    data = RECORD["data"] | {"hashes": {"train": "blake3:" + "01" * 32}}
    environment = {"python": "3.11.7", "packages": {"numpy": "2.4.0", "torch": "2.14.1"}}
    directory = make_run_dir(
        tmp_path, exp_name="twice", flags=flags, data=data, environment=environment
    )
    (directory / "figures" / "confusion.csv").write_text("true,predicted\n")
    journal(directory, *(({"train_loss": 1 / s, "val_recall/a@b": s}, s) for s in range(1, 250)))
    finish(directory, best=OUTCOME["best"] | {"metrics": {"val_loss": 0.5}})
    settings = {**os.environ, **server.environment, "MLFLOW_TRACKING_URI": server.url}
    for sender in [forks.python(["-c", SEND, directory, name], settings) for name in SENDERS]:
        said, _ = sender.communicate()
        assert sender.returncode == 0, said
    ours, theirs = (_found(server, name) for name in (server.project, "twice"))
    for shown in ("params", "metrics"):
        assert ours["data"][shown] == theirs["data"][shown] != {}
    assert ours["data"]["metrics"]["best/val_loss"] == 0.5
    # And its names in Neptune.
    for name in ("neptune.id", "neptune.type", "neptune.custom_run_id"):
        del ours["data"]["tags"][name]
    assert ours["data"]["tags"] == theirs["data"]["tags"] != {}
    assert ours["files"] == theirs["files"] and "figures/confusion.csv" in ours["files"]
    assert ours["inputs"] == theirs["inputs"] != []
    assert ours["history"] == theirs["history"]


def _found(server: Server, experiment: str) -> dict[str, Any]:
    """The run of the experiment that has the directory's id, as MLflow's REST API has it."""
    with httpx.Client(base_url=f"{server.url}/api/2.0/mlflow", trust_env=False) as client:
        named = {"experiment_name": experiment}
        found = client.get("experiments/get-by-name", params=named).json()["experiment"]
        query = {"experiment_ids": [found["experiment_id"]], "filter": f"tags.run_id = '{RUN_ID}'"}
        (run,) = client.post("runs/search", json=query).json()["runs"]
        pairs = {
            name: {item["key"]: item["value"] for item in run["data"][name]}
            for name in ("params", "metrics", "tags")
        }
        where = {"run_id": run["info"]["run_id"], "metric_key": "train_loss"}
        curve = client.get("metrics/get-history", params=where).json()["metrics"]
        points = [(m["step"], m["timestamp"], m["value"]) for m in curve]
        files = _files(client, run["info"]["run_id"])
        data = run.get("inputs", {}).get("dataset_inputs", [])
        for found in data:  # whose members may stand in any order
            found["dataset"]["profile"] = json.loads(found["dataset"]["profile"])
    return {"data": pairs, "inputs": data, "history": sorted(points), "files": files}


def _files(client: httpx.Client, run_id: str, folder: str = "") -> dict[str, int]:
    """The path and size of each of the run's files."""
    where = {"run_id": run_id, "path": folder}
    found: dict[str, int] = {}
    for item in client.get("artifacts/list", params=where).json().get("files", []):
        found |= _files(client, run_id, item["path"]) if item["is_dir"] else {}
        found |= {} if item["is_dir"] else {item["path"]: item["file_size"]}
    return found
