"""A run as one file, to take to another machine, where it can be verified and reproduced."""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from project.files import finite, replacing
from project.provenance import after, commits, runs_csv
from project.provenance._creation import remove
from project.provenance._workplace import workplace
from project.provenance.git import GitError
from project.provenance.keeping import not_kept
from project.provenance.notes import read_notes
from project.provenance.record import read_outcome, read_record
from project.provenance.redact import Redactor
from project.provenance.run import SETTLED, status
from project.provenance.seal import changes, is_part, parts, protect
from project.provenance.unpacking import Limits, clash, fault_of, is_exported, survey, unpack
from project.run_directory import (
    AFTER,
    BEST,
    CHECKPOINTS,
    LAST,
    NOTES,
    OUTCOME,
    PACK,
    REPRODUCTIONS,
    SOURCE,
)
from project.words.names import some

DEFAULT = Limits()


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
        notes = _not_kept(directory) if checkpoints else []
        notes += _pack(directory, repository, Path(folder)) if source else []
        notes += _parent(directory) + _made_after(directory)
        files = dict(_contents(directory, checkpoints, source)) | dict(_below(Path(folder)))
        notes += _leave_out(files, f"{directory.parent.name}/{directory.name}")
        with replacing(archive) as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
            for name, path in files.items():
                tar.add(path, f"{directory.parent.name}/{directory.name}/{name}")
    return notes


def _parent(directory: Path) -> list[str]:
    """That a run can't be reproduced without the one it goes on from."""
    parent = read_record(directory).get("parent")
    if parent is None:
        return []
    return [f"goes on from {parent['run_id']}: to be reproduced it needs that one too, export both"]


def _not_kept(directory: Path) -> list[str]:
    """A line about the weights that the run itself has not."""
    lacking = not_kept(read_outcome(directory) or {})
    return [f"not in the archive, as the run has not kept it: {some(lacking)}"] if lacking else []


def _made_after(directory: Path) -> list[str]:
    """A line about what was made of the run later."""
    found = [f"{AFTER}/{folder.name}" for folder in after.made(directory)]
    return [f"not in the archive, as it can be made again: {some(found)}"] if found else []


def _leave_out(files: dict[str, Path], folder: str) -> list[str]:
    """Take out of `files` what no import would take in; returns a line about it.

    Raises:
        ValueError: it is a part of the run.
    """
    odd = [name for name in files if fault_of(f"{folder}/{name}")]
    if own := [name for name in odd if is_part(name)]:
        raise ValueError(f"the run can't be exported: {fault_of(f'{folder}/{own[0]}')}; rename it")
    for name in odd:
        del files[name]
    if fault := clash(files):
        raise ValueError(f"the run can't be exported: {fault}")
    return [f"not in the archive (no names for every machine): {some(odd)}"] if odd else []


def _pack(directory: Path, repository: Path, folder: Path) -> list[str]:
    """Put the files of the run's commit below `folder`, unless the run brought them along."""
    code = read_record(directory)["code"]
    if code["sha"] is None or commits.is_packed(directory / SOURCE):
        return []
    try:
        return commits.pack_commit(repository, code["sha"], folder / SOURCE, Redactor())
    except GitError as error:
        return [f"the code of commit {code['sha'][:12]} is not in the archive: {error}"]


def import_run(archive: Path, exp_dir: Path, limits: Limits = DEFAULT) -> Path:
    """Unpack an exported run below `exp_dir`, and return its directory.

    Raises:
        ValueError: the file is no exported run, unpacks to more than `limits`, was changed, or the
            run is already there.
        OSError: the folder can't be written; nothing is left behind.
    """
    name, size = survey(archive, limits)
    target = exp_dir / name
    if os.path.lexists(target):
        raise ValueError(f"run {target.name} is already in {target.parent}")
    missing = [path for path in (target.parent, *target.parent.parents) if not path.exists()]
    try:
        exp_dir.mkdir(parents=True, exist_ok=True)
        _check_room(archive, exp_dir, size)
        with workplace(exp_dir) as folder:
            unpack(archive, folder, limits)
            _take_in(folder / name, target, archive)
    except BaseException:
        remove(None, missing)
        raise
    return target


def _check_room(archive: Path, exp_dir: Path, size: int) -> None:
    free = shutil.disk_usage(exp_dir).free
    if size > free:
        raise ValueError(
            f"{archive} is not unpacked: its files take {size / 2**20:,.0f} MiB, and {exp_dir} has"
            f" {free / 2**20:,.0f} MiB left"
        )


def _take_in(found: Path, target: Path, archive: Path) -> None:
    """Move a run that was unpacked to its place, with its row, or leave both as they were."""
    try:
        record = read_record(found)
        if (record["exp_name"], record["run_id"]) != (found.parent.name, found.name):
            raise ValueError("its folder is another run's")
        _check_unchanged(found)
        outcome, ended = read_outcome(found), status(found)
        read_notes(found)
        row = runs_csv.texts(finite(runs_csv.make_row(record, outcome, ended)))
        "".join(row.values()).encode()  # JSON has halves of characters, UTF-8 none
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        # The place where it was unpacked is gone when this is read.
        why = "its JSON is nested too deep" if deep else str(error).replace(f"{found}{os.sep}", "")
        raise ValueError(f"{archive} is no exported run: {why}") from error
    if ended in SETTLED:
        protect(found)  # which unpacking undid
    target.parent.mkdir(exist_ok=True)
    found.rename(target)
    try:
        runs_csv.update(target.parents[1], row)
    except BaseException:
        shutil.rmtree(target)
        raise


def unsealed(directory: Path) -> str | None:
    """What of an imported run nothing vouches for, in a line; None if its seal is of all of it."""
    outcome = read_outcome(directory)
    if outcome is None:
        return f"no seal vouches for any file of {directory.name}: it never ended"
    if "seal" not in outcome:
        return f"no seal vouches for any file of {directory.name}: it is of a version before seals"
    there = [name for name, _ in _below(directory) if not is_part(name) and name != OUTCOME]
    # The commit's hash proves the pack.
    there = [name for name in there if name != f"{SOURCE}/{PACK}"]
    return f"no seal vouches for {some(there)}" if there else None


def _contents(directory: Path, checkpoints: bool, source: bool) -> Iterator[tuple[str, Path]]:
    """Names and places of the files that make up the run."""
    more = [
        directory / OUTCOME,
        directory / NOTES,
        *sorted(directory.glob(f"{REPRODUCTIONS}/*.json")),
    ]
    for path in (*parts(directory), *(path for path in more if path.exists())):
        name = path.relative_to(directory)
        if checkpoints or name.parts[0] != CHECKPOINTS:
            yield name.as_posix(), path
    if source:
        for name, path in _below(directory / SOURCE):
            if is_exported(f"{SOURCE}/{name}"):
                yield f"{SOURCE}/{name}", path


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return ((path.relative_to(folder).as_posix(), path) for path in files)


def _check_unchanged(directory: Path) -> None:
    if not (directory / OUTCOME).exists():
        return
    missing_weights = [f"{CHECKPOINTS}/{p} is missing" for p in (BEST, LAST)]
    found = [line for line in changes(directory) if line not in missing_weights]
    if found:
        raise ValueError(f"run {directory.name} is not what it was: {'; '.join(found)}")
