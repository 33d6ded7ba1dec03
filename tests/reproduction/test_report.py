"""The verdict: beside both runs, and in the store where they are shown."""

import json
from pathlib import Path

from project.provenance.run import Run
from project.reproduction.origin import Stored
from project.reproduction.report import write
from project.sync import main as sync
from project.tracking.mlflow import fetch
from tests.provenance.records import RECORD
from tests.tracking.runs import finish, make_run

VERDICT = {"word": "DIFFERS", "largest": float("inf")}


def test_both_runs_and_the_store_have_it(tmp_path: Path) -> None:
    original = make_run(tmp_path)
    finish(original)
    run = Run.create(tmp_path, "trial", RECORD, patch=None, requirements="")
    run.release()
    made = run.directory
    assert sync([original.name, "--tracker", "mlflow", "--exp-dir", str(tmp_path)]) == 0
    write(original, made, original.name, VERDICT)
    (beside,) = (original / "reproductions").iterdir()
    (other,) = (made / "reproductions").iterdir()
    (stored,) = (tmp_path / "mlflow-artifacts").rglob("reproductions/*.json")
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
    write(Stored(store, tmp_path, None), made, original.name, VERDICT)
    assert json.loads(stored.read_text())["by"] == made.name
    (tmp_path / "copy").mkdir()
    assert fetch(store, tmp_path / "copy", tmp_path, None).name == original.name
