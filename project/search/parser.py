"""The command line of `project.sweep`, as far as it is the sweep's own."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import add_exp_dir
from project.cli.parser import Parser, whole
from project.hyperparameters import ALL_NAMES
from project.run_directory import SWEEPS

SAMPLERS = ("tpe", "random", "grid", "qmc")
PRUNERS = ("none", "median", "hyperband")
DESCRIPTION = (
    "Make trials of a model with other flags each, all of them whole runs, then run the best and"
    " the default flags again with new seeds, and say which is better. The flags of project.run"
    " that all trials have stand after --. The same command again goes on; more --trials extend it."
)
_UNITS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def make_parser() -> argparse.ArgumentParser:
    """The command line, as far as it is the sweep's own."""
    parser = _Parser(
        prog="python -m project.sweep",
        usage="python -m project.sweep --exp-name NAME --trials N --search FLAG ... -- FLAGS\n"
        "       python -m project.sweep --join NAME\n"
        "       python -m project.sweep --template -- FLAGS",
        description=DESCRIPTION,
    )
    _add_sweep(parser.add_argument_group("sweep"))
    _add_space(parser.add_argument_group("what is searched"))
    _add_rules(parser.add_argument_group("how"))
    _add_where(parser.add_argument_group("where"))
    return parser


def _add_sweep(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--exp-name", metavar="NAME", help="of the sweep and its runs")
    group.add_argument(
        "--trials",
        type=whole("number of trials", 1, 1_000_000),
        metavar="N",
        help="how many in all",
    )
    group.add_argument("--join", metavar="NAME", help="take part in a sweep that was begun")
    group.add_argument(
        "--timeout",
        type=seconds,
        metavar="TIME",
        help="end after 90s, 30min, 2h; what runs goes on the next time",
    )
    group.add_argument(
        "--retry-failed", action="store_true", help="try the failed trials' flags once more"
    )
    group.add_argument(
        "--confirm",
        type=whole("number of seeds", 2, 1000),
        metavar="N",
        help="at the end run the best three and the default flags again, with N new seeds each",
    )
    group.add_argument(
        "--report", action="store_true", help="write the page of what there is, and run nothing"
    )


def _add_space(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--search",
        nargs="+",
        default=[],
        metavar="FLAG",
        help="flags whose ranges stand on them, as learning_rate",
    )
    group.add_argument(
        "--space",
        type=Path,
        metavar="FILE",
        help="ranges and conditions in YAML, or a space of NNI",
    )
    group.add_argument(
        "--template", action="store_true", help="print such a file with every flag that has a range"
    )
    group.add_argument(
        "--warm-start",
        type=whole("number of trials", 1, 1000),
        nargs="?",
        const=5,
        metavar="N",
        help="begin with the best flags of N past settings of the same task and data (%(const)s)",
    )


def _add_rules(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--sampler", choices=SAMPLERS, default="tpe", help="(%(default)s)")
    text = "ends hopeless trials (%(default)s)"
    group.add_argument("--pruner", choices=PRUNERS, default="none", help=text)
    group.add_argument(
        "--seed", type=whole("seed", 0, 2**32 - 1), default=0, help="of the sampler (%(default)s)"
    )
    group.add_argument(
        "--objective",
        nargs="+",
        metavar="SCORE",
        help="validation score, or several for a Pareto front; not given: --monitor (val_loss)",
    )
    group.add_argument(
        "--constraint",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="'parameters < 100000': of a score, parameters, seconds or epochs",
    )
    group.add_argument(
        "--window",
        type=whole("number of trials", 1, 1024),
        metavar="W",
        help="trials that may run at once on all machines: each knows the results of those that are"
        " W or more before it; not given: the first command's --jobs",
    )
    group.add_argument(
        "--threads",
        type=whole("number of threads", 1, 1024),
        metavar="N",
        help="of a trial, the same on all machines; not given: the first one's cores by the window",
    )


def _add_where(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--jobs",
        type=whole("number of trials", 1, 1024),
        default=1,
        metavar="N",
        help="trials that run here at once (%(default)s)",
    )
    group.add_argument(
        "--storage",
        metavar="URL",
        help="a file, or postgresql://..., by which several machines take part; not given:"
        f" {SWEEPS} in the folder of all runs",
    )
    add_exp_dir(group, "folder of all runs (%(default)s)")


class _Parser(Parser):
    """Knows where a flag of a run stands."""

    def unknown_words(self, unknown: Sequence[str]) -> tuple[list[str], list[str]]:
        words, lines = super().unknown_words(unknown)
        of_runs = [word[2:].replace("-", "_") in ALL_NAMES for word in words]
        told = [
            f"{word} is a flag of the runs: give it after --" if of_run else line
            for word, line, of_run in zip(words, lines, of_runs, strict=True)
        ]
        return words, told


def seconds(text: str) -> float:
    """A flag's `type`: a time, `90`, `90s`, `30min`, `2h`, `1d`, in seconds."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)(s|min|h|d|)", text)
    if not match or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no time: give 90s, 30min or 2h")
    return float(match[1]) * _UNITS[match[2]]
