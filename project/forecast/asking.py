"""What the command line of `project.scaling` asks for: which runs, and what of them."""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from project.cli.fields import flag_name
from project.cli.flags import Arguments, parse
from project.cli.layers import FindFlags
from project.cli.spellings import of_command
from project.forecast.parser import make_parser
from project.hyperparameters import DEBUG, Hyperparameters, section_of
from project.search.base import LEFT_OUT
from project.search.values import TRIAL
from project.words.telling import did_you_mean

EXPERIMENT = "scaling"  # where none is named
MOST_SEED = 2**32 - 1
LEAST_FRACTIONS = 4  # three to fit the form, and one to see how far off that is
LEAST_WIDTHS = 3  # as b, beta and c are three
NameRuns = Callable[[Hyperparameters], Sequence[str]]
# Flags of a run that can't be its runs', and why.
REFUSED = {
    "train_fraction": "--fractions say that",
    "resume": "its runs are new ones",
    "from_": "its runs are new ones",
    "only_test": "nothing is tested",
    "fast_dev_run": "an error of a few batches is none",
    "limit_batches": "an error of a few batches is none",
    "overfit_batches": "an error of a few batches is none",
}


@dataclass(frozen=True)
class Wanted:
    """A run to be made; `width` is None where all models have the one that the flags say."""

    fraction: float
    width: int | None
    seed: int


@dataclass(frozen=True)
class Asked:
    """What the command line asks for.

    Attributes:
        words: those of the runs' command line.
        base: hyperparameters of the runs, but for what differs.
        own_tracker: whether a person has said where runs are sent.
        width_flag: of the size, by its name on the command line; None: there are no widths.
        runs: all, in the order in which they are made.
        targets: errors for which the samples needed are asked.
        score: whose difference from 1 is the error.
        chance: the error of a guess; None: 1 - 1/C.
        same_steps: whether smaller shares have more epochs.
        jobs: how many runs at a time.
        find: finds the flags of a recorded run.
    """

    words: tuple[str, ...]
    base: Hyperparameters
    own_tracker: bool
    width_flag: str | None
    runs: tuple[Wanted, ...]
    targets: tuple[float, ...]
    score: str
    chance: float | None
    same_steps: bool
    jobs: int
    find: FindFlags

    @property
    def experiment(self) -> Path:
        """The folder of the runs."""
        return Path(self.base.exp_dir) / self.base.exp_name

    def argv(self, wanted: Wanted) -> list[str]:
        """The command line of a run."""
        words = [*self.words, "--exp-name", self.base.exp_name, "--seed", str(wanted.seed)]
        words += ["--train-fraction", repr(wanted.fraction)]
        if self.width_flag is not None:
            words += [self.width_flag, str(wanted.width)]
        if self.same_steps:
            # In decimal: 21 epochs by 0.7 are 30, and no 31.
            epochs = math.ceil(self.base.max_epochs / Decimal(repr(wanted.fraction)))
            words += ["--max-epochs", str(epochs)]
        if not self.own_tracker:
            words += ["--tracker", "none"]
        without = dict.fromkeys((*self.base.without, *LEFT_OUT[TRIAL]))
        return [*words, "--without", *without]

    def hparams(self, wanted: Wanted) -> Hyperparameters:
        """The hyperparameters of a run.

        Raises:
            ValueError: the width is none for this flag; a line for each mistake.
        """
        return parse(self.argv(wanted), find=self.find).hparams


def asked(argv: Sequence[str], find: FindFlags, name_runs: NameRuns) -> Asked:
    """What the command line asks for.

    Args:
        argv: the command line.
        find: finds the flags of a recorded run, for `--config RUN`.
        name_runs: gives words that name the runs of other flags as they are now.

    Raises:
        ValueError: one line for each thing that is wrong.
    """
    parser = make_parser()
    own, words = parser.parse_own(argv)
    problems = _own_problems(own)
    try:
        arguments = parse(words, find=find)
    except ValueError as error:
        lines = of_command(str(error), parser)
        raise ValueError("\n".join([*problems, lines])) from None
    if problems := [*problems, *_unfit(arguments, own)]:
        raise ValueError("\n".join(problems))
    base = arguments.hparams
    words += name_runs(base)
    if base.exp_name == DEBUG:
        base = base.replace(exp_name=EXPERIMENT)
    widths = sorted(own.widths) or [None]
    seeds = range(base.seed, base.seed + own.seeds)
    runs = [Wanted(f, w, s) for f in sorted(own.fractions) for s in seeds for w in widths]
    usual = "hidden_dim" if base.model == "mlp" else "width"
    flag = flag_name(spelled_flag(own.width_flag) or usual)
    targets = tuple(sorted({*own.target}, reverse=True))
    found = Asked(
        *(tuple(words), base, "tracker" in arguments.given, flag if own.widths else None),
        *(tuple(runs), targets, own.score, own.chance, own.same_steps, own.jobs, find),
    )
    for wanted in runs[: len(widths)]:
        found.hparams(wanted)  # which tells what is wrong with a width
    return found


def _unfit(arguments: Arguments, own: argparse.Namespace) -> Iterator[str]:
    """What is wrong with flags of runs, here; a line each."""
    for name, why in REFUSED.items():
        if arguments.given.get(name):
            yield f"{flag_name(name.strip('_'))} is no flag of this command: {why}"
    if arguments.seeds:
        yield "--seeds of a config file name each; here it is their number: take them out there"
    if arguments.hparams.seed + own.seeds - 1 > MOST_SEED:
        yield f"--seeds: {own.seeds} from --seed {arguments.hparams.seed} on are beyond {MOST_SEED}"


def _own_problems(own: argparse.Namespace) -> list[str]:
    problems = []
    for name in ("fractions", "widths"):
        values = getattr(own, name)
        if twice := sorted({value for value in values if values.count(value) > 1}):
            problems.append(f"--{name}: {', '.join(f'{v:g}' for v in twice)} stands there twice")
    if len(set(own.fractions)) < LEAST_FRACTIONS:
        problems.append(
            f"--fractions: give {LEAST_FRACTIONS} or more; three fit the form, and one shows how"
            " far off it is"
        )
    if 0 < len(set(own.widths)) < LEAST_WIDTHS:
        problems.append(
            f"--widths: give {LEAST_WIDTHS} or more, or none: fewer can't tell apart what size and"
            " samples leave"
        )
    name = spelled_flag(own.width_flag)
    if name and section_of(name) not in ("model", ""):
        problems.append(f"--width-flag: {flag_name(name)} is no flag of the model")
    if own.width_flag and not own.widths:
        problems.append("--width-flag says which flag takes --widths, and there are none")
    if not own.score.startswith("val_"):
        near = did_you_mean(f"val_{own.score}", ["val_accuracy", "val_balanced_accuracy"])
        problems.append(f"--score {own.score!r} is no validation score{near}")
    return problems


def spelled_flag(text: str | None) -> str:
    """A flag's name in files and records, whether it was written `--hidden-dim` or `hidden_dim`."""
    return (text or "").removeprefix("--").replace("-", "_")
