"""Finding runs by id, its beginning, directory or as the last one, and what is said otherwise."""

from pathlib import Path

import pytest

from project.provenance.find import find_run
from project.provenance.repetitions import tag
from project.provenance.schema import SCHEMA
from tests.comparison.store import begin, edit, make

RUNS = {
    "20261120-101500-0a1b": "debug",
    "20261121-034512-7h3k": "trial",
    "20261121-034512-8zzz": "trial",
    "20261121-120000-0000": "debug",
}


@pytest.fixture
def exp_dir(tmp_path: Path) -> Path:
    for run_id, exp_name in RUNS.items():
        directory = tmp_path / exp_name / run_id
        directory.mkdir(parents=True)
        (directory / "record.json").write_text("{}")
    (tmp_path / "trial" / "20261122-000000-half").mkdir()  # being made: no record yet
    (tmp_path / "trial" / "notes").mkdir()
    (tmp_path / "runs.csv").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "reference, exp_name, expected",
    [
        ("20261121-034512-7h3k", None, "trial/20261121-034512-7h3k"),
        ("20261121-034512-7", None, "trial/20261121-034512-7h3k"),
        ("20261120", None, "debug/20261120-101500-0a1b"),
        ("2026", "debug", None),
        ("7h3k", None, "trial/20261121-034512-7h3k"),
        ("034512-8zzz", None, "trial/20261121-034512-8zzz"),
        ("20261121", "debug", "debug/20261121-120000-0000"),
        ("last", None, "debug/20261121-120000-0000"),
        ("last", "trial", "trial/20261121-034512-8zzz"),
    ],
)
def test_by_name(exp_dir: Path, reference: str, exp_name: str | None, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="may be any of 2 runs"):
            find_run(exp_dir, reference, exp_name)
    else:
        assert find_run(exp_dir, reference, exp_name) == exp_dir / expected


def test_by_directory(exp_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = exp_dir / "trial" / "20261121-034512-7h3k"
    assert find_run(tmp_path / "elsewhere", str(directory)) == directory
    monkeypatch.chdir(directory)
    assert find_run(Path("experiments"), ".") == directory
    assert find_run(Path("experiments"), "../20261121-034512-8zzz").parents[1] == exp_dir


@pytest.mark.parametrize(
    "reference, exp_name, message",
    [
        (
            "20261121-034512",
            None,
            "'20261121-034512' may be any of 2 runs (trial/20261121-034512-8zzz,"
            " trial/20261121-034512-7h3k); give more of the id, or the run's directory",
        ),
        (
            "202",
            None,
            "'202' may be any of 4 runs (debug/20261121-120000-0000, trial/20261121-034512-8zzz,"
            " trial/20261121-034512-7h3k, ...); give more of the id, or the run's directory",
        ),
        ("h3k", None, "there is no run 'h3k'; did you mean 20261121-034512-7h3k?"),
        (
            "2026",
            "trial",
            "'2026' may be any of 2 runs (trial/20261121-034512-8zzz, trial/20261121-034512-7h3k);"
            " give more of the id, or the run's directory",
        ),
        (
            "20261120-101500-0a1c",
            None,
            "there is no run '20261120-101500-0a1c'; did you mean 20261120-101500-0a1b?",
        ),
        ("xyz", None, "there is no run 'xyz'; the newest is 20261121-120000-0000"),
        ("", None, "there is no run ''; the newest is 20261121-120000-0000"),
        ("7h3k", "debug", "there is no run '7h3k'; the newest is 20261121-120000-0000"),
    ],
)
def test_what_is_said(exp_dir: Path, reference: str, exp_name: str | None, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        find_run(exp_dir, reference, exp_name)
    assert str(caught.value).split("did you mean")[0] == message.split("did you mean")[0]
    assert message.removesuffix("?") in str(caught.value)


def test_where_there_are_no_runs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no run 'last': '.*nothing' has no runs yet"):
        find_run(tmp_path / "nothing", "last")
    with pytest.raises(ValueError, match="has no runs yet"):
        find_run(tmp_path, "last", "unknown")


def test_a_folder_that_is_no_run(exp_dir: Path) -> None:
    folder = str(exp_dir / "trial" / "notes")
    with pytest.raises(ValueError, match="is a folder but no run: it has no record.json"):
        find_run(exp_dir, folder)


def test_the_best_is_what_the_records_say(tmp_path: Path) -> None:
    values = {"val_precision/gloss": (0.25, 0.75), "val_loss": (0.5, 0.25), "val_won_loss": (1, 2)}
    runs = [make(tmp_path, {name: pair[i] for name, pair in values.items()}) for i in (0, 1)]
    for metric in ("val_precision/gloss", "val_loss"):
        assert find_run(tmp_path, f"best:{metric}") == runs[1]
    # What no metric of ours measured then is not judged by its name.
    with pytest.raises(
        ValueError, match="the records of the 2 runs that have it don't say, or not"
    ):
        find_run(tmp_path, "best:val_won_loss")
    for run in runs:
        edit(run, "record.json", schema=SCHEMA, scores={"won_loss": "max"})
    assert find_run(tmp_path, "best:val_won_loss") == runs[1]


def test_the_best_of_an_experiment(tmp_path: Path) -> None:
    def made(exp_name: str, loss: float, recall: float) -> Path:
        return make(tmp_path, {"val_loss": loss, "val_recall/cat": recall}, exp_name=exp_name)

    a, b, c = made("one", 0.5, 0.9), made("two", 0.3, 0.2), made("two", 0.4, 0.3)
    assert [find_run(tmp_path, f"best:{m}") for m in ("val_loss", "val_recall/cat")] == [b, a]
    assert find_run(tmp_path, "best:one/val_loss") == a
    assert find_run(tmp_path, "best:two/val_loss") == b
    assert find_run(tmp_path, "best:two/val_recall/cat") == c
    # A score's whole name is that score first, whatever experiments are called.
    d = made("val_recall", 0.9, 0.1)
    assert find_run(tmp_path, "best:val_recall/cat") == a
    assert find_run(tmp_path, "best:val_recall/val_recall/cat") == d


@pytest.mark.parametrize(
    "asked, message",
    [
        ("loss", "no run has a score 'loss', did you mean 'val_loss'?"),
        ("xyz", "no run has a score 'xyz'; there is test_accuracy, val_accuracy, val_loss"),
        ("one/xyz", "no run of one has a score 'xyz'; there is test_accuracy, val_accuracy, val"),
        ("on/val_loss", "no experiment 'on' to look for 'val_loss' in, did you mean 'one'?"),
        ("some/xyz", "no experiment 'some' to look for 'xyz' in; there is one, two"),
        ("two/val_loss", "no run of two has a score 'val_loss'; none has a score yet"),
    ],
)
def test_what_is_said_where_there_is_no_best(tmp_path: Path, asked: str, message: str) -> None:
    make(tmp_path, exp_name="one")
    begin(tmp_path, exp_name="two").release()
    with pytest.raises(ValueError) as caught:
        find_run(tmp_path, f"best:{asked}")
    assert message in str(caught.value)


def test_the_best_is_looked_for_among_what_can_be_compared(tmp_path: Path) -> None:
    worse, better = (make(tmp_path, {"val_loss": v, "val_log_loss": v}) for v in (0.5, 0.25))
    # Neither one that repeats the best, and is newer, nor one that saw some batches alone.
    make(tmp_path, {"val_loss": 0.25}, tags=[tag(better.name)])
    make(tmp_path, {"val_loss": 0.0}, limit_batches=1)
    assert find_run(tmp_path, "best:val_loss") == better
    focal = make(tmp_path, {"val_loss": 0.125, "val_log_loss": 0.75}, loss="focal")
    with pytest.raises(ValueError) as failed:
        find_run(tmp_path, "best:val_loss")
    assert str(failed.value) == (
        "best:val_loss: the values of 3 runs can't be set against each other, the loss differs"
        " (loss cross-entropy, focal); take best:val_log_loss or best:EXPERIMENT/val_loss, or name"
        " the run"
    )
    assert find_run(tmp_path, "best:val_log_loss") == better
    assert find_run(tmp_path, "best:val_accuracy") in (worse, better, focal)
