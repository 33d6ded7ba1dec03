"""`python -m project.scaling`: how the error falls with data and model size, and where it will be.

Runs with shares of the training samples, a form through their errors, and its forecasts.
"""

# PYTHON_ARGCOMPLETE_OK

import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from project.cli.command import as_process, guarded
from project.cli.stage import stage
from project.run_directory import LOCK, forecast_of

if TYPE_CHECKING:
    from project.forecast.asking import Asked
    from project.forecast.telling import Telling
    from project.hyperparameters import Hyperparameters


def main(argv: Sequence[str]) -> int:
    """Make the runs that are missing, and forecast.

    Returns:
        The exit code: 0; 1 if a run has failed; 2 if the input is at fault; 128 + the signal's
        number if one came.
    """

    def act() -> int:
        try:
            return scale(argv)
        finally:
            stage("")

    return guarded(act)


def scale(argv: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code.

    Raises:
        ValueError: it can't be understood, another process makes these runs, or their errors are
            none to fit the form to.
        OSError: a file can't be read or written.
    """
    from project.forecast.asking import asked
    from project.provenance.parents import flags_found

    wanted = asked(argv, flags_found, _named_runs)
    from project.files import try_lock

    folder = forecast_of(Path(wanted.base.exp_dir), wanted.base.exp_name)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    if (held := try_lock(folder / LOCK)) is None:
        raise ValueError(f"another process makes the runs of {wanted.base.exp_name}; wait for it")
    with closing(held):
        try:
            return _scale(wanted, folder)
        finally:
            _leave_no_empty(folder)


def _leave_no_empty(folder: Path) -> None:
    """Remove the folder again where nothing has come of it."""
    with suppress(OSError):
        (folder / "logs").rmdir()
        if [path.name for path in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
            for each in (folder, folder.parent, folder.parents[1]):
                each.rmdir()


def _named_runs(hparams: "Hyperparameters") -> list[str]:
    from project.plan import pinned

    return pinned(hparams)


def _scale(asked: "Asked", folder: Path) -> int:
    from project.forecast.finding import find
    from project.forecast.telling import Telling
    from project.search.supervision.stopping import Stop

    stage("looking for runs")
    found = find(asked)
    stage("")
    missing = [each for each in asked.runs if each not in found.finished]
    told = Telling(asked, found)
    if missing:
        from project.forecast.making import Making, threads_of

        making = Making(asked, found.begun, threads_of(asked.jobs), folder / "logs", told.ended)
        stop = Stop()
        try:
            with stop.listening():
                making.make(missing, stop)
        except KeyboardInterrupt:
            stop.asked = True
        if stop.asked:
            told.interrupted()
            return 128 + (stop.number or 2)
    _report(asked, told, folder)
    return 1 if told.failed else 0


def _report(asked: "Asked", told: "Telling", folder: Path) -> None:
    """Fit, say and keep what came of it.

    Raises:
        ValueError: the runs are no points of one curve, or too few.
        OSError: a file can't be written.
    """
    from project.forecast import sentences
    from project.forecast.answer import answer
    from project.forecast.finding import codes, strangers
    from project.forecast.keeping import keep
    from project.forecast.measuring import chance_of
    from project.words.paths import brief

    records = [record for _, record in told.points.values()]
    points = [told.points[each][0] for each in asked.runs if each in told.points]
    if problems := strangers(records):
        raise ValueError("\n".join(problems))
    if (n := codes(records)) > 1:
        print(f"note: the runs are of {n} versions of the code", file=sys.stderr)
    if not points:
        raise ValueError("no run has finished")
    most, (point, record) = max(told.points.items(), key=lambda item: item[0].fraction)
    chance = asked.chance or chance_of(record, asked.score)
    found = answer(points, asked.score, chance, round(point.samples / most.fraction), asked.targets)
    print()
    for line in sentences.lines(found):
        print(line)
    print()
    for path in keep(
        found, f"{asked.base.exp_name}: {asked.base.data}, {asked.base.model}", folder
    ):
        print(brief(path))
    told.conclude()


if __name__ == "__main__":
    sys.exit(as_process(main))
