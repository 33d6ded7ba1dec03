"""A sweep on the terminal: how trials ended, the best, what is confirmed, and the verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence

from project.cli.spread import summary
from project.cli.summary import duration, number
from project.comparison.layout import Line, Table, table_lines, wrapped
from project.comparison.verdict_text import mean_text
from project.search.values import COMPLETE, FAILED, PRUNED, RUNNING, WAITING, Trial
from project.search.verdict.confirmation import scores_of
from project.search.verdict.judging import DEFAULT, Comparison, Verdict
from project.search.verdict.report import Report, arm_name, failure_text, values_text
from project.search.verdict.sentences import gain_texts, sentences

_FAILED = 3  # so many reasons are told; the page has all
_STATES = (COMPLETE, PRUNED, FAILED, RUNNING, WAITING)


def report_lines(report: Report, width: int | None) -> Iterator[Line]:
    """The lines that tell of a sweep, the verdict last.

    Args:
        report: of the sweep.
        width: of the terminal; None if there is none.
    """
    yield from wrapped(f"sweep {report.name}", width, "bold")
    yield from wrapped(_trials(report), width)
    yield from _failures(report.trials, width)
    yield from _best(report, width)
    if report.confirmed:
        yield from _confirmed(report, width)
    yield from _tested(report, width)
    yield from _matters(report, width)
    yield Line()
    first, *rest = sentences(report)
    yield from wrapped(first, width, "bold")
    for line in rest:
        yield from wrapped(line, width)


def _heading(text: str, width: int | None) -> Iterator[Line]:
    yield Line()
    yield from wrapped(text, width, "bold")


def _trials(report: Report) -> str:
    counts = Counter(trial.state for trial in report.trials)
    states = ", ".join(f"{counts[state]:,} {state}" for state in _STATES if counts[state])
    goal = "" if len(report.trials) == report.goal else f" of {report.goal:,}"
    told = f"{len(report.trials):,}{goal} trials: {states or 'none yet'}"
    if report.seconds is not None:
        told += f"; took {duration(report.seconds)}"
    wall, cpu = sum(t.seconds for t in report.trials), sum(t.cpu_seconds for t in report.trials)
    runs = f"; their runs {duration(wall)} together, process time {duration(cpu)}"
    return told + (runs if report.trials else "")


def _failures(trials: Sequence[Trial], width: int | None) -> Iterator[Line]:
    failed = [trial for trial in trials if trial.state == FAILED]
    for trial in failed[:_FAILED]:
        yield from wrapped(f"trial {trial.number} {failure_text(trial)}", width, "yellow")
    if len(failed) > _FAILED:
        more = f"{len(failed) - _FAILED} more failed: the page has the reasons"
        yield from wrapped(more, width, "yellow")


def _best(report: Report, width: int | None) -> Iterator[Line]:
    if not report.best:
        return
    names = [each.name for each in report.rules.objectives]
    yield from _heading("the best trials" if len(names) == 1 else "of the Pareto front", width)
    rows = [
        [f"trial {trial.number}", *map(number, trial.scores), values_text(trial.values)]
        for trial in report.best
    ]
    scores = frozenset(range(1, 1 + len(names)))
    table = Table(["", *names, "flags"], rows, scores, essential=1 + len(names), widest=width)
    yield from table_lines(table, width)


def _confirmed(report: Report, width: int | None) -> Iterator[Line]:
    yield from _heading("confirmed with new seeds, beside the default flags", width)
    every = scores_of(report.confirmed, report.rules)
    for told, objective, scores in zip(
        report.verdicts, report.rules.objectives, every, strict=True
    ):
        arms = [*(each.arm for each in told.comparisons), DEFAULT]
        means = [
            _mean([v for s in told.seeds if (v := scores.get(a, {}).get(s)) is not None])
            for a in arms
        ]
        rows = [
            _row(*pair, told, report.winner) for pair in zip(told.comparisons, means, strict=False)
        ]
        rows.append([arm_name(DEFAULT), means[-1], "", "", "", ""])
        header = ["", objective.name, "gain", "at least", "at most", ""]
        yield from table_lines(Table(header, rows, frozenset({1, 2, 3, 4}), essential=6), width)


def _row(told: Comparison, mean: str, verdict: Verdict, winner: int | None) -> list[str]:
    said = told.why or "no difference shown"
    if told.is_better:
        # The interval holds for all together; Holm's steps may show a little more.
        steps = "" if told.low > 0 else " (Holm)"
        said = f"better{steps}{', the winner' if told.arm == winner else ''}"
    elif told.is_worse:
        said = "worse"
    ends = ["", "", ""] if told.low is None else [*gain_texts(told, verdict)]
    return [arm_name(told.arm), mean if told.mean is not None else "-", *ends, said]


def _matters(report: Report, width: int | None) -> Iterator[Line]:
    found = report.importance
    if not found.shares:
        return
    told = ", ".join(f"{name} {found.shares[name]:.2f}" for name in found.shown)
    yield Line()
    yield from wrapped(f"flags that matter more than by chance: {told or 'none shown'}", width)


def _mean(values: Sequence[float]) -> str:
    told = summary(values)
    return "-" if told["mean"] is None else mean_text(told["mean"], told["sd"])


def _tested(report: Report, width: int | None) -> Iterator[Line]:
    if not report.tested:
        return
    whose = arm_name(DEFAULT if report.winner is None else report.winner)
    told = ", ".join(f"{name} {_mean([*of.values()])}" for name, of in report.tested.items())
    seeds = len({seed for of in report.tested.values() for seed in of})
    yield Line()
    yield from wrapped(f"test, {whose}, {seeds} seeds: {told}", width)
