"""The command line of `project.tune`: its own flags, and the words that are a run's."""

import argparse
from collections.abc import Sequence

from project.cli import shell
from project.cli.fields import flag_name
from project.cli.parser import Parser, real, whole
from project.hyperparameters import BY_NAME

DESCRIPTION = (
    "Try what a run with these flags would do, and print the command of the run with what was"
    " found: lr, a learning rate (a range test); batch-size, the largest batch that fits and the"
    " fastest one; workers, how many processes are to read streamed data. No run is made, and"
    " nothing of a later one changes; the curve is kept in --exp-dir."
)
USAGE = "python -m project.tune ACTION [flags of python -m project.run]"
# What is tried, and the flag that it is for.
ACTIONS = {"lr": "learning_rate", "batch-size": "batch_size", "workers": "num_workers"}
# The flags of this command: their defaults, and the actions that they are of.
OWN = {
    "lowest": (1e-6, ("lr",)),
    "highest": (10.0, ("lr",)),
    "steps": (100, ("lr",)),
    "seconds": (1.0, ("batch-size", "workers")),
}


def make_parser() -> Parser:
    """The command line, but for the flags of a run."""
    parser = Parser(prog="python -m project.tune", usage=USAGE, description=DESCRIPTION)
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=" | ".join(ACTIONS))
    rate = real("learning rate", 1e-30, 1e30)
    help = {
        "lowest": (rate, "X", "of lr: the rate of the first step"),
        "highest": (rate, "X", "of lr: the rate of the last step"),
        "steps": (whole("number of steps", 20, 1_000_000), "N", "of lr: steps between them"),
        "seconds": (
            real("number of seconds", 0.01, 3600.0),
            "X",
            "of batch-size and workers: how long each one is tried, at least",
        ),
    }
    for name, (kind, metavar, text) in help.items():
        text = f"{text} ({OWN[name][0]:g})"
        parser.add_argument(f"--{name}", type=kind, metavar=metavar, help=text)
    return parser


def asked(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """What was said to this command, and the words of the run's command line.

    Raises:
        ValueError: ACTION is missing or no such, or a flag is of another one.
    """
    arguments, words = make_parser().parse_own(argv)
    if arguments.action != argv[0]:
        raise ValueError(f"ACTION stands before the flags: {USAGE}")
    for name, (default, actions) in OWN.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)
        elif arguments.action not in actions:
            raise ValueError(f"--{name} is of {' and '.join(actions)}, not of {arguments.action}")
    return arguments, words


def command(words: Sequence[str], name: str, value: str) -> str:
    """The command of the run with what was found, in place of what it said of that."""
    flags = {flag_name(name), flag_name(BY_NAME[name].metadata["short"])}
    kept: list[str] = []
    skipped = False
    for word in words:
        if not skipped and word.partition("=")[0] not in flags:
            kept.append(word)
        skipped = word in flags
    return shell.command("run", *kept, flag_name(name), value)
