"""The stages of a run after its first: when it was resumed, from which step, and what had changed.

The record never changes; what a person accepted when the run went on stands here, beside it.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.files import finite, parsed, write_atomic
from project.provenance.schema import STAGE
from project.run_directory import STAGE_FILES, STAGES

# What of the record a stage that went on with changes replaces, for the stages after it.
REPLACED = ("sources", "code", "data", "environment")


def read_stages(directory: Path) -> list[dict[str, Any]]:
    """The stages of the run in `directory` after the first; none if it was never resumed.

    Raises:
        ValueError: the file is damaged.
        OSError: it can't be read.
    """
    path = directory / STAGES
    if not path.exists():
        return []
    try:
        stages = [parsed(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise ValueError(f"{path} is damaged: it is not JSON ({error})") from error
    if faults := list(filter(None, map(STAGE.fault, stages))):
        raise ValueError(f"{path} is damaged: {faults[0]}")
    return stages


def add_stage(directory: Path, stage: Mapping[str, Any], files: Mapping[str, bytes | None]) -> None:
    """Append a stage to those of the run in `directory`, and write its files before.

    Args:
        directory: of the run.
        stage: see `schema.STAGE`.
        files: content by name, `/` in it for folders; None for what there is not.

    Raises:
        OSError: they can't be written; there is no such stage then, and nothing of it.
    """
    path = directory / STAGES
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    folder = folder_of(directory, stage)
    # A process that was killed before it wrote its line has left what is not this stage's.
    _remove(folder)
    try:
        for name, content in files.items():
            if content is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomic(folder / name, content)
        line = json.dumps(finite(dict(stage)), ensure_ascii=False, allow_nan=False)
        write_atomic(path, f"{before}{line}\n")
    except BaseException:
        _remove(folder)
        raise


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def folder_of(directory: Path, stage: Mapping[str, Any]) -> Path:
    """Where the files of a stage are."""
    return directory / STAGE_FILES / str(stage["stage"])


def standing(record: Mapping[str, Any], stages: list[dict[str, Any]]) -> dict[str, Any]:
    """The record as the last stage left it: with what a person has accepted since."""
    found = dict(record)
    for stage in stages:
        found |= {name: stage[name] for name in REPLACED if name in stage}
    return found


def accepted(directory: Path) -> list[str]:
    """What was accepted when the run in `directory` went on, a line for each such stage.

    Raises:
        ValueError: the file is damaged.
        OSError: it can't be read.
    """
    return [
        f"stage {stage['stage']}, from step {stage['step']} on, has changes:"
        f" {'; '.join(stage['changed'])}"
        for stage in read_stages(directory)
        if stage["changed"]
    ]
