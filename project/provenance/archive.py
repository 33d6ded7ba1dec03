"""A run as one file, to take to another machine, where it can be verified and reproduced."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from project.files import finite, replacing
from project.provenance import commits, runs_csv
from project.provenance._git import GitError
from project.provenance.notes import NAME as NOTES
from project.provenance.record import read_outcome, read_record
from project.provenance.redact import Redactor
from project.provenance.run import status
from project.provenance.seal import OUTCOME, changes, parts, protect


def export_run(
    directory: Path,
    archive: Path,
    repository: Path,
    *,
    checkpoints: bool = True,
    source: bool = True,
) -> list[str]:
    """Write a run that has ended to the file `archive`, a gzipped tar.

    Args:
        directory: of the run.
        archive: the file to write, whole or not at all.
        repository: has the run's commit.
        checkpoints: whether to take the weights along.
        source: whether to take the commit's files along, which another clone may lack.
    Returns:
        What is not in it, a line each.
    Raises:
        ValueError: the run still goes on, or was changed since it ended.
        OSError: the file can't be written.
    """
    if status(directory) == "running":
        raise ValueError(f"run {directory.name} can't be exported: it is running")
    _check_unchanged(directory)
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        notes = _pack(directory, repository, Path(folder)) if source else []
        files = dict(_contents(directory, checkpoints, source)) | dict(_below(Path(folder)))
        with replacing(archive) as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
            for name, path in files.items():
                tar.add(path, f"{directory.parent.name}/{directory.name}/{name}")
    return notes


def _pack(directory: Path, repository: Path, folder: Path) -> list[str]:
    """Put the files of the run's commit below `folder`, unless the run brought them along."""
    code = read_record(directory)["code"]
    if code["sha"] is None or commits.is_packed(directory / commits.NAME):
        return []
    try:
        return commits.pack_commit(repository, code["sha"], folder / commits.NAME, Redactor())
    except GitError as error:
        return [f"the code of commit {code['sha'][:12]} is not in the archive: {error}"]


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
    outcome = read_outcome(target)
    if status(target) == "finished":
        protect(target)  # which unpacking undid
    row = runs_csv.make_row(record, outcome, status(target))
    runs_csv.update(exp_dir, finite(row))
    return target


def _contents(directory: Path, checkpoints: bool, source: bool) -> Iterator[tuple[str, Path]]:
    """Names and places of the files that make up the run."""
    more = [directory / OUTCOME, directory / NOTES, *sorted(directory.glob("reproductions/*.json"))]
    for path in (*parts(directory), *(path for path in more if path.exists())):
        name = path.relative_to(directory)
        if checkpoints or name.parts[0] != "checkpoints":
            yield name.as_posix(), path
    if source:
        for name, path in _below(directory / commits.NAME):
            yield f"{commits.NAME}/{name}", path


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return ((path.relative_to(folder).as_posix(), path) for path in files)


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
