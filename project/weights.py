"""`python -m project.weights`: share, fork, merge, freeze or extract the weights of checkpoints.

Each makes a file that `--checkpoint FILE` starts a run from, that predicts, and that says of what
it was made.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser, real
from project.cli.using import add_data_dir, add_device, add_trust

FILE = ", or a .pt file"


def main(argv: Sequence[str]) -> int:
    """Do what was asked.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """

    def act() -> int:
        arguments = make_parser().parse_args(argv)
        for line in arguments.action(arguments):
            print(line)
        return 0

    return guarded(act)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.weights", description="Make files of weights from checkpoints."
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, action: Callable[..., Iterator[str]], help: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=help, description=help)
        made.set_defaults(action=action)
        made.add_argument(
            "-o", "--output", type=Path, required=True, metavar="FILE", help="to make, such as a.pt"
        )
        add_exp_dir(made, "folder of all runs (%(default)s)")
        return made

    made = add("share", share, "Give blocks the first one's weights; runs from it share them.")
    add_run(made, more=FILE)
    made.add_argument("words", nargs="+", metavar="A=B", help="blocks, or a GLOB of several")
    made = add("fork", fork, "Copy a model, of which nothing is shared or frozen any more.")
    add_run(made, more=FILE)
    _add_merge_flags(add("merge", merge, "Take the mean of models' weights, and score it."))
    made = add("freeze", freeze, "Say which parts runs from it leave as they are.")
    add_run(made, more=FILE)
    made.add_argument("globs", nargs="+", metavar="GLOB", help="names of parameters or modules")
    made = add("extract", extract, "Take the weights of a block, for the same block of a run.")
    add_run(made, more=FILE)
    made.add_argument("block", metavar="BLOCK", help="name of a module, such as blocks.0")
    made.add_argument("--as", dest="name", metavar="NAME", help="of the block that gets them")
    return parser


def _add_merge_flags(made: argparse.ArgumentParser) -> None:
    add_run(made, "runs", FILE, nargs="+")
    made.add_argument(
        "--shares",
        type=real("share", 1e-9, 1e9),
        nargs="+",
        default=[],
        metavar="X",
        help="what each counts in the mean; not given: alike",
    )
    add_device(made)
    add_data_dir(made)
    add_trust(made)


def share(arguments: argparse.Namespace) -> Iterator[str]:
    """One storage for several blocks."""
    from project.derivation import making

    return making.share(_source(arguments), arguments.words, arguments.output)


def fork(arguments: argparse.Namespace) -> Iterator[str]:
    """An independent copy."""
    from project.derivation import making

    return making.fork(_source(arguments), arguments.output)


def freeze(arguments: argparse.Namespace) -> Iterator[str]:
    """Marks of what stays as it is."""
    from project.derivation import making

    return making.freeze(_source(arguments), arguments.globs, arguments.output)


def extract(arguments: argparse.Namespace) -> Iterator[str]:
    """A block's weights."""
    from project.derivation import making

    return making.extract(_source(arguments), arguments.block, arguments.name, arguments.output)


def merge(arguments: argparse.Namespace) -> Iterator[str]:
    """The mean of several."""
    runs, shares = arguments.runs, arguments.shares or [1.0] * len(arguments.runs)
    if len(runs) < 2:
        raise ValueError("merge takes two models or more")
    if len(shares) != len(runs):
        raise ValueError(f"--shares: {len(shares)} of them for {len(runs)} models; give one each")
    from project.derivation import merging
    from project.derivation.sources import Source

    sources = [Source.read(run, arguments.exp_dir) for run in runs]
    return merging.merge(sources, shares, arguments)


def _source(arguments: argparse.Namespace) -> "Source":  # noqa: F821
    from project.derivation.sources import Source

    return Source.read(arguments.run, arguments.exp_dir)


if __name__ == "__main__":
    sys.exit(as_process(main))
