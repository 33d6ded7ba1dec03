"""What travels between the parts of a search: objectives, rules, trials, jobs and results."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Plain = str | int | float | bool | None

# What a trial, or another job, is: the last four are ends.
WAITING, RUNNING, COMPLETE, PRUNED, FAILED = "waiting", "running", "complete", "pruned", "failed"
ENDED = frozenset({COMPLETE, PRUNED, FAILED})
# What jobs are for.
TRIAL, CONFIRM, TEST = "trial", "confirm", "test"

# What a constraint may ask for besides validation scores.
MEASURES = ("parameters", "seconds", "epochs")


@dataclass(frozen=True)
class Objective:
    """A validation score that is searched for, and which of its values are `better`: min or max."""

    name: str
    better: str


@dataclass(frozen=True)
class Constraint:
    """What a trial's measure must fulfil, `parameters < 100000`.

    Attributes:
        name: a validation score, or one of `MEASURES`.
        operator: <, <=, > or >=.
        bound: what it is compared with.
    """

    name: str
    operator: str
    bound: float

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.bound:g}"


@dataclass(frozen=True)
class Rules:
    """How trials are chosen and judged; a sweep has the same from its first trial to its last.

    Attributes:
        sampler: tpe, random, grid or qmc.
        pruner: none, median or hyperband.
        seed: of the sampler, with a trial's number.
        window: W, how many trials may run at once: trial k sees those up to k - W alone.
        threads: of each trial, the same on every machine, as other numbers give other weights.
        objectives: one, or several for a Pareto front; pruners look at the first.
        constraints: of good trials.
        max_epochs: the most that a trial has, for the pruner.
    """

    sampler: str
    pruner: str
    seed: int
    window: int
    threads: int
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()
    max_epochs: int = 1

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Rules":
        """Of what `to_json` gave."""
        objectives = tuple(Objective(**each) for each in told["objectives"])
        constraints = tuple(Constraint(**each) for each in told["constraints"])
        return cls(**{**told, "objectives": objectives, "constraints": constraints})


@dataclass(frozen=True)
class Trial:
    """One trial, or another job, as the storage knows it.

    Attributes:
        number: from 0 on, in the order of the sequence.
        values: of the flags searched, by name; those that a condition leaves out are absent.
        state: waiting, running, complete, pruned or failed.
        scores: of the objectives, in their order; of a pruned one the last seen of the first; none
            if it has failed.
        measures: what constraints ask for, by name.
        intermediate: the first objective after each epoch, counted from 1.
        reason: why it failed, or was pruned.
        run: the id of its run.
        retry_of: the failed trial whose flags it has.
        seconds: wall time; `cpu_seconds`: of the process.
    """

    number: int
    values: Mapping[str, Plain]
    state: str = WAITING
    scores: tuple[float, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    intermediate: Mapping[int, float] = field(default_factory=dict)
    reason: str = ""
    run: str | None = None
    retry_of: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """What a worker has been given to do, until its lease is over.

    Attributes:
        kind: trial, confirm or test.
        number: of its kind, from 0 on.
        values: of the flags searched.
        facts: what else belongs to it, such as the `arm` and `seed` of a confirmation.
        attempt: from 1 on; more if former workers have died.
        run: the id of the run that a former attempt has begun, to be resumed.
        token: by which the worker holds it.
    """

    kind: str
    number: int
    values: Mapping[str, Plain]
    facts: Mapping[str, Any]
    attempt: int
    run: str | None
    token: str


@dataclass(frozen=True)
class Result:
    """What came of a job; the attributes are a trial's."""

    state: str
    scores: tuple[float, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    intermediate: Mapping[int, float] = field(default_factory=dict)
    reason: str = ""
    run: str | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
