"""What a record says twice, and what it says of other files: the patch, the data, the packages."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.provenance import plug_files
from project.run_directory import (
    CHECKPOINTS,
    MANIFEST,
    OUTCOME,
    PATCH,
    PLUGS,
    RECORD,
    REQUIREMENTS,
)
from project.words.names import some

# A line of `requirements.lock`; what was installed from elsewhere has its version in no line.
_LOCKED = re.compile(r"(?:# )?(?P<name>[^\s=@#]+)(?:==(?P<version>\S+)| @ )")
_REPEATED = ("exp_name", "description", "tags", "seed")


def record_faults(run: Path, record: Mapping[str, Any], outcome: Mapping[str, Any]) -> list[str]:
    """What in the record is not as the rest of it, the outcome or the other files say, a line each.

    Args:
        run: the directory.
        record: of the run, in today's layout.
        outcome: likewise.
    Raises:
        OSError: a file can't be read.
    """
    return [
        *_identity(run, record, outcome),
        *_outcome_hashes(outcome),
        *_patch(run, record["code"]),
        *_plugs(run, record, outcome),
        *_manifest(run, record),
        *_packages(run, record["environment"]),
        *_data(record["data"]),
    ]


def _identity(run: Path, record: Mapping[str, Any], outcome: Mapping[str, Any]) -> Iterator[str]:
    if record["run_id"] != run.name:
        yield f"the directory is named {run.name}, its record is of {record['run_id']}"
    if outcome.get("run_id", record["run_id"]) != record["run_id"]:
        yield f"{OUTCOME} is of {outcome['run_id']}, {RECORD} of {record['run_id']}"
    if outcome.get("started", record["created"]) != record["created"]:
        yield f"started is {outcome['started']}, the record's created {record['created']}"
    for name in _REPEATED:
        flag = record["flags"].get(name)
        if name in record and name in record["flags"] and record[name] != flag:
            yield f"{RECORD} says {name} {record[name]!r}, its flags {flag!r}"


def _outcome_hashes(outcome: Mapping[str, Any]) -> Iterator[str]:
    """The outcome has some hashes under two keys."""
    files = outcome.get("files") or {}
    again = {f"{CHECKPOINTS}/{name}": h for name, h in (outcome.get("checkpoints") or {}).items()}
    for name, digest in (again | {RECORD: outcome["record"]}).items():
        if files.get(name, digest) != digest:
            yield f"{OUTCOME} has two hashes of {name}"


def _patch(run: Path, code: Mapping[str, Any]) -> Iterator[str]:
    path = run / PATCH
    if code["patch"] is None:
        if path.is_file():
            yield f"{PATCH} is there, but the record names no patch"
    elif path.is_file() and blake3(path.read_bytes()).hexdigest() != code["patch_blake3"]:
        yield f"{PATCH} is not the patch that the record names"
    elif not path.is_file():
        yield f"{PATCH}, which the record names, is not there"


def _plugs(run: Path, record: Mapping[str, Any], outcome: Mapping[str, Any]) -> Iterator[str]:
    told = plug_files.described(record, outcome)
    try:
        plug_files.read(run, told)
    except ValueError as error:
        yield str(error)
    there = (p for p in (run / PLUGS).rglob("[!.]*") if p.is_file())
    names = [path.relative_to(run / PLUGS).as_posix() for path in there]
    if strange := sorted(set(names) - set(told)):
        yield f"{PLUGS}/ has files that the run does not name: {some(strange)}"


def _manifest(run: Path, record: Mapping[str, Any]) -> Iterator[str]:
    path, digest = run / MANIFEST, record.get("manifest_blake3")
    if digest is None or not path.is_file():
        # Older records do not name it.
        if digest is not None:
            yield f"{MANIFEST}, which the record names, is not there"
        return
    if blake3(path.read_bytes()).hexdigest() != digest:
        yield f"{MANIFEST} is not the manifest that the record names"


def _packages(run: Path, environment: Mapping[str, Any]) -> Iterator[str]:
    packages, path = environment.get("packages"), run / REQUIREMENTS
    if not packages or not path.is_file():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    locked = {m["name"]: m["version"] for line in lines if (m := _LOCKED.match(line))}
    other = [
        name
        for name in packages.keys() | locked.keys()
        if name not in locked or (locked[name] or packages.get(name)) != packages.get(name)
    ]
    if other:
        yield f"{REQUIREMENTS} and the record's packages differ: {some(sorted(other))}"


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    for split, count in data["counts"].items():
        each, what = count.get("per_class"), "pixels" if "pixels" in count else "samples"
        whole = count["pixels"] - count["ignored"] if "pixels" in count else count["total"]
        if each is not None and sum(each) != whole:
            yield f"{RECORD} counts {whole} {what} in {split}, by class {sum(each)}"
    # A masked class name is not what was hashed.
    if data["hashes"] and not any("***" in name for name in data["classes"]):
        text = json.dumps([data["hashes"], data["classes"]], sort_keys=True, ensure_ascii=True)
        if f"blake3:{blake3(text.encode()).hexdigest()}" != data["hash"]:
            yield f"{RECORD}'s hash of the data is not that of its splits' hashes and classes"
