"""The record of a run: what was asked for, of which code and data, on which machine."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from project import run_directory
from project.files import read_json
from project.provenance._layout import Layout
from project.provenance.code import CodeState
from project.provenance.redact import Redactor
from project.provenance.schema import OUTCOME, RECORD, SCHEMA
from project.scores import FORMER, FORMER_TASK


def read_record(directory: Path, *, whole: bool = True) -> dict[str, Any]:
    """The record of the run in `directory`, in today's layout whatever version wrote it.

    Args:
        directory: of the run.
        whole: whether it must have all that is needed to work with the run, not only to show it.
    Raises:
        ValueError: there is none, it is damaged (the message names the key), or a newer version of
            this project wrote it.
        OSError: it can't be read.
    """
    path = directory / run_directory.RECORD
    if not path.exists():
        raise ValueError(f"{directory} is no run: it has no {path.name}")
    record = _read(path)
    for version in range(record.setdefault("schema", 1), SCHEMA):
        _MIGRATIONS[version](record)
    _check(path, RECORD, record, whole)
    return record


def of_pixels(record: Mapping[str, Any]) -> bool:
    """Whether a run's data have masks, so that pixels are what is scored."""
    return record["data"].get("kind") == "masks"


def read_outcome(directory: Path) -> dict[str, Any] | None:
    """The outcome of the run in `directory`; None if it has not ended.

    Raises:
        ValueError: it is damaged (the message names the key), or a newer version wrote it.
        OSError: it can't be read.
    """
    path = directory / run_directory.OUTCOME
    if not path.exists():
        return None
    outcome = _read(path)
    _check(path, OUTCOME, outcome, True)
    return outcome


def _read(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(f"{path} is damaged: it is no object")
    schema = value.get("schema", 1)
    if type(schema) is not int or schema < 1:
        raise ValueError(f"{path} is damaged: 'schema' is {schema!r}, no version")
    if schema > SCHEMA:
        raise ValueError(
            f"{path} was written by a newer version of this project (schema {schema}, this one"
            f" reads {SCHEMA}); update it"
        )
    return value


def _check(path: Path, layout: Layout, value: dict[str, Any], whole: bool) -> None:
    if fault := layout.fault(value, whole=whole):
        raise ValueError(f"{path} is damaged: {fault}")


def _from_1(record: dict[str, Any]) -> None:
    """Version 1 knew neither generator states, nor the weights it began with, nor the folder."""
    record["start"] = {"generators": {}, "weights": None}
    if isinstance(record.get("code"), dict):
        record["code"].setdefault("folder", ".")


def _from_2(record: dict[str, Any]) -> None:
    """What version 2 did not know, as today's layout says that it is unknown."""
    if isinstance(record.get("code"), dict):
        note = record["code"].get("note")
        # Without a commit, the note says why; that the patch has all there is, the hash tells.
        told = isinstance(note, str) and record["code"].get("sha") is not None
        record["code"].setdefault("not_recorded", [note] if told else [])
        record["code"].setdefault("unrecorded", {})
    record.setdefault("manifest_blake3", None)
    if isinstance(record.get("data"), dict):
        record["data"].setdefault("leaks", None)
    record.setdefault("scores", dict(FORMER))
    record.setdefault("sources", {})


def _from_3(record: dict[str, Any]) -> None:
    """Version 3 kept no file that was imported from elsewhere."""
    if isinstance(record.get("code"), dict):
        record["code"].setdefault("plugs", {})


def _from_4(record: dict[str, Any]) -> None:
    """Version 4 knew no task but classification, and data of one kind alone."""
    record.setdefault("task", dict(FORMER_TASK))
    if isinstance(record.get("data"), dict):
        record["data"] = {"kind": "labels", "dtype": "uint8", "sizes": None} | record["data"]


_MIGRATIONS = {1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4}


def make_record(
    flags: Mapping[str, Any],
    argv: Sequence[str],
    code: CodeState,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    environment: Mapping[str, Any],
    start: Mapping[str, Any],
    redactor: Redactor,
    *,
    task: Mapping[str, Any],
    scores: Mapping[str, str | None],
    sources: Mapping[str, str],
    parent: Mapping[str, Any] | None = None,
    class_weights: Mapping[str, float] | None = None,
    defaults: Mapping[str, str] = MappingProxyType({}),
    sweep: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of `record.json` but for `run_id` and `created`, which `Run.create` adds.

    Args:
        flags: All hyperparameters by field name; exp_name, description, tags and seed among them.
        argv: The command line after `python -m project.run`.
        code: Of the process's start.
        data: `Data.describe()`.
        model: Name and numbers of parameters.
        environment: `environment()`; its host and user become entries of the record.
        start: `{"generators", "weights", "teachers"}`: hashes of what training begins with.
        redactor: Goes over every string of the record.
        task: `Task.describe()`.
        scores: Which way each score is better, by its bare name.
        sources: Of `imported_sources`.
        parent: The run that this one goes on from, if any, and what it took over.
        class_weights: What each class counts in the loss; None: alike.
        defaults: The plug whose own default a flag has, such as `model unet`, by the flag's name.
        sweep: Whose trial this is, as `Membership.describe` says; None: of none.
    """
    machine = dict(environment)
    host, user = machine.pop("host"), machine.pop("user")
    record = {
        "schema": SCHEMA,
        "exp_name": flags["exp_name"],
        "command": "",
        "flags": dict(flags),
        "defaults": dict(defaults),
        "description": flags["description"],
        "tags": list(flags["tags"]),
        "seed": flags["seed"],
        "start": dict(start),
        "parent": None if parent is None else dict(parent),
        "sweep": None if sweep is None else dict(sweep),
        "code": code.describe(),
        "sources": dict(sources),
        "data": dict(data),
        "task": dict(task),
        "model": dict(model),
        "class_weights": None if class_weights is None else dict(class_weights),
        "scores": dict(scores),
        "environment": machine,
        "host": host,
        "user": user,
    }
    # Word by word before quoting: a quoted secret may be spelled in another way.
    words = redactor.redact_json(["python", "-m", "project.run", *argv])
    return redactor.redact_json(record) | {"command": shlex.join(words)}
