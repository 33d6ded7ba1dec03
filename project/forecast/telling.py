"""How far the runs are, on the terminal while they are made; and what each has measured."""

import sys
from pathlib import Path
from typing import Any

from project.cli.shell import command, exp_dir_flag, followed_by
from project.forecast.asking import Asked, Wanted
from project.forecast.finding import Found
from project.forecast.making import Ended
from project.forecast.measuring import measure
from project.forecast.points import Point
from project.forecast.sentences import share


class Telling:
    """Tells of each run that has ended.

    Attributes:
        points: of the finished runs, and the record of each.
        failed: those that came to nothing.
    """

    def __init__(self, asked: Asked, found: Found) -> None:
        """Say what is there already, and what will be made."""
        self.points: dict[Wanted, tuple[Point, dict[str, Any]]] = {}
        self.failed: list[Ended] = []
        self._asked, self._n = asked, len(asked.runs)
        for wanted, run in found.finished.items():
            self._measure(wanted, run)
        there, begun = len(found.finished), len(found.begun)
        if there or begun:
            goes_on = f", {begun} go{'es' * (begun == 1)} on" if begun else ""
            _say(f"{there} of {self._n} runs are there already{goes_on}")
        else:
            _say(f"{self._n} runs, {asked.jobs} at a time, in {asked.experiment}")

    def ended(self, ended: Ended) -> None:
        """Tell of one.

        Raises:
            ValueError: its score is none to go on with, or the widths change nothing.
        """
        if ended.failure or ended.run is None:
            self.failed.append(ended)
            _say(f"{self._count()} {_named(ended.wanted, self._asked)} failed: {ended.failure}")
            return
        point = self._measure(ended.wanted, ended.run)
        _say(f"{self._count()} {_named(ended.wanted, self._asked)}: error {share(point.error)}")

    def interrupted(self) -> None:
        """Say how to go on."""
        left = self._n - len(self.points)
        print(f"interrupted: {left} of {self._n} runs are left; the same command goes on")

    def conclude(self) -> None:
        """Say which runs failed, and how to compare all."""
        for each in self.failed:
            run = f", run {each.run.name}" if each.run else ""
            print(f"failed: {_named(each.wanted, self._asked)}{run}: {each.failure}")
        base = self._asked.base
        words = [base.exp_name, *exp_dir_flag(Path(base.exp_dir))]
        if len(self.points) > 1:
            print(followed_by("compare the runs", command("compare", *words)), flush=True)

    def _measure(self, wanted: Wanted, run: Path) -> Point:
        self.points[wanted] = measure(run, self._asked.score)
        point, _ = self.points[wanted]
        for other, (known, _) in self.points.items():
            if other.width != wanted.width and known.size == point.size:
                raise ValueError(
                    f"--widths: with {self._asked.width_flag} {other.width} and {wanted.width} the"
                    f" model has the same {point.size:,} parameters; give the flag that changes"
                    " them as --width-flag NAME"
                )
        return point

    def _count(self) -> str:
        return f"run {len(self.points) + len(self.failed)} of {self._n}:"


def _named(wanted: Wanted, asked: Asked) -> str:
    width = "" if wanted.width is None else f", {asked.width_flag} {wanted.width}"
    return f"{wanted.fraction:.4g} of the samples{width}, seed {wanted.seed}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
