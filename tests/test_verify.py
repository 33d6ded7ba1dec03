"""`python -m project.verify`: what was changed or is not so, all at once; what it can't know."""

import errno
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from project.files import read_json
from project.provenance import after, runs_csv
from project.provenance.run import Run
from project.provenance.seal import file_hashes, write_outcome
from project.tracking.journal import Journal
from project.tracking.state import State
from project.training import checkpoint
from project.training.weights import SavedWeights
from project.verify import UNKNOWN, main
from tests.provenance.records import RECORD

# Cats: 3 of 4 right; dogs: 4 of 5; cows: 0 of 1, which was taken for a dog.
MATRIX = "true \\ predicted,cat,dog,cow\ncat,3,1,0\ndog,1,4,0\ncow,0,1,0\n"
COUNTS = {"test": {"total": 10, "per_class": [4, 5, 1]}}
DATA = RECORD["data"] | {"classes": ["cat", "dog", "cow"], "counts": COUNTS}
VALIDATED = {"val_loss": 0.5, "val_f1/cat": float("nan")}
BEST = {"epoch": 0, "step": 2, "monitor": "val_loss", "value": 0.5, "metrics": VALIDATED}
TESTED = {"test_accuracy": 7 / 10, "test_recall/dog": 4 / 5, "test_loss": 0.3}
STATE = {
    "hyperparameters": {"learning_rate": 0.1},
    "classes": DATA["classes"],
    "shape": [1, 2, 2],
    "mean": [0.5],
    "std": [0.25],
    "best": BEST,
    "step": 3,
    "model": {"weight": torch.arange(6.0)},
}


def ended(folder: Path, test: dict[str, float] | None = None, matrix: str | None = MATRIX) -> Path:
    """A finished run with all that verify looks at."""
    packages = {"packages": {"a": "1"}, "torch": None, "variables": {}}
    record = RECORD | {"data": DATA, "environment": packages}
    run = Run.create(
        folder, "trial", record, patch=None, requirements="# Python\na==1\n", manifest=b"files"
    )
    test = TESTED if test is None else test
    journal = Journal(run.directory / "journal.jsonl")
    journal.log({"train_loss": 1.5}, step=1, epoch=0)
    journal.log(VALIDATED, step=2, epoch=0)
    journal.log({"val_loss": 0.6, "train_loss": float("inf")}, step=3, epoch=1)
    journal.log(test, step=3, epoch=2)
    journal.close()
    (run.directory / "figures").mkdir()
    if matrix:
        (run.directory / "figures" / "confusion_matrix.csv").write_text(matrix)
    (run.directory / "checkpoints").mkdir()
    paths = [run.directory / "checkpoints" / name for name in ("best.pt", "last.pt")]
    for path in paths:
        checkpoint.save(path, STATE)
    weights = SavedWeights().hashes(run.directory / "checkpoints")
    run.finish("finished", epochs=2, steps=3, best=BEST, test=test, weights=weights)
    return run.directory


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ended(tmp_path_factory.mktemp("original"))


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A run of one's own."""
    shutil.copytree(original.parents[1], tmp_path, dirs_exist_ok=True)
    return tmp_path / "trial" / original.name


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[int, list[str]]]:
    """Verifies a run; returns the exit code and the lines, without the run's name."""

    def verify(run: Path) -> tuple[int, list[str]]:
        code = main([str(run), "--exp-dir", str(run.parents[1])])
        out, err = capsys.readouterr()
        *lines, last = out.splitlines()
        assert (last, err) == (UNKNOWN, "")
        return code, [line.removeprefix(f"{run.name}: ") for line in lines]

    return verify


def test_what_holds_is_told_and_what_nothing_tells(run: Path, said: Any) -> None:
    assert said(run) == (
        0,
        [
            # Record, requirements, journal, table, manifest, two checkpoints, matrix, outcome.
            "unchanged since it ended (9 files)",
            "2 test scores equal scikit-learn's of its confusion matrix",
            "2 checkpoints hold the recorded weights, flags and classes",
            "its row in runs.csv says the same",
            "metrics.csv and 5 best and test scores are the journal's (4 records)",
            "not checked: no confusion matrix gives test_loss",
        ],
    )


def test_what_comes_after_the_end_is_no_fault(run: Path, said: Any) -> None:
    for name in (
        *("notes.json", ".notes.json.lock", ".lock", "tracking/mlflow.json", "tracking/mlflow.log"),
        *(
            "tracking/mlflow.lock",
            "reproductions/x.json",
            "tensorboard/events.out",
            "source/commit.pack",
        ),
        *("source/masked/a/b.py", ".neptune/async/run/data.log"),
        # While they are written, or when that was cut short.
        *(".notes.json.a1_b2c3d", "reproductions/.x.json.a1_b2c3d"),
    ):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("{}")
    assert said(run)[0] == 0


def test_what_was_made_of_it_later_has_a_seal_of_its_own(run: Path, said: Any) -> None:
    with after.making(after.place(run, "card"), run) as folder:
        (folder / "card.md").write_text("a")
    code, lines = said(run)
    assert code == 0 and "after/card is as it was made of this run" in lines
    (run / "after" / "card" / "card.md").chmod(0o644)
    (run / "after" / "card" / "card.md").write_text("b")
    assert said(run)[0] == 1
    assert "after/card/card.md was changed" in said(run)[1]


def test_a_copy_that_has_lost_all_modes_is_unchanged(run: Path, said: Any) -> None:
    for path in run.rglob("*"):
        path.chmod(0o755)
    code, lines = said(run)
    assert code == 0
    assert lines[0] == "unchanged since it ended (9 files)"
    assert (
        "not checked: whether its files were read-only: all 9 can be written, as in a copy without"
        " modes"
    ) in lines


def test_a_masked_class_may_be_any(
    tmp_path: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is called as a password of the environment is."""
    monkeypatch.setitem(DATA, "classes", ["cat", "***", "cow"])
    assert said(ended(tmp_path))[0] == 0


def test_a_file_system_without_modes_has_whole_runs(
    tmp_path: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chmod(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chmod", chmod)
    monkeypatch.setattr(Path, "chmod", chmod)
    run = ended(tmp_path)
    assert runs_csv.read(tmp_path)[0]["status"] == "finished"
    code, lines = said(run)
    assert (code, lines[0]) == (0, "unchanged since it ended (9 files)")


def test_what_a_tracker_removes_meanwhile_is_no_fault(
    run: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = run / ".neptune" / "async"
    sent.mkdir(parents=True)
    scan = os.scandir

    def scandir(folder: Any) -> Any:
        if Path(folder) == sent:
            sent.rmdir()
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert said(run)[0] == 0


def test_a_second_name_in_the_store_that_it_was_sent_to_is_no_fault(run: Path, said: Any) -> None:
    stored = run.parents[1] / "artifact"
    stored.hardlink_to(run / "record.json")
    assert said(run)[0] == 1
    (run / "tracking").mkdir()
    State(files={"record.json": "00"}).save(run, "mlflow")
    assert said(run)[0] == 0
    (run.parents[1] / "a third").hardlink_to(stored)
    assert said(run)[0] == 1


def replaced(run: Path, name: str, by: Callable[[Path, Path], Any]) -> None:
    """Put what `by` makes of the moved original in a file's place."""
    moved = run.parents[1] / "moved"
    (run / name).rename(moved)
    by(run / name, moved)


INTRUSIONS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "an extra file": (lambda r: (r / "b.py").touch(), "b.py is no part of the run"),
    "a hidden one": (
        lambda r: (r / "checkpoints/.best.pt").touch(),
        "checkpoints/.best.pt is no part of the run",
    ),
    "an odd name": (lambda r: (r / "a\nb").touch(), r"'a\nb' is no part of the run"),
    "an empty folder": (lambda r: (r / "more").mkdir(), "more/ is no part of the run"),
    "in a folder": (
        lambda r: ((r / "x/y").mkdir(parents=True), (r / "x/y/z").touch()),
        "x/y/z is no part of the run",
    ),
    "a figure": (lambda r: (r / "figures/b.png").touch(), "figures/b.png was added"),
    "a FIFO": (lambda r: os.mkfifo(r / "figures/f"), "figures/f is no part of the run"),
    "among notes": (
        lambda r: (r / "notes.json").symlink_to("/x"),
        "notes.json is a link to /x, not a file of the run",
    ),
    "writable": (
        lambda r: (r / "metrics.csv").chmod(0o644),
        "metrics.csv can be written; a finished run's files are read-only",
    ),
    "a link": (
        lambda r: replaced(r, "journal.jsonl", lambda new, old: new.symlink_to(old)),
        "journal.jsonl is a link to {moved}, not the file that the run had",
    ),
    "a hard link": (
        lambda r: replaced(r, "record.json", lambda new, old: new.hardlink_to(old)),
        "record.json has 2 names (hard links): what is written under another one changes it too",
    ),
    "a linked folder": (
        lambda r: replaced(r, "checkpoints", lambda new, old: new.symlink_to(old)),
        "checkpoints is a link to {moved}, not the folder that the run had",
    ),
    "a folder for a file": (
        lambda r: replaced(r, "metrics.csv", lambda new, old: new.mkdir()),
        "metrics.csv is a folder, not the file that the run had",
    ),
    "a FIFO for a file": (
        lambda r: replaced(r, "journal.jsonl", lambda new, old: os.mkfifo(new)),
        "journal.jsonl is a FIFO, not the file that the run had",
    ),
    "a FIFO for the outcome": (
        lambda r: replaced(r, "outcome.json", lambda new, old: os.mkfifo(new)),
        "outcome.json is a FIFO, not the file that the run had",
    ),
    "gone": (lambda r: (r / "checkpoints/last.pt").unlink(), "checkpoints/last.pt is missing"),
}


@pytest.mark.parametrize("intrude, expected", INTRUSIONS.values(), ids=INTRUSIONS)
def test_an_intrusion_is_named(
    run: Path, said: Any, intrude: Callable[[Path], Any], expected: str
) -> None:
    intrude(run)
    code, lines = said(run)
    assert code == 1
    assert lines[0] == expected.format(moved=run.parents[1] / "moved")
    # Nothing else is found fault with because of it.
    assert not any("damaged" in line or "unchanged" in line for line in lines)


def rewrite(run: Path, name: str, old: str, new: str) -> None:
    path = run / name
    path.chmod(0o644)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def reseal(run: Path, **changed: Any) -> None:
    """What one who knows how the seal is made can do."""
    files = file_hashes(run)
    sealed = {"files": files, "record": files["record.json"]}
    pt = {name: files[f"checkpoints/{name}"] for name in ("best.pt", "last.pt")}
    former = read_json(run / "outcome.json")
    (run / "outcome.json").unlink()
    write_outcome(run, former | sealed | {"checkpoints": pt} | changed)
    for path in (run / "outcome.json", *(run / name for name in files)):
        path.chmod(0o444)


def other_checkpoint(run: Path, **changed: Any) -> None:
    checkpoint.save(run / "checkpoints" / "last.pt", STATE | changed)


FORGERIES: dict[str, tuple[Callable[[Path], Any], dict[str, Any], list[str]]] = {
    "a score": (
        lambda r: None,
        {"test": TESTED | {"test_loss": 0.2}},
        [
            "runs.csv says test_loss '0.3', not '0.2'",
            "test: test_loss is 0.2, in the journal.jsonl 0.3",
        ],
    ),
    "a score of validation": (
        lambda r: None,
        {"best": BEST | {"value": 0.4, "metrics": VALIDATED | {"val_loss": 0.4}}},
        [
            "checkpoints/best.pt names another best score than the outcome",
            "runs.csv says best_val_loss '0.5', not '0.4'",
            "best: val_loss is 0.4, in the journal.jsonl 0.5 at step 2",
        ],
    ),
    "a best value": (
        lambda r: None,
        {"best": BEST | {"value": 0.4}},
        ["best: value is 0.4, its val_loss 0.5"],
    ),
    "a score that was never logged": (
        lambda r: None,
        {"test": TESTED | {"test_brier": 0.1}},
        ["test: test_brier is 0.1, the journal.jsonl has none"],
    ),
    "a cell of the table": (
        lambda r: rewrite(r, "metrics.csv", ",1.5", ",1.25"),
        {},
        [
            "metrics.csv is not the journal.jsonl's in 1 of 4 rows;"
            " row 1: train_loss is 1.25, logged was 1.5"
        ],
    ),
    "a row less": (
        lambda r: (r / "metrics.csv").write_text(
            "".join((r / "metrics.csv").read_text().splitlines(keepends=True)[:-1])
        ),
        {},
        ["metrics.csv is not the journal.jsonl's in 1 of 4 rows; row 4: there is none"],
    ),
    "a journal's value": (
        lambda r: rewrite(r, "journal.jsonl", '"test_loss":0.3', '"test_loss":0.1'),
        {},
        ["metrics.csv is not the", "test: test_loss is 0.3, in the journal.jsonl 0.1"],
    ),
    "a journal twice": (
        lambda r: (r / "journal.jsonl").write_text((r / "journal.jsonl").read_text() * 2),
        {},
        [
            "metrics.csv is not the",
            "journal.jsonl has train_loss of step 1 after a later one, or twice",
        ],
    ),
    "a journal's line": (
        lambda r: rewrite(r, "journal.jsonl", '"metrics"', '"m"'),
        {},
        ["journal.jsonl is damaged at byte 0"],
    ),
    "a journal that nests without end": (
        lambda r: (r / "journal.jsonl").write_text("[" * 10**5 + "\n"),
        {},
        ["journal.jsonl is damaged at byte 0"],
    ),
    "stages that nest without end": (
        lambda r: (r / "stages.jsonl").write_text("[" * 10**5 + "\n"),
        {},
        ["stages.jsonl is damaged: it is not JSON (it is nested too deep)"],
    ),
    "a score that clears the screen": (
        lambda r: None,
        {"test": TESTED | {"\x1b[2J": 0.2}},
        ["test: \\x1b[2J is 0.2, the journal.jsonl has none"],
    ),
    "other weights": (
        lambda r: other_checkpoint(r, model={"weight": torch.zeros(6)}),
        {},
        ["checkpoints/last.pt holds other weights than those recorded"],
    ),
    "other flags": (
        lambda r: other_checkpoint(r, hyperparameters={"learning_rate": 0.2}),
        {},
        ["checkpoints/last.pt was made with other flags than the record's: learning_rate"],
    ),
    "a checkpoint of a former step": (
        lambda r: other_checkpoint(r, step=2),
        {},
        ["checkpoints/last.pt is of step 2, the outcome's 3"],
    ),
    "no checkpoint at all": (
        lambda r: (r / "checkpoints/last.pt").write_bytes(b"weights"),
        {},
        ["checkpoints/last.pt is "],
    ),
    "a matrix with other samples": (
        lambda r: rewrite(r, "figures/confusion_matrix.csv", "cow,0,1,0", "cow,1,1,0"),
        {},
        ["by scikit-learn", "figures/confusion_matrix.csv has other numbers of samples by class"],
    ),
    "another class": (
        lambda r: rewrite(r, "figures/confusion_matrix.csv", "cow", "bat"),
        {},
        ["figures/confusion_matrix.csv has other classes than the record"],
    ),
    "no matrix": (
        lambda r: rewrite(r, "figures/confusion_matrix.csv", "3,1,0", "three"),
        {},
        ["figures/confusion_matrix.csv is damaged"],
    ),
    "a manifest": (
        lambda r: rewrite(r, "data.manifest.gz", "files", "filez"),
        {},
        ["data.manifest.gz is not the manifest that the record names"],
    ),
    "a patch": (
        lambda r: (r / "code.patch").write_text("diff"),
        {},
        ["code.patch is there, but the record names no patch"],
    ),
    "a package": (
        lambda r: rewrite(r, "requirements.lock", "a==1", "a==2"),
        {},
        ["requirements.lock and the record's packages differ: a"],
    ),
    "a count": (
        lambda r: rewrite(r, "record.json", '"total": 10', '"total": 11'),
        {},
        ["record.json counts 11 samples in test, by class 10"],
    ),
    "a flag": (
        lambda r: rewrite(r, "record.json", '"learning_rate": 0.1', '"learning_rate": 0.2'),
        {},
        [
            "checkpoints/best.pt was made with other flags than the record's: learning_rate",
            "checkpoints/last.pt was made with other flags than the record's: learning_rate",
            "runs.csv says learning_rate '0.1', not '0.2'",
        ],
    ),
    "another run's outcome": (
        lambda r: None,
        {"run_id": "x"},
        ["outcome.json is of x, record.json of"],
    ),
    "no object": (
        lambda r: None,
        {"files": []},
        ["outcome.json is damaged: 'files' is [], not object"],
    ),
}


@pytest.mark.parametrize("forge, changed, expected", FORGERIES.values(), ids=FORGERIES)
def test_what_a_new_seal_does_not_hide(
    run: Path,
    said: Any,
    forge: Callable[[Path], Any],
    changed: dict[str, Any],
    expected: list[str],
) -> None:
    for path in run.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    forge(run)
    reseal(run, **changed)
    code, lines = said(run)
    assert code == 1
    for line in expected:
        assert any(line in found for found in lines), (line, lines)


def test_without_a_matrix_counts_must_be_possible(tmp_path: Path, said: Any) -> None:
    good = ended(tmp_path / "good", TESTED | {"test_top5_accuracy": 9 / 10}, matrix=None)
    assert said(good) == (
        0,
        [
            "unchanged since it ended (8 files)",
            "2 checkpoints hold the recorded weights, flags and classes",
            "its row in runs.csv says the same",
            "metrics.csv and 6 best and test scores are the journal's (4 records)",
            "not checked: there is no confusion matrix to score 4 test scores by",
        ],
    )
    # 7 of 10, off by one in the last of its bits; a recall of dogs, of which there are 5.
    off = math.nextafter(7 / 10, 1)
    bad = ended(tmp_path / "bad", {"test_accuracy": off, "test_recall/dog": 0.75}, matrix=None)
    code, lines = said(bad)
    assert (code, lines[:2]) == (
        1,
        [
            "test_recall/dog is 0.75, which is no number of 5 samples over 5",
            f"test_accuracy is {off}, which is no number of 10 samples over 10",
        ],
    )


def test_a_score_that_the_counts_do_not_give_is_named(tmp_path: Path, said: Any) -> None:
    off = math.nextafter(7 / 10, 1)
    run = ended(tmp_path, {"test_accuracy": off, "test_recall_macro": 0.5})
    code, lines = said(run)
    macro = np.mean([3 / 4, 4 / 5, 0])
    assert (code, lines[:2]) == (
        1,
        [
            f"test_accuracy is {off}, by scikit-learn 0.7 (of figures/confusion_matrix.csv)",
            f"test_recall_macro is 0.5, by scikit-learn {macro} (of figures/confusion_matrix.csv)",
        ],
    )


def test_a_run_that_cant_be_verified_is_one_line_and_hides_no_other(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exp_dir = run.parents[1]
    open_run = Run.create(exp_dir, "trial", RECORD, patch=b"", requirements="")
    (run / "more").touch()
    assert main([open_run.run_id, run.name, "--exp-dir", str(exp_dir)]) == 2
    out, err = capsys.readouterr()
    assert err == f"error: {open_run.run_id} can't be verified: it is still running\n"
    assert f"{run.name}: more is no part of the run\n" in out
    open_run.release()


def test_a_run_elsewhere_has_no_row(run: Path, tmp_path: Path, said: Any) -> None:
    runs_csv.remove(tmp_path, [run.name])
    code, lines = said(run)
    assert code == 0 and f"not checked: {tmp_path / 'runs.csv'} has no row of it" in lines


def test_what_a_killed_process_left_goes_when_the_run_goes_on(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="")
    run.release()
    (run.directory / "checkpoints").mkdir()
    parts = (".metrics.csv.part", ".logits.npz.part")
    for name in ("checkpoints/.last.pt.a1b2c3d4", *parts, "checkpoints/.mine"):
        (run.directory / name).touch()
    Run.reopen(run.directory).release()
    assert [path.name for path in (run.directory / "checkpoints").iterdir()] == [".mine"]
    assert not any((run.directory / name).exists() for name in parts)
    assert json.loads((run.directory / "record.json").read_text())["manifest_blake3"] is None
