"""Everything there is to say of runs side by side, as one structure for the terminal and pages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.comparison import progress
from project.comparison.ancestry import parent_lines
from project.comparison.code import compare_code
from project.comparison.files import compare_files
from project.comparison.groups import groups, pairs
from project.comparison.judging import judge
from project.comparison.labels import short_id
from project.comparison.loading import KnownRun, journal_damage
from project.comparison.sections import leaks_text, sections
from project.comparison.values import age_of
from project.files.root import ROOT
from project.provenance import repetitions
from project.provenance.comparable import drawn_by_seed, incomparable, told
from project.run_directory import PREDICTIONS
from project.scores import agreed, distinct

SCHEMA = 1


def describe(
    runs: Sequence[KnownRun],
    *,
    repository: Path | None = ROOT,
    now: datetime | None = None,
    curves: bool = True,
) -> dict[str, Any]:
    """What the runs are and what differs between them; plain values, fit for JSON.

    Args:
        runs: Of `load`, at least one; the first is what the others are compared with.
        repository: Has the commits; None: the code is not compared.
        now: An aware time, from which ages count.
        curves: Whether to read all that the runs logged.
    Returns:
        `schema`; `runs` (who each is: `label`, `run_id`, `directory`, `status`, `age` in seconds,
        ...; with `curves` all it logged by name); `disagreements` (of its function); `sections`
        (rows by section, of `sections`);
        `code` (of `compare_code`); `files` (of `compare_files`); `groups` and `pairs` (of their
        functions); `settings`, `verdicts` and what else `judge` gives; `better`, of each score
        `min`, `max` or None; `incomparable`, why, of the scores that can't be compared, and
        `notes`, lines that say so, and which runs went on from others; `problems`, a line for each
        thing that could not be compared, such as a damaged journal.
    """
    now = now or datetime.now(UTC)
    labels = [label(index) for index in range(len(runs))]
    code = compare_code(runs, labels, repository)
    files = compare_files(runs, labels)
    found = groups(runs, labels, code["trees"], code["blobs"])
    described = [_who(run, name, now) for run, name in zip(runs, labels, strict=True)]
    damages = [journal_damage(run) for run in runs]
    reasons = incomparable((run.record, run.scores) for run in runs)
    if curves:
        for index, run in enumerate(runs):
            described[index]["curves"], damage = _curves(run)
            damages[index] = damage or damages[index]
    description = {
        "schema": SCHEMA,
        "runs": described,
        "sections": sections(runs),
        "code": {"trees": code["trees"], "diffs": code["diffs"]},
        "files": {"manifests": files["manifests"], "changes": files["changes"]},
        "groups": found,
        "pairs": pairs(found, dict(zip(labels, runs, strict=True))),
        "better": _better(runs),
        "incomparable": reasons,
        "notes": [*parent_lines(runs, _shown(runs, labels, found)), *_notes(runs, reasons)],
        "problems": code["problems"] + files["problems"] + [text for text in damages if text],
    }
    pairs_of_runs, damaged = _disagreements(runs, _shown(runs, labels, found))
    description["disagreements"] = pairs_of_runs
    description["problems"] += damaged
    return description | judge(description, runs)


def _shown(
    runs: Sequence[KnownRun], labels: Sequence[str], grouped: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What each run is called where groups have one label: those in one by the end of the id."""
    inside = {name for group in grouped for name in group["runs"]}
    return [
        short_id(run.run_id) if name in inside else name
        for run, name in zip(runs, labels, strict=True)
    ]


def label(index: int) -> str:
    """a to z, then aa, ab, ..."""
    text = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        text = chr(97 + letter) + text
    return text


def _curves(run: KnownRun) -> tuple[progress.Curves, str | None]:
    """What a run logged, or why nobody can say."""
    try:
        return progress.curves(run.directory), None
    except ValueError as error:
        return {}, str(error)


def _disagreements(
    runs: Sequence[KnownRun], names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """As of `disagreements`, for which NumPy is loaded, where there is something to compare."""
    if sum((run.directory / PREDICTIONS).is_file() for run in runs) < 2:
        return [], []
    from project.comparison.samples import disagreements

    return disagreements(runs, names)


def _notes(runs: Sequence[KnownRun], reasons: Mapping[str, str]) -> list[str]:
    lines = told(reasons, dict.fromkeys(name for run in runs for name in run.scores))
    splits = drawn_by_seed([run.record for run in runs])
    return [*lines, *([f"each seed has its own {' and '.join(splits)} samples"] if splits else [])]


def _better(runs: Sequence[KnownRun]) -> dict[str, str | None]:
    ways = distinct(run.record["scores"] for run in runs)
    names = dict.fromkeys(name for run in runs for name in run.scores)
    return {name: agreed(ways, name) for name in names}


def _who(run: KnownRun, name: str, now: datetime) -> dict[str, Any]:
    record = run.record
    found = {"label": name, "run_id": run.run_id, "directory": str(run.directory)}
    found |= {key: record.get(key) for key in ("exp_name", "created", "command", "description")}
    found |= {"status": run.status, "age": age_of(run, now), "tags": run.tags, "note": run.note}
    found |= {key: record["code"].get(key) for key in ("sha", "branch", "dirty")}
    monitor, value = run.best.get("monitor"), run.best.get("value")
    found |= {"leaks": leaks_text(record["data"]), "reproduces": repetitions.original(record)}
    found |= {"data_hash": record["data"].get("hash"), "monitor": monitor, "best": value}
    found |= {"foreign": bool(record.get("foreign"))}
    return found | {"seed": record["flags"].get("seed"), "scores": run.scores}
