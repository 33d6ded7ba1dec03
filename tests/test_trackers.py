"""Runs and trackers end to end: what a run logs is in the store, and no tracker can harm a run."""

import base64
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project import closing, tracking
from project.cli.flags import parse
from project.main import main
from project.plan import Plan, make_plan
from project.tracking import attached as _attached
from tests.tracking import stand_in
from tests.tracking.test_attached import command

FLAGS = "--model mlp --hidden-dim 16 --max-epochs 2 --exp-name sent".split()


def only_run(exp_dir: Path) -> Path:
    (directory,) = (path for path in (exp_dir / "sent").iterdir() if path.is_dir())
    return directory


def plan(*argv: str) -> Plan:
    """What a command line of a named experiment asks for."""
    return make_plan(parse(["--exp-name", "sent", *argv]))


def test_the_mode_chooses_neptune_and_reaches_its_follower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEPTUNE_MODE", "async")
    monkeypatch.setenv("NEPTUNE_API_TOKEN", "no" "ne that could be used")
    monkeypatch.chdir(tmp_path)
    assert plan("--neptune-mode", "offline").trackers == ("neptune",)
    assert os.environ["NEPTUNE_MODE"] == "offline"  # which followers inherit
    assert plan("--neptune-mode", "offline", "--tracker", "none").trackers == ()
    with pytest.raises(ValueError, match="NEPTUNE_API_TOKEN is not a Neptune token"):
        plan("--neptune-mode", "async")


def test_results_are_shown_before_trackers_are_waited_for_and_ctrl_c_leaves_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_attached, "follow_command", command)
    monkeypatch.setenv(stand_in.BEHAVIOUR, "hang")
    shown, real, attached = [], tracking.ReadyFollowers.attach, []

    def wait(timeout: float) -> int:
        shown.append(capsys.readouterr())
        outcome = json.loads((only_run(tmp_path) / "outcome.json").read_text())
        assert outcome["status"] == "finished"
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("Ctrl-C did not end the wait")

    def attach(*args: Any) -> tracking.Followers:
        attached.append(real(*args))
        monkeypatch.setattr(attached[0].followers[stand_in.NAME], "wait", wait)
        return attached[0]

    monkeypatch.setattr(tracking.ReadyFollowers, "attach", attach)
    assert main([*FLAGS, "--exp-dir", str(tmp_path), "--tracker", stand_in.NAME]) == 0
    follower = attached[0].followers[stand_in.NAME]
    assert follower.poll() is None  # it lives on
    monkeypatch.undo()
    follower.kill()
    follower.wait()
    assert ": finished" in shown[0].out
    assert "test 0." in shown[0].out and "compare it:" in shown[0].out
    assert f"sending to {stand_in.NAME}: " in shown[0].err and "Ctrl-C" in shown[0].err
    assert f"{stand_in.NAME}: still sending in the background" in capsys.readouterr().out


def points(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """Every value that the run's directory holds, by name, in order."""
    found: dict[str, list[tuple[int, float]]] = {}
    for line in (directory / "journal.jsonl").read_text().splitlines():
        record = json.loads(line)
        for name, value in record["metrics"].items():
            found.setdefault(name, []).append((record["step"], float(value)))
    return found


def test_all_of_a_run_is_in_the_embedded_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "TRACKER_SECONDS", 200)  # however busy the machine is
    argv = [*FLAGS, "--exp-dir", str(tmp_path), "--learning-rate", "0.005", "--tags", "blue"]
    assert main([*argv, "--tracker", "mlflow"]) == 0
    assert "-m project.serve" in capsys.readouterr().out
    directory = only_run(tmp_path)
    record = json.loads((directory / "record.json").read_text())

    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    (entry,) = client.search_runs([client.get_experiment_by_name("sent").experiment_id])
    assert entry.info.run_name == directory.name
    assert entry.info.status == "FINISHED"
    assert entry.data.params["learning_rate"] == "0.005"
    assert entry.data.tags["git_sha"] == str(record["code"]["sha"])
    assert entry.data.tags["data_hash"] == record["data"]["hash"]
    (dataset,) = entry.inputs.dataset_inputs
    assert dataset.dataset.name == "digits"
    assert dataset.dataset.digest in record["data"]["hash"]
    logged = points(directory)
    assert len(logged["train_loss"]) == 2 * 10  # 1,259 training samples in batches of 128
    for name in ("train_loss", "learning_rate", "grad_norm", "val_accuracy", "test_f1_macro"):
        history = client.get_metric_history(entry.info.run_id, name)
        assert sorted((m.step, m.value) for m in history) == logged[name], name
    files = {f.path for f in client.list_artifacts(entry.info.run_id)}
    assert {"record.json", "outcome.json", "requirements.lock", "figures"} <= files


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.fixture
def no_server() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    "kind", [pytest.param("no_server", marks=pytest.mark.nightly), "silent_server"]
)
def test_a_neptune_server_that_is_away_harms_nothing(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = f"http://127.0.0.1:{request.getfixturevalue(kind)}"
    token = {"api_address": address, "api_url": address, "api_key": "no" "body-may-see-this"}
    monkeypatch.setenv("NEPTUNE_API_TOKEN", base64.b64encode(json.dumps(token).encode()).decode())
    monkeypatch.setenv("NEPTUNE_PROJECT", "team/project")
    monkeypatch.setattr(closing, "TRACKER_SECONDS", 0.1)
    attached = []

    real = tracking.ReadyFollowers.attach

    def attach(*args: Any) -> tracking.Followers:
        attached.append(real(*args))
        return attached[0]

    monkeypatch.setattr(tracking.ReadyFollowers, "attach", attach)
    assert main([*FLAGS, "--exp-dir", str(tmp_path), "--tracker", "neptune"]) == 0
    # It would try on for ten minutes.
    attached[0].followers["neptune"].kill()
    attached[0].followers["neptune"].wait()
    directory = only_run(tmp_path)
    assert json.loads((directory / "outcome.json").read_text())["status"] == "finished"
    assert len(points(directory)["train_loss"]) == 20
    out = capsys.readouterr().out
    assert "neptune" in out
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"no" b"body-may-see-this" not in path.read_bytes(), path
