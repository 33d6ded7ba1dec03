"""What is known to differ before a run is repeated: its data, and the machine and software."""

from __future__ import annotations

from pathlib import Path

from project.cli.fields import flag_name
from project.cli.roles import NEUTRAL_TO_RESULTS
from project.plugs import flat
from project.provenance import data_changes
from project.provenance.environment_changes import differences
from project.provenance.seal import hash_file
from project.reproduction.beginnings import same_weights, start_differences, taught_by
from project.reproduction.expected import Recorded
from project.reproduction.rerun import here, survey


def check_epochs(then: Recorded, epochs: int | None) -> None:
    """Refuse to prove more epochs than there are.

    Raises:
        ValueError: the run has fewer.
    """
    whole = then.whole_epochs
    if epochs is None or whole is None or epochs <= whole:
        return
    n = f"{whole or 'no'} whole epoch{'' if whole == 1 else 's'}"
    raise ValueError(
        f"--epochs {epochs}: run {then.run_id} logged {n}; leave --epochs out to prove all that it"
        " logged"
    )


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
        folder = Path(here(then["flags"]["data_dir"]))
        raise ValueError("\n".join(_unreadable(error, run.manifest, folder))) from None
    return [
        *data_changes.differences(then["data"], data, run.manifest, files),
        *differences(then["environment"], environment, trained=False),
    ]


def explain(then: Recorded, now: Recorded) -> list[str]:
    """What differs between two runs' records, and may explain other results, a line each."""
    found, neutral = [], set(NEUTRAL_TO_RESULTS)
    if same_weights(then.record["start"], now.record["start"]):
        neutral.add("checkpoint")
    if taught_by(then.record["start"]) == taught_by(now.record["start"]):
        neutral.add("teacher")
    states = [(run.record.get("parent") or {}).get("state") for run in (then, now)]
    if states[0] == states[1]:
        neutral.add("from")
    else:
        found.append(f"start: goes on from another state: {' -> '.join(map(str, states))}")
    if then.status == "failed" != now.status:
        found.append(f"status: failed ({then.outcome['error']}) -> {now.status}")
    found += [
        f"flags: {flag_name(name)} {value} -> {flat(now.record['flags']).get(name)}"
        for name, value in flat(then.record["flags"]).items()
        if name not in neutral and value != flat(now.record["flags"]).get(name)
    ]
    found += [*then.stages, *start_differences(then.record["start"], now.record["start"])]
    data = (run.record["data"] for run in (then, now))
    found += data_changes.differences(*data, then.manifest, now.manifest)
    return found + differences(then.record["environment"], now.record["environment"])


def _unreadable(error: Exception, then: dict[str, str] | None, folder: Path) -> list[str]:
    """Why the data can't be read, and which files are others, or how to say where they are now."""
    found = changed_files(then, folder)
    if found or (folder.exists() and not then):
        return [str(error), *found]
    return [f"{error}; if they are elsewhere now, add `-- --data-dir FOLDER`"]


def changed_files(then: dict[str, str] | None, folder: Path) -> list[str]:
    """Which of the recorded files are others in `folder`, or gone, by their content alone.

    Raises:
        OSError: a file can't be read.
    """
    there = {name: folder / name for name in then or () if (folder / name).is_file()}
    now = {name: hash_file(path).removeprefix("blake3:") for name, path in there.items()}
    # Where none is left, to name them all would say less than why the folder can't be read.
    return data_changes.file_differences(then, now) if now else []
