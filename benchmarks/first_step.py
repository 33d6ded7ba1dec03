"""Seconds from the start of the process to the first optimizer step, beside raw PyTorch."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._processes import project, seconds_to_step
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

GOALS = (Goal("project", "raw PyTorch", below=1.7), Goal("template", "project"))


def measure(quick: bool) -> Iterator[Result]:
    """The default data and model; the record stands on the disk before the step."""
    raw = ("-m", "benchmarks.peers.raw_script", "--steps", "1")
    cases = {"raw PyTorch": lambda: seconds_to_step(*raw), "project": seconds_to_first_step}
    if not quick:
        cases["template"] = lambda: seconds_to_step("-m", "benchmarks.peers.template_start")
    values = take_turns(cases, n=1 if quick else 7, warm_up=not quick)
    goals = tuple(goal for goal in GOALS if goal.case in cases)
    yield Result("process start to first optimizer step, digits, CNN", "s", values, goals)


def seconds_to_first_step() -> float:
    """As the run's own journal says: it holds the time at which each step's loss was logged."""
    finished = project("--max-steps", "1", "--accelerator", "cpu")
    assert finished.recorded <= finished.times[1]
    return finished.times[1] - finished.began


if __name__ == "__main__":
    run(measure)
