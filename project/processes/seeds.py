"""Several runs one after another, each in a process of its own that knows nothing of the others."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from project.cli.seeds import without_seeds
from project.cli.shell import command, exp_dir_flag, followed_by
from project.cli.spread import rows_over_seeds
from project.cli.summary import print_summary
from project.files import read_json
from project.files.root import findable_here
from project.processes.place import place
from project.processes.signals import received_by
from project.run_directory import OUTCOME, RECORD, runs_in
from project.scores import headline

# Names the pipe to which a run's process tells its directory.
TELL = "PROJECT_TELLS_ITS_RUN"


@dataclass
class Made:
    """What became of a seed.

    Attributes:
        code: the exit code of its process, or the signal that killed it, negative.
        run: its directory, if it got as far as that.
    """

    seed: int
    code: int
    run: Path | None


def run_each(
    seeds: Sequence[int],
    argv: Sequence[str],
    short_ids: Callable[[Path], Mapping[str, str]],
) -> int:
    """Make a run with each seed, as `--seed` alone would, and sum up; what fails ends no other.

    Args:
        seeds: one at least.
        argv: the command line.
        short_ids: what commands may call each run of a folder of experiments.
    Returns:
        The exit code: 0; 1 if any failed; 2 if the first finds the input at fault; 128 + the
        signal's number if one came, which ends the present run and starts no other.
    Raises:
        ValueError: a launcher has started this process, for one run.
    """
    if launcher := place().launcher:
        raise ValueError(
            f"--seeds: {launcher} starts the processes of one run; start it once for each seed, or"
            " give --devices instead"
        )
    words, n, present = without_seeds(argv), len(seeds), _Present()
    print(f"{n} runs, one after another: seeds {_named(seeds)}", file=sys.stderr)
    made: list[Made] = []
    with present.told_of_signals():
        for i, seed in enumerate(seeds):
            print(f"\nseed {seed} ({i + 1} of {n})", file=sys.stderr, flush=True)
            made.append(_make(seed, [*words, "--seed", str(seed)], present))
            code = made[-1].code
            if i == 0 and code == 2:
                return 2
            if present.signals or code > 128:
                first = i if made[-1].run is None else i + 1
                _tell_rest(seeds[first:], words)
                return code if code > 128 else 128 + present.signals[0]
    _sum_up(made, short_ids)
    return 1 if any(one.code for one in made) else 0


def tell(run: Path) -> None:
    """Tell the process that started this one for a seed, if one did, which run it has opened."""
    if handle := os.environ.get(TELL):
        os.environ[TELL] = ""
        with suppress(OSError):
            os.write(int(handle), os.fsencode(run.absolute()))


def is_one_of_several() -> bool:
    """Whether this process makes the run of one seed, and another one says the last words."""
    return TELL in os.environ


class _Present:
    """The process of the present run, which gets the signals that this one does."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, argv: Sequence[str], says: int) -> int:
        """The exit code of such a run, whose process may write to the handle `says`."""
        command = [sys.executable, "-m", "project.run", *argv]
        env = findable_here() | {TELL: str(says)}
        self._process = subprocess.Popen(command, env=env, pass_fds=[says])
        for number in self.signals:  # came while it was started
            self._pass_on(number)
        return self._process.wait()

    @contextmanager
    def told_of_signals(self) -> Iterator[None]:
        """Let no signal end this process in the block."""
        with received_by(self._receive):
            yield

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)
        if self._process is not None:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if number != signal.SIGINT or not _terminal_tells_all():
            self._process.send_signal(number)


def _make(seed: int, argv: Sequence[str], present: _Present) -> Made:
    heard, says = os.pipe()
    os.set_blocking(heard, False)
    with open(heard, "rb") as pipe:
        try:
            code = present.run(argv, says)
        finally:
            os.close(says)
        run = pipe.read()
    return Made(seed, code, Path(os.fsdecode(run)) if run else None)


def _terminal_tells_all() -> bool:
    """Whether Ctrl-C reaches each process of this group by itself."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _tell_rest(seeds: Sequence[int], argv: Sequence[str]) -> None:
    if seeds:
        words = [*argv, "--seeds", *map(str, seeds)]
        said = f"not run: seed{'s' * (len(seeds) > 1)} {_named(seeds)}; to run them later"
        print(followed_by(said, command("run", *words)))


def _sum_up(made: Sequence[Made], short_ids: Callable[[Path], Mapping[str, str]]) -> None:
    """Say how good the runs are on average, which failed, and what compares them."""
    good = [one for one in made if one.code == 0 and one.run]
    shown = headline(read_json(good[0].run / RECORD)) if good else ()
    rows = rows_over_seeds([read_json(one.run / OUTCOME) for one in good], shown)
    rows += [("failed", _failure(one)) for one in made if one not in good]
    print_summary(rows, _title(good))
    if len(good) > 1:
        experiment, folder = good[0].run.parent.name, good[0].run.parents[1]
        where = exp_dir_flag(folder)
        runs = [one.run for one in good]
        alone = set(runs_in(runs[0].parent)) == set(runs)
        ids = short_ids(folder)
        names = [experiment] if alone else [ids[run.name] for run in runs]
        print(followed_by("compare them", command("compare", *names, *where)), flush=True)


def _title(good: Sequence[Made]) -> str:
    if not good:
        return "no run finished"
    experiment, seeds = good[0].run.parent.name, _named([one.seed for one in good])
    if len(good) == 1:
        return f"{experiment}: seed {seeds} alone"
    return f"{experiment}: mean ± standard deviation of seeds {seeds}"


def _failure(one: Made) -> str:
    how = f"killed by {signal.Signals(-one.code).name}" if one.code < 0 else f"exit code {one.code}"
    return f"seed {one.seed}: {how}" + (f", run {one.run.name}" if one.run else "")


def _named(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
