"""An exported run arrives whole, or is refused; notes stand beside the record."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from project.provenance import runs_csv
from project.provenance.archive import export_run, import_run
from project.provenance.notes import change_tags, read_notes, set_note
from project.provenance.run import Run
from project.provenance.seal import changes

RECORD: dict[str, Any] = {
    "schema": 1,
    "exp_name": "trial",
    "flags": {"learning_rate": 0.1},
    "code": {"sha": None, "dirty": None},
    "data": {"hash": "blake3:00"},
    "environment": {},
}


def finished(exp_dir: Path) -> Path:
    run = Run.create(exp_dir, "trial", RECORD, patch=b"diff", requirements="a==1\n")
    (run.directory / "checkpoints").mkdir()
    (run.directory / "checkpoints" / "best.pt").write_bytes(b"weights")
    run.finish("finished", epochs=1, steps=1)
    return run.directory


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    found = {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def test_a_run_arrives_whole(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    change_tags(run, ["good"], [])
    export_run(run, tmp_path / "run.tar.gz")
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert arrived == tmp_path / "there" / "trial" / run.name
    assert contents(arrived) == contents(run)
    assert changes(arrived) == []
    assert (arrived / "record.json").stat().st_mode & 0o222 == 0
    assert runs_csv.read(tmp_path / "there") == runs_csv.read(tmp_path / "here")


def test_weights_may_stay(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    export_run(run, tmp_path / "run.tar.gz", checkpoints=False)
    arrived = import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    assert changes(arrived) == ["checkpoints/best.pt is missing"]


def test_a_run_is_imported_once(tmp_path: Path) -> None:
    export_run(finished(tmp_path / "here"), tmp_path / "run.tar.gz")
    import_run(tmp_path / "run.tar.gz", tmp_path / "there")
    with pytest.raises(ValueError, match="is already in"):
        import_run(tmp_path / "run.tar.gz", tmp_path / "there")


def test_a_changed_run_is_neither_exported_nor_imported(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    export_run(run, tmp_path / "run.tar.gz")
    (run / "record.json").chmod(0o644)
    text = (run / "record.json").read_text()
    (run / "record.json").write_text(text.replace("0.1", "0.2"))
    with pytest.raises(ValueError, match="is not what it was: record.json was changed"):
        export_run(run, tmp_path / "other.tar.gz")
    assert not (tmp_path / "other.tar.gz").exists()
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        tar.add(run, f"trial/{run.name}")
    with pytest.raises(ValueError, match="record.json was changed"):
        import_run(tmp_path / "bad.tar.gz", tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil-of-this-test"])
def test_no_file_of_an_archive_leaves_the_folder(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(ValueError, match="is no exported run"):
        import_run(tmp_path / "bad.tar.gz", tmp_path / "a" / "b")
    assert not (tmp_path / "evil").exists() and not Path("/tmp/evil-of-this-test").exists()


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="text is no exported run"):
        import_run(tmp_path / "text", tmp_path)


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
