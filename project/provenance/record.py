"""The record of a run: what was asked for, of which code and data, on which machine."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from project.files import read_json
from project.provenance.code import CodeState
from project.provenance.redact import Redactor

# 1: the layout below. A reader refuses numbers above those it knows; a change of meaning raises it.
SCHEMA = 1
NEEDED = ("schema", "run_id", "exp_name", "created", "flags", "code", "data", "environment")


def read_record(directory: Path) -> dict[str, Any]:
    """The record of the run in `directory`.

    Raises:
        ValueError: there is none, it is damaged, or a newer version of this project wrote it.
    """
    path = directory / "record.json"
    if not path.exists():
        raise ValueError(f"{directory} is no run: it has no {path.name}")
    record = read_json(path, *NEEDED)
    if record["schema"] > SCHEMA:
        raise ValueError(f"{directory} was written by a newer version of this project; update it")
    return record


def make_record(
    flags: Mapping[str, Any],
    argv: Sequence[str],
    code: CodeState,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    environment: Mapping[str, Any],
    redactor: Redactor,
) -> dict[str, Any]:
    """The content of `record.json` but for `run_id` and `created`, which `Run.create` adds.

    Args:
        flags: All hyperparameters by field name; exp_name, description, tags and seed among them.
        argv: The command line after `python -m project.run`.
        code: Of the process's start.
        data: `Data.describe()`.
        model: Name and numbers of parameters.
        environment: `environment()`; its host and user become entries of the record.
        redactor: Goes over every string of the record.
    """
    machine = dict(environment)
    host, user = machine.pop("host"), machine.pop("user")
    record = {
        "schema": SCHEMA,
        "exp_name": flags["exp_name"],
        "command": "",
        "flags": dict(flags),
        "description": flags["description"],
        "tags": list(flags["tags"]),
        "seed": flags["seed"],
        "code": code.describe(),
        "data": dict(data),
        "model": dict(model),
        "environment": machine,
        "host": host,
        "user": user,
    }
    # Word by word before quoting: a quoted secret may be spelled in another way.
    words = redactor.redact_json(["python", "-m", "project.run", *argv])
    return redactor.redact_json(record) | {"command": shlex.join(words)}
