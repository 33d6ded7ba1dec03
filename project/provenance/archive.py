"""A run as one file, to take to another machine, where it can be verified and reproduced."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from project.files import finite, read_json, replacing
from project.provenance import runs_csv
from project.provenance.notes import NAME as NOTES
from project.provenance.record import read_record
from project.provenance.run import status
from project.provenance.seal import OUTCOME, changes, parts, protect


def export_run(directory: Path, archive: Path, checkpoints: bool = True) -> None:
    """Write a run that has ended to the file `archive`, a gzipped tar.

    Args:
        directory: of the run.
        archive: the file to write, whole or not at all.
        checkpoints: whether to take the weights along.
    Raises:
        ValueError: the run still goes on, or was changed since it ended.
        OSError: the file can't be written.
    """
    if status(directory) == "running":
        raise ValueError(f"run {directory.name} can't be exported: it is running")
    _check_unchanged(directory)
    with replacing(archive) as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        for path in _contents(directory):
            name = path.relative_to(directory)
            if checkpoints or name.parts[0] != "checkpoints":
                tar.add(path, f"{directory.parent.name}/{directory.name}/{name.as_posix()}")


def import_run(archive: Path, exp_dir: Path) -> Path:
    """Unpack an exported run below `exp_dir`, and return its directory.

    Raises:
        ValueError: the file is no exported run, was changed, or the run is already there.
        OSError: the folder can't be written; nothing is left behind.
    """
    exp_dir.mkdir(parents=True, exist_ok=True)
    # In the same file system, so that it can be moved whole to where it belongs.
    with tempfile.TemporaryDirectory(dir=exp_dir, prefix=".import-") as folder:
        found = _unpack(archive, Path(folder))
        target = exp_dir / found.parent.name / found.name
        if target.exists():
            raise ValueError(f"run {found.name} is already in {target.parent}")
        record = read_record(found)
        if (record["exp_name"], record["run_id"]) != (found.parent.name, found.name):
            raise ValueError(f"{archive} is no exported run: its folder is another run's")
        _check_unchanged(found)
        target.parent.mkdir(exist_ok=True)
        shutil.move(found, target)
    outcome = read_json(target / OUTCOME) if (target / OUTCOME).exists() else None
    if status(target) == "finished":
        protect(target)  # which unpacking undid
    row = runs_csv.make_row(record, outcome, status(target))
    runs_csv.update(exp_dir, finite(row))
    return target


def _contents(directory: Path) -> list[Path]:
    more = [directory / OUTCOME, directory / NOTES, *sorted(directory.glob("reproductions/*.json"))]
    return [*parts(directory), *(path for path in more if path.exists())]


def _unpack(archive: Path, folder: Path) -> Path:
    """The run's directory below `folder`."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            # Refuses what would be written outside, links out, and devices.
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{archive} is no exported run: {error}") from error
    found = list(folder.glob("*/*/record.json"))
    if len(found) != 1:
        raise ValueError(f"{archive} is no exported run: it holds {len(found)} records")
    return found[0].parent


def _check_unchanged(directory: Path) -> None:
    if not (directory / OUTCOME).exists():
        return
    missing_weights = [f"checkpoints/{p} is missing" for p in ("best.pt", "last.pt")]
    found = [line for line in changes(directory) if line not in missing_weights]
    if found:
        raise ValueError(f"run {directory.name} is not what it was: {'; '.join(found)}")
