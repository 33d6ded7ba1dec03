"""Which columns a table of runs has, what one looks for first to what only fills a wide screen."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.flat import differ
from project.comparison.headline import leading
from project.comparison.labels import telling_flags
from project.comparison.loading import KnownRun
from project.comparison.units import exact_text
from project.comparison.values import Values, is_of_class, known_names
from project.hyperparameters import DEBUG, FLAGS
from project.plugs import flat
from project.provenance import repetitions
from project.scores import WITHOUT_LEAKS
from project.words.telling import did_you_mean

# Of these there is a column anyway, or it would say no more.
_ELSEWHERE = ("run_id", "dirty", "branch")


@dataclass(frozen=True)
class Choice:
    """What a person asked to see.

    Attributes:
        sort: the name that runs are sorted by, if it is not their age.
        asked: names that `--where` speaks of.
        columns: names of columns, in place of the usual ones.
        all: also every score that is not of one class.
        shortly: tags and notes in place of what differs.
    """

    sort: str | None = None
    asked: Sequence[str] = ()
    columns: Sequence[str] = ()
    all: bool = False
    shortly: bool = False


def asked_names(expressions: Iterable[str]) -> list[str]:
    """The words of the expressions, which may be names."""
    return [word for text in expressions for word in re.findall(r"[^\s()<>=!\"']+", text)]


def ordered(
    runs: Sequence[KnownRun], every: Sequence[Values], choice: Choice, *, whole: bool
) -> list[str]:
    """The names of the columns, most important first; what it is sorted by is among them.

    Args:
        runs: of the table.
        every: the values of each.
        choice: what was asked for.
        whole: whether there is room for all, and what does not differ is no less wanted.
    Raises:
        ValueError: a column is asked for that is no name of a value.
    """
    known = known_names(every)
    sort = [choice.sort] if choice.sort and choice.sort not in _ELSEWHERE else []
    if choice.columns:
        return list(dict.fromkeys([*sort, *_wanted(choice.columns, known)]))
    scores = dict.fromkeys(name for run in runs for name in run.scores)
    headline = _headline(runs, scores)
    varying = _varying(runs)
    experiments = [str(values.get("exp_name")) for values in every]
    flags = [_texts(run, varying) for run in runs]
    telling = [] if choice.shortly else telling_flags(flags, experiments)
    asked = [name for name in choice.asked if name in known and name not in _ELSEWHERE]
    names = [*sort, *([] if sort else ["age"]), "status", "exp_name", *telling, *asked]
    names += [*headline, *([] if choice.shortly else ["seed"])]
    names += ["tags", "note"] if choice.shortly else []
    names += ["age", *([] if choice.shortly else varying), *_rest(scores, choice.all)]
    names += [] if choice.shortly else ["sha", "data_hash"]
    always = {*sort, "age", "status", "exp_name", *headline, "sha", "data_hash"} if whole else {}
    several = len(runs) > 1
    return [
        name
        for name in dict.fromkeys(names)
        if name in always
        or not several
        or name in (*sort, *scores, "age")
        or differ(values.get(name) for values in every)
        or name in (*asked, "tags", "note")
        or (name == "status" and any(v["changed"] or v["stages"] for v in every))
        if any(_says(name, values) for values in every) or name in sort
    ]


def _wanted(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    if unknown := [name for name in columns if name not in known]:
        near = did_you_mean(unknown[0], known)
        raise ValueError(f"--columns {unknown[0]!r} is no name of a value{near}")
    return [name for name in columns if name != "run_id"]


def _says(name: str, values: Values) -> bool:
    value = values.get(name)
    return bool(repetitions.without_mark(value)) if name == "tags" else value not in (None, "")


def fold(runs: Sequence[KnownRun], where: Sequence[str]) -> tuple[list[KnownRun], str | None]:
    """The runs without those that failed while something was tried out, and a line about these."""
    failed = [r for r in runs if tried_out(r.status, r.record.get("exp_name"))]
    if asks_of_failures(where) or len(failed) in (0, len(runs)):
        return list(runs), None
    folded = {run.directory for run in failed}
    kept = [run for run in runs if run.directory not in folded]
    return kept, f'{folded_line(len(failed))}: --where "status == failed"'


def tried_out(status: Any, exp_name: Any) -> bool:
    """Whether a run failed while something was tried out, and is only counted."""
    return status == "failed" and exp_name == DEBUG


def asks_of_failures(where: Iterable[str]) -> bool:
    """Whether an expression speaks of what tells such runs: then they are listed, too."""
    return bool({"status", "exp_name", "run_id", "error"} & set(asked_names(where)))


def folded_line(n: int) -> str:
    """What is said in their place."""
    told = "1 failed run" if n == 1 else f"{n:,} failed runs"
    return f"{told} of {DEBUG} {'is' if n == 1 else 'are'} not shown"


def _headline(runs: Sequence[KnownRun], scores: Iterable[str]) -> list[str]:
    monitors = dict.fromkeys(str(run.best["monitor"]) for run in runs if run.best.get("monitor"))
    first, known = leading(run.record for run in runs), set(scores)
    wanted = [f"{split}_{name}" for split in ("val", "test") for name in first]
    wanted += ["test_loss", *(f"test_{name}{WITHOUT_LEAKS}" for name in first)]
    return [name for name in dict.fromkeys((*monitors, *wanted)) if name in known]


def _rest(scores: Iterable[str], all: bool) -> list[str]:
    return [name for name in scores if all and not is_of_class(name)]


def _varying(runs: Sequence[KnownRun]) -> list[str]:
    """Flags that differ between runs that have them; those of former versions lack some."""
    flags = [flat(run.record["flags"]) for run in runs]
    names = dict.fromkeys([f.name for f in FLAGS] + [name for own in flags for name in own])
    plain = [name for name in names if name not in NEUTRAL_FLAGS]
    return [name for name in plain if differ(own[name] for own in flags if name in own)]


def _texts(run: KnownRun, names: Sequence[str]) -> dict[str, str]:
    """A run's flags as texts, without those that it lacks, being of a former version."""
    flags = flat(run.record["flags"])
    return {name: exact_text(flags[name]) for name in names if name in flags}
