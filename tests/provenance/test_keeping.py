"""What a finished run keeps of its checkpoints, and what a process killed at its end leaves."""

from pathlib import Path

import pytest
import torch

from project.files import read_json
from project.provenance import keeping
from project.provenance.inventory import strays
from project.provenance.keeping import not_kept, only_kept, put_back, why_not_kept
from project.provenance.run import Run, status
from project.provenance.seal import changes, names
from project.training import checkpoint
from tests.metadataset.past import past
from tests.provenance.records import RECORD
from tests.training.test_checkpoint import STATE

WEIGHTS = {"best.pt": "blake3:b", "last.pt": "blake3:1"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has trained."""
    run = Run.create(tmp_path, "trial", RECORD, patch=None, requirements="")
    folder = run.directory / "checkpoints"
    folder.mkdir()
    checkpoint.save(folder / "best.pt", STATE)
    checkpoint.save(folder / "last.pt", STATE | {"step": 3, "optimizer": {"m": torch.ones(999)}})
    return run


def contents(run: Run) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (run.directory / "checkpoints").iterdir()}


def finish(run: Run, keep: str, optimizer: bool = True) -> None:
    with only_kept(run.directory, keep, optimizer):
        run.finish("finished", epochs=1, steps=3, weights=WEIGHTS)


@pytest.mark.parametrize(
    "keep, kept",
    [("both", {"best.pt", "last.pt"}), ("best", {"best.pt"}), ("last", {"last.pt"}), ("none", {})],
)
def test_what_is_kept_is_sealed_and_what_is_not_is_told(run: Run, keep: str, kept: set) -> None:
    before = contents(run)
    finish(run, keep)
    assert contents(run) == {name: before[name] for name in kept}
    outcome = read_json(run.directory / "outcome.json")
    assert outcome["checkpoints"].keys() == set(kept) and outcome["weights"] == WEIGHTS
    assert not_kept(outcome) == [name for name in WEIGHTS if name not in kept]
    assert changes(run.directory) == []


def test_the_optimizers_state_alone_is_left_out(run: Run) -> None:
    before = checkpoint.load(run.directory / "checkpoints" / "last.pt")
    finish(run, "last", optimizer=False)
    after = checkpoint.load(run.directory / "checkpoints" / "last.pt")
    assert torch.equal(after.pop("model")["weight"], before.pop("model")["weight"])
    del before["optimizer"]
    assert after == before and changes(run.directory) == []
    with pytest.raises(ValueError, match="has the weights alone.* to go on: optimizer; --checkpoi"):
        checkpoint.load(run.directory / "checkpoints" / "last.pt", "optimizer")


@pytest.mark.parametrize("keep", ["last", "none"])
def test_killed_before_the_outcome_it_can_be_resumed(run: Run, keep: str) -> None:
    before = contents(run)
    keeping._set_aside(run.directory, keep, False)  # and no further
    assert contents(run) != before
    put_back(run.directory)
    assert contents(run) == before
    finish(run, keep, optimizer=False)
    assert changes(run.directory) == []


def test_an_outcome_that_can_not_be_written_takes_nothing_away(run: Run) -> None:
    before = contents(run)
    with pytest.raises(OSError), only_kept(run.directory, "none", True):
        raise OSError("full")
    assert contents(run) == before
    run.release()


def test_killed_after_the_outcome_it_is_finished_and_as_it_says(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        finish(run, "best")
    assert {p.name for p in (run.directory / "checkpoints").iterdir()} == {
        "best.pt",
        ".last.pt.aside",
    }
    assert status(run.directory) == "finished" and changes(run.directory) == []
    assert strays(run.directory, names(run.directory).keys() | {"outcome.json"}) == []


def test_why_a_checkpoint_is_not_there_and_what_to_do(run: Run) -> None:
    directory = run.directory
    assert why_not_kept(directory, "best.pt") is None  # it never ended
    finish(run, "last")
    said = why_not_kept(directory, "best.pt")
    assert said.startswith(
        f"run {directory.name} has not kept best.pt (--keep last): give"
        f" {directory / 'checkpoints' / 'last.pt'}, or `"
    )
    flags = f"{directory.name} --exp-dir {directory.parents[1]} -- --keep both"
    assert said.endswith(f"project.reproduce {flags}` makes it again")
    (directory / "checkpoints" / "last.pt").unlink()
    assert why_not_kept(directory, "best.pt").startswith(said.partition(" give")[0])
    assert "is gone since the run" in why_not_kept(directory, "last.pt")
    assert "give" not in why_not_kept(directory, "best.pt")


def test_a_test_alone_has_no_weights_and_says_whose_it_tests(tmp_path: Path) -> None:
    directory = past(tmp_path, only_test=True, checkpoint="20261130-120000-ab12")
    said = f"run {directory.name} has no weights: it only tests those of 20261130-120000-ab12"
    assert why_not_kept(directory, "best.pt") == f"{said}; give that"
    assert why_not_kept(past(tmp_path), "best.pt") is None  # which says that it kept none


def test_nothing_goes_on_from_the_best_alone(run: Run) -> None:
    finish(run, "best")
    assert why_not_kept(run.directory, "last.pt").startswith(
        f"run {run.directory.name} has not kept last.pt (--keep best): `"
    )
