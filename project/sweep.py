"""`python -m project.sweep`: search for the best flags, in an order that can be replayed."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import re
import sys
from collections.abc import Iterator, Sequence

from project.cli.command import as_process, guarded
from project.cli.fields import flag_name
from project.hyperparameters import BY_NAME
from project.run_directory import RESERVED
from project.search.parser import make_parser

# What a command may say that takes part in a sweep.
_JOINING = {"join", "jobs", "storage", "exp_dir", "timeout"}


def main(argv: Sequence[str]) -> int:
    """Carry out a sweep, or a part of it.

    Returns:
        The exit code: 0; 1 if no trial finished; 2 if the input is at fault; 128 + the signal's
        number if a signal ended it.
    """
    return guarded(lambda: act(argv))


def act(argv: Sequence[str]) -> int:
    """Do what was asked for; returns the exit code."""
    own, flags = list(argv), []
    if "--" in own:
        at = own.index("--")
        flags = own[at:][1:]
        own = own[:at]
    arguments = make_parser().parse_args(own)
    if problems := list(_problems(arguments, flags)):
        raise ValueError("\n".join(problems))
    if arguments.template:
        from project.search.space import template

        print(template(flags), end="")
        return 0
    return _carry_out(arguments, flags, argv)


def _problems(arguments: argparse.Namespace, flags: Sequence[str]) -> Iterator[str]:
    """What of the command does not go together, a line each."""
    if arguments.template:
        return
    if arguments.join is None and arguments.exp_name is None:
        yield "--exp-name NAME is missing (or --join NAME, to take part in a sweep)"
    name, pattern = arguments.join or arguments.exp_name, BY_NAME["exp_name"].metadata["pattern"]
    if name is not None and not re.fullmatch(pattern, name):
        yield f"--exp-name {name!r} is not of the form {pattern}"
    if name in RESERVED:
        yield f"--exp-name {name!r} is a file's name in --exp-dir; give another"
    if arguments.join is not None:
        given = [
            flag_name(key)
            for key, value in vars(arguments).items()
            if key not in _JOINING and value != make_parser().get_default(key)
        ]
        if given or flags:
            told = ", ".join([*given, *(["flags after --"] if flags else [])])
            yield f"--join takes all from the sweep: leave out {told}"
    elif not arguments.report and not arguments.search and arguments.space is None:
        yield "what is searched? Give --search FLAG ... or --space FILE (--template prints one)"
    if arguments.warm_start is not None and arguments.sampler == "grid":
        yield "--warm-start is of no use to a grid, which tries every combination"


def _carry_out(arguments: argparse.Namespace, flags: Sequence[str], argv: Sequence[str]) -> int:
    from project.cli.flags import Arguments
    from project.plan import make_plan, pinned
    from project.provenance.parents import flags_found
    from project.search.base import Base, read_base
    from project.search.conduct import conduct
    from project.search.space import Space
    from project.search.values import Objective

    def name_runs(read: Arguments) -> list[str]:
        make_plan(read)  # which checks what can be known at once
        parent = read.given.get("from_")
        return [*pinned(read.hparams), *(["--from", parent] if parent else [])]

    def read(words: Sequence[str]) -> Base:
        return read_base(words, arguments.exp_dir, flags_found, name_runs)

    def starts(base: Base, space: Space, objectives: Sequence[Objective]) -> list[dict]:
        if arguments.warm_start is None:
            return []
        from project.metadataset.starting import starting_values

        count, flags = arguments.warm_start, base.hparams.to_values()
        return starting_values(arguments.exp_dir, space, flags, objectives, count)

    return conduct(arguments, flags, argv, read, starts)


if __name__ == "__main__":
    sys.exit(as_process(main))
