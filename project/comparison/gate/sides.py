"""The two sides of a gate: runs that differ in the seed alone, as they are named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from project.comparison.flat import differ, flatten
from project.comparison.groups import groups
from project.comparison.labels import short_id
from project.comparison.loading import KnownRun
from project.comparison.selecting import named_runs
from project.comparison.siblings import siblings
from project.comparison.values import code_mark, setting_of
from project.comparison.verdict import Setting
from project.provenance import repetitions
from project.words.names import some

# What a person may ask of besides scores, and less is better of it.
FACTS = ("duration", "n_parameters")


@dataclass(frozen=True)
class Side:
    """One side.

    Attributes:
        label: `base` or `new`.
        runs: finished ones, of each seed the newest, by seed.
        asked: how they were named.
        note: which runs are left out, empty where none is.
    """

    label: str
    runs: dict[int | None, KnownRun]
    asked: str
    note: str

    def values(self, score: str) -> Setting:
        """A score, or one of FACTS, by seed."""
        found = {seed: known(run).get(score) for seed, run in self.runs.items()}
        return Setting(self.label, {s: value for s, value in found.items() if value is not None})

    def told(self) -> str:
        """Who they are, for people."""
        ids = " ".join(short_id(run.run_id) for run in self.runs.values())
        marks = dict.fromkeys(code_mark(run.record["code"]) for run in self.runs.values())
        seeds = " ".join(map(str, self.runs))
        n = f"{len(self.runs)} seeds" if len(self.runs) > 1 else "seed"
        return f"{self.label}: {self.asked} ({n} {seeds}; runs {ids}; code {' '.join(marks)})"


def known(run: KnownRun) -> dict[str, float]:
    """What a gate may ask of a run, by name."""
    facts = {"duration": run.outcome.get("duration")}
    facts |= {"n_parameters": run.record["model"].get("n_parameters")}
    return run.scores | {name: float(value) for name, value in facts.items() if value is not None}


def side(exp_dir: Path, label: str, asked: str, all_seeds: bool) -> Side:
    """The side that a person names by a run, several with commas between them, or an experiment.

    Args:
        exp_dir: folder of all experiments.
        label: `base` or `new`.
        asked: what was written.
        all_seeds: whether to take in the other seeds that the experiments have.
    Raises:
        ValueError: a run is unknown, damaged or changed, none has finished, or they differ in more
            than the seed.
        OSError: a file can't be read.
    """
    together = "," in asked and not Path(asked).exists()
    names = [name for name in asked.split(",") if name] if together else [asked]
    runs, problems = named_runs(exp_dir, names)
    if problems:
        raise ValueError("\n".join(f"{label}: {problem}" for problem in problems))
    runs = [*runs, *siblings(runs)] if all_seeds else runs
    ids = {run.run_id for run in runs}
    own = [run for run in runs if not repetitions.is_repeated(run.record, ids)]
    finished = [run for run in own if run.status == "finished"]
    if not finished:
        states = ", ".join(dict.fromkeys(run.status for run in own))
        raise ValueError(f"{label} {asked!r} has no finished run: {len(own)} {states}")
    _check_setting(label, asked, finished)
    by_seed = {_seed(run): run for run in sorted(finished, key=lambda run: run.run_id)}
    order = sorted(by_seed, key=lambda seed: (seed is None, seed))
    return Side(label, {seed: by_seed[seed] for seed in order}, asked, _left_out(own, by_seed))


def _left_out(runs: Sequence[KnownRun], taken: dict[int | None, KnownRun]) -> str:
    states = [run.status for run in runs if run.status != "finished"]
    states += ["older of the same seed"] * (len(runs) - len(states) - len(taken))
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _check_setting(label: str, asked: str, runs: Sequence[KnownRun]) -> None:
    """Refuse runs of two settings: their mean would be that of neither."""
    if len(runs) < 2:
        return
    names = [str(index) for index in range(len(runs))]
    if len({_seed(run) for run in runs}) > 1:
        found = groups(runs, names, [None] * len(runs))
        if len(found) == 1 and found[0]["runs"] == names:
            return
    flags = [flatten(setting_of(run.record["flags"])) for run in runs]
    every = dict.fromkeys(name for own in flags for name in own)
    other = [name for name in every if differ(own.get(name) for own in flags)]
    if not other and len({_seed(run) for run in runs}) == 1:
        return
    what = some(other) if other else "code, data, packages or machine"
    ids = some([short_id(run.run_id) for run in runs])
    raise ValueError(
        f"{label} {asked!r} is more than one setting: {ids} differ in {what}, not in the seed"
        " alone; name the runs of one, with commas between them"
    )


def _seed(run: KnownRun) -> int | None:
    seed = run.record["flags"].get("seed")
    return seed if isinstance(seed, int) else None
