"""The verdict: beside both runs, and in the store where they are shown."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from project.provenance.run import Run
from project.reproduction import sending
from project.reproduction.expected import Recorded
from project.reproduction.forced import Forced
from project.reproduction.origin import Stored
from project.reproduction.report import trackers_of, write
from project.reproduction.rerun import rerun
from project.sync import main as sync
from project.tracking.mlflow.fetch import fetch
from tests.provenance.records import RECORD
from tests.tracking.runs import RECORD as SENT
from tests.tracking.runs import finish, make_run

VERDICT = {"word": "DIFFERS", "largest": float("inf")}


def at_once(tracker: str, runs: Sequence[Path], exp_dir: Path) -> SimpleNamespace:
    """Stands for the process that sends: MLflow is loaded here already."""
    code = sync([*map(str, runs), "--tracker", tracker, "--exp-dir", str(exp_dir)])
    return SimpleNamespace(communicate=lambda timeout: ("", None), returncode=code)


def test_both_runs_and_the_store_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "start", at_once)
    original = make_run(tmp_path)
    finish(original)
    record = RECORD | {name: value for name, value in SENT.items() if name != "run_id"}
    run = Run.create(tmp_path, "trial", record, patch=None, requirements="")
    run.release()
    made = run.directory
    assert sync([original.name, "--tracker", "mlflow", "--exp-dir", str(tmp_path)]) == 0
    assert write(original, made, original.name, VERDICT, ["mlflow"]) == ["mlflow: all sent"]
    (beside,) = (original / "reproductions").iterdir()
    (other,) = (made / "reproductions").iterdir()
    # The new run, which no tracker knew, is in the store with the verdict.
    new = json.loads((made / "tracking" / "mlflow.json").read_text())["remote"]["id"]
    artifacts = tmp_path / "mlflow-artifacts" / "trial"
    both = {path.parents[2].name: path for path in artifacts.rglob("reproductions/*.json")}
    own = both.pop(new)
    (stored,) = both.values()
    assert (own.name, own.read_bytes()) == (other.name, other.read_bytes())
    assert (beside.name, other.name) == (f"{made.name}.json", f"{original.name}.json")
    assert beside.read_bytes() == other.read_bytes() == stored.read_bytes()
    content = json.loads(beside.read_text())
    assert content.pop("at") and content == {
        "reproduces": original.name,
        "by": made.name,
        "word": "DIFFERS",
        "largest": "inf",
    }

    # Of a run that has no directory any more, the store alone is told.
    store = json.loads((original / "tracking" / "mlflow.json").read_text())["remote"]["id"]
    stored.unlink()
    write(Stored(store, tmp_path, None), made, original.name, VERDICT, ["mlflow"])
    assert json.loads(stored.read_text())["by"] == made.name
    (tmp_path / "copy").mkdir()
    assert fetch(store, tmp_path / "copy", tmp_path, None).name == original.name


def test_a_tracker_that_takes_nothing_holds_no_verdict_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    reason = "refusing: id: not sent: TOKEN is not set"
    refusing = SimpleNamespace(communicate=lambda timeout: (f"{reason}\n", None), returncode=2)
    hanging = subprocess.Popen(["cat"], **pipes)  # until its input ends
    processes = {"refusing": refusing, "hanging": hanging}
    monkeypatch.setattr(sending, "start", lambda tracker, *_: processes[tracker])
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.0)
    run = tmp_path / "trial" / "20261121-034512-7h3k"
    said = dict(zip(processes, sending.send(dict.fromkeys(processes, [run]), tmp_path)))
    hanging.communicate()
    assert said["refusing"] == reason
    told, later = said["hanging"].splitlines()
    assert told == "hanging: still sending; if it does not come there:"
    assert later.endswith(f"project.sync {run.name} --exp-dir {tmp_path} --tracker hanging")


def test_the_trackers_are_those_of_the_run_unless_others_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def recorded(**flags: object) -> Recorded:
        flags = {"tracker": [], "neptune_mode": None} | flags
        return Recorded("id", {"exp_name": "trial", "flags": flags}, None, None, {})

    assert trackers_of(recorded(), Forced()) == ("mlflow",)
    assert trackers_of(recorded(tracker=["tensorboard"]), Forced()) == ("tensorboard",)
    assert trackers_of(recorded(tracker=["none"]), Forced()) == ()
    assert trackers_of(recorded(), Forced(tracker=("none",))) == ()
    monkeypatch.setenv("NEPTUNE_MODE", "async")
    assert trackers_of(recorded(neptune_mode="offline"), Forced()) == ("neptune",)
    assert os.environ["NEPTUNE_MODE"] == "offline"


def test_no_process_sends_a_reproduction_from_the_folder_of_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(command: list[str], **options: object) -> None:
        raise RuntimeError(" ".join(command))

    monkeypatch.setattr("subprocess.Popen", start)
    flags = {"flags": RECORD["flags"] | {"data_dir": "data"}}
    run = Recorded("id", RECORD | flags, None, None, {})
    with pytest.raises(RuntimeError, match="--seed 1 --tracker none$"):
        rerun(run, tmp_path, {}, tmp_path, None, ("--seed", "1"))
