"""Finding runs by id, its beginning, directory or as the last one, and what is said otherwise."""

from pathlib import Path

import pytest

from project.provenance.find import find_run

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
        ("7h3k", None, "there is no run '7h3k'; did you mean 20261121-034512-7h3k?"),
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
