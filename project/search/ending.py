"""What a sweep says at its end: how it went, what it has shown, and how to run the winner."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from project.cli.shell import command, exp_dir_flag, followed_by
from project.comparison.terminal import show
from project.hyperparameters import BY_NAME
from project.provenance.redact import Redactor
from project.run_directory import SWEEP_PAGE
from project.search.agenda import Agenda
from project.search.attempts.processes import THREADS
from project.search.page.writing import write
from project.search.supervision.stopping import Stop
from project.search.values import COMPLETE, CONFIRM, ENDED, TEST, Trial
from project.search.verdict.judging import DEFAULT
from project.search.verdict.report import Report
from project.search.verdict.screen import report_lines
from project.words.paths import brief
from project.words.width import terminal_width

HEADLINE = "headline"  # a fact of the sweep: the scores that its task shows first


def tell_end(
    agenda: Agenda, arguments: Namespace, argv: Sequence[str], stop: Stop, done: bool
) -> int:
    """Say it on standard output; returns the exit code.

    Args:
        agenda: of the sweep.
        arguments: of the command.
        argv: all its words.
        stop: why it has ended before all was done.
        done: whether all was.
    """
    exp_dir = Path(arguments.exp_dir)
    report = _report(agenda, exp_dir)
    if not done:
        if not stop.number:
            _write_page(report, exp_dir)
        _tell_stopped(agenda, argv)
        return 128 + stop.number if stop.number else 0
    show(report_lines(report, terminal_width()))
    _write_page(report, exp_dir, asked=arguments.report)
    if not report.best:
        return 1
    print(followed_by(f"\nrun {_what(report)}", report.command), flush=True)
    return 0


def _write_page(report: Report, exp_dir: Path, asked: bool = False) -> None:
    """Beside the sweep's runs; unless it was asked for, nothing fails if it can't be written.

    Raises:
        OSError: it can't be, and was asked for.
    """
    path = exp_dir / report.name / SWEEP_PAGE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)  # all runs may be elsewhere
        write(report, path)
    except OSError as error:
        if asked:
            raise
        print(f"no page: {path}: {error.strerror}", file=sys.stderr, flush=True)
    else:
        print(f"\npage: {brief(path)}", flush=True)


def _what(report: Report) -> str:
    if report.winner is not None:
        return f"the winner, trial {report.winner}"
    if report.confirmed:
        return "the default flags, which no trial is shown to be better than"
    return f"the best, trial {report.best[0].number}"


def _tell_stopped(agenda: Agenda, argv: Sequence[str]) -> None:
    trials = agenda.storage.trials(agenda.name)
    told = [f"{_ended(trials)} of {agenda.goal().total} trials"]
    for kind, name in ((CONFIRM, "confirmation"), (TEST, "test")):
        if n := _ended([job for job, _ in agenda.storage.jobs(agenda.name, kind)]):
            told.append(f"{n} {name}{'s' * (n > 1)}")
    said = f"stopped after {', '.join(told)}; to go on"
    # A password of the storage's address is not for the screen.
    print(followed_by(said, command("sweep", *Redactor().redact_argv(argv))), flush=True)


def _ended(jobs: Sequence[Trial]) -> int:
    return sum(job.state in ENDED for job in jobs)


def _report(agenda: Agenda, exp_dir: Path) -> Report:
    storage, spec = agenda.storage, agenda.spec
    trials = storage.trials(agenda.name)
    confirmed = agenda.confirmed(trials)
    if all(facts["arm"] == DEFAULT for _, facts in confirmed):
        confirmed = ()  # of trials that have been chosen since, none is
    told = Report(
        agenda.name,
        spec.rules,
        spec.space,
        trials,
        agenda.goal().total,
        confirmed,
        seconds=storage.busy(agenda.name),
    )
    tested = _tested(agenda, DEFAULT if told.winner is None else told.winner)
    return replace(told, tested=tested, command=_winner(agenda, told, exp_dir))


def _tested(agenda: Agenda, arm: int | str) -> dict[str, dict[int, float]]:
    """The test's scores by name and seed, of the tested runs of an arm."""
    found: dict[str, dict[int, float]] = {}
    objectives = [each.name.removeprefix("val_") for each in agenda.spec.rules.objectives]
    names = [*objectives, *(agenda.storage.get(agenda.name, HEADLINE) or ())]
    shown = [f"test_{name}" for name in dict.fromkeys(names)]
    for job, facts in agenda.storage.jobs(agenda.name, TEST):
        if facts["arm"] == arm and job.state == COMPLETE:
            for name in shown:
                if name in job.measures:
                    found.setdefault(name, {})[facts["seed"]] = job.measures[name]
    return found


def _winner(agenda: Agenda, report: Report, exp_dir: Path) -> str:
    """The command that runs the winner, or the best there is, with the weights that it had.

    By as many threads as trials have, and the score by which they keep their best epoch.
    """
    spec, values = agenda.spec, {}
    if report.winner is not None:
        values = agenda.storage.trials(agenda.name)[report.winner].values
    elif not report.confirmed and report.best:
        values = report.best[0].values
    words = [*spec.flags, *spec.space.argv(values), "--exp-name", agenda.name]
    first, told = spec.rules.objectives[0].name, spec.settings.get("monitor")
    given = any(word.partition("=")[0] == "--monitor" for word in spec.flags)
    if told == BY_NAME["monitor"].default != first and not given:
        words += ["--monitor", first]
    line = command("run", *words, *exp_dir_flag(exp_dir))
    return f"{THREADS[0]}={spec.rules.threads} {line}"
