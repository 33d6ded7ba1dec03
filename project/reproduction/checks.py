"""What is known to differ before a run is repeated: its data, and the machine and software."""

from __future__ import annotations

from pathlib import Path

from project.fields import flag_name
from project.provenance.data_changes import data_differences, file_differences
from project.provenance.seal import hash_file
from project.provenance.surroundings import differences
from project.reproduction.beginnings import same_weights, start_differences
from project.reproduction.expected import Recorded
from project.reproduction.rerun import survey

# Flags that say where things are, or whom to tell; no result follows from them.
PLACES = {"exp_dir", "data_dir", "tags", "description", "tracker", "neptune_mode", "resume"}
PLACES |= {"require_clean"}


def check(run: Recorded, tree: Path, environ: dict[str, str]) -> list[str]:
    """Differences between the record and what is here now, a line each.

    Args:
        run: the run to reproduce.
        tree: the folder that holds its code.
        environ: the environment variables it will be run with.
    Raises:
        ValueError: the data can't be read; further lines name the files that are others now.
    """
    then = run.record
    try:
        data, environment, files = survey(run, tree, environ)
    except ValueError as error:
        folder = Path(then["flags"]["data_dir"])
        raise ValueError("\n".join([str(error), *changed_files(run.manifest, folder)])) from None
    return [
        *data_differences(then["data"], data),
        *file_differences(run.manifest, files),
        *differences(then["environment"], environment, trained=False),
    ]


def explain(then: Recorded, now: Recorded) -> list[str]:
    """What differs between two runs' records, and may explain other results, a line each."""
    found, places = [], set(PLACES)
    if same_weights(then.record["start"], now.record["start"]):
        places.add("checkpoint")
    if then.status == "failed" != now.status:
        found.append(f"status: failed ({then.outcome['error']}) -> {now.status}")
    found += [
        f"flags: {flag_name(name)} {value} -> {now.record['flags'].get(name)}"
        for name, value in then.record["flags"].items()
        if name not in places and value != now.record["flags"].get(name)
    ]
    found += start_differences(then.record["start"], now.record["start"])
    found += data_differences(then.record["data"], now.record["data"])
    # The same content may stand under other names, and explains nothing.
    if then.record["data"]["hash"] != now.record["data"]["hash"]:
        found += file_differences(then.manifest, now.manifest)
    return found + differences(then.record["environment"], now.record["environment"])


def changed_files(then: dict[str, str] | None, folder: Path) -> list[str]:
    """Which of the recorded files are others in `folder`, or gone, by their content alone.

    Raises:
        OSError: a file can't be read.
    """
    there = {name: folder / name for name in then or () if (folder / name).is_file()}
    now = {name: hash_file(path).removeprefix("blake3:") for name, path in there.items()}
    # Where none is left, to name them all would say less than why the folder can't be read.
    return file_differences(then, now) if now else []
