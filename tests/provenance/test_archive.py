"""An exported run arrives whole, or is refused; notes stand beside the record."""

import tarfile
from pathlib import Path
from typing import Any

import pytest

from project.provenance import runs_csv
from project.provenance.archive import export_run, import_run
from project.provenance.notes import change_tags, read_notes, set_note
from project.provenance.run import Run
from project.provenance.seal import changes
from tests.provenance.records import RECORD
from tests.reproduction.repositories import commit, git


def finished(exp_dir: Path, figures: tuple[str, ...] = (), **code: Any) -> Path:
    record = RECORD | {"code": RECORD["code"] | code}
    run = Run.create(exp_dir, "trial", record, patch=b"diff", requirements="a==1\n")
    (run.directory / "checkpoints").mkdir()
    (run.directory / "checkpoints" / "best.pt").write_bytes(b"weights")
    for name in figures:
        (run.directory / "figures").mkdir(exist_ok=True)
        (run.directory / "figures" / name).touch()
    run.finish("finished", epochs=1, steps=1)
    return run.directory


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    found = {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def test_a_run_arrives_whole(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    change_tags(run, ["good"], [])
    export_run(run, tmp_path / "run.tar.gz", tmp_path)
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert arrived == tmp_path / "there" / "trial" / run.name
    assert contents(arrived) == contents(run)
    assert changes(arrived) == []
    assert (arrived / "record.json").stat().st_mode & 0o222 == 0
    assert runs_csv.read(tmp_path / "there") == runs_csv.read(tmp_path / "here")


def test_weights_that_the_run_has_not_kept_are_told(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "here", "trial", RECORD, patch=None, requirements="")
    run.finish("finished", epochs=1, steps=1, weights={"last.pt": "blake3:0"})
    told = "not in the archive, as the run has not kept it: last.pt"
    assert export_run(run.directory, tmp_path / "run.tar.gz", tmp_path) == [told]
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert changes(arrived) == []


def test_weights_may_stay(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    export_run(run, tmp_path / "run.tar.gz", tmp_path, checkpoints=False)
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert changes(arrived) == ["checkpoints/best.pt is missing"]


def test_the_code_of_the_commit_goes_along(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "--quiet")
    (repo / "a.py").write_text("a = 1\n")
    run = finished(tmp_path / "here", sha=commit(repo))
    assert export_run(run, tmp_path / "run.tar.gz", repo) == []
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert set(contents(arrived)) - set(contents(run)) == {"source/commit.pack"}
    assert changes(arrived) == []
    # From where the commit is not, it goes on as it came.
    assert export_run(arrived, tmp_path / "again.tar.gz", tmp_path) == []
    again = import_run(tmp_path / "again.tar.gz", tmp_path / "third")
    assert contents(again) == contents(arrived)
    export_run(arrived, tmp_path / "bare.tar.gz", repo, source=False)
    assert contents(import_run(tmp_path / "bare.tar.gz", tmp_path / "fourth")) == contents(run)


def test_a_commit_that_is_gone_is_told(tmp_path: Path) -> None:
    run = finished(tmp_path / "here", sha="ab" * 20)
    (line,) = export_run(run, tmp_path / "run.tar.gz", tmp_path)
    assert line.startswith("the code of commit abababababab is not in the archive: git cat-file: ")


def test_a_run_is_imported_once(tmp_path: Path) -> None:
    export_run(finished(tmp_path / "here"), tmp_path / "run.tar.gz", tmp_path)
    import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    with pytest.raises(ValueError, match="is already in"):
        import_run(tmp_path / "run.tar.gz", tmp_path / "there")


def test_a_changed_run_is_neither_exported_nor_imported(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    export_run(run, tmp_path / "run.tar.gz", tmp_path)
    (run / "record.json").chmod(0o644)
    text = (run / "record.json").read_text()
    (run / "record.json").write_text(text.replace("0.1", "0.2"))
    with pytest.raises(ValueError, match="is not what it was: record.json was changed"):
        export_run(run, tmp_path / "other.tar.gz", tmp_path)
    assert not (tmp_path / "other.tar.gz").exists()
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        for path in (path for path in run.rglob("*") if path.is_file() and path.name != ".lock"):
            tar.add(path, f"trial/{run.name}/{path.relative_to(run)}")
    with pytest.raises(ValueError, match="record.json was changed"):
        import_run(tmp_path / "bad.tar.gz", tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_tags_and_notes(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert read_notes(run) == {"tags": [], "note": ""}
    assert change_tags(run, ["a", "b", "a"], []) == ["a", "b"]
    assert change_tags(run, ["c"], ["a"]) == ["b", "c"]
    set_note(run, "looks odd")
    assert read_notes(run) == {"tags": ["b", "c"], "note": "looks odd"}
    assert changes(run) == []
    with pytest.raises(ValueError, match="has no tag 'a'"):
        change_tags(run, [], ["a"])
