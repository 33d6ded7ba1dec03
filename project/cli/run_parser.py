"""The parser of a run's command line: a flag for each field, and those that only a person types."""

import argparse
from typing import Any, get_args

from project.cli.fields import Field, choices_of, flag_name, is_tuple, kind_of, spelled
from project.cli.parser import Parser
from project.cli.seeds import ONE, SEEDS
from project.cli.shorthand import GPUS
from project.hyperparameters import FLAGS


def make_parser() -> Parser:
    """The parser with a flag for each hyperparameter, but --help; `convert` checks values later."""
    parser = Parser(
        prog="python -m project.run",
        description="Train, evaluate and record a model; says at the end where to compare it.",
        argument_default=argparse.SUPPRESS,
        add_help=False,
    )
    group = None
    for f in FLAGS:
        if "section" in f.metadata:
            group = parser.add_argument_group(f.metadata["section"])
        add_flag(group, f)
        if f.name == ONE:
            add_flag(group, SEEDS)
    group.add_argument(
        "--half-precision",
        dest="precision",
        action="store_const",
        const="bf16-mixed",
        help="short for --precision bf16-mixed",
    )
    text = "short for --accelerator gpu --devices N; 0 for --accelerator cpu"
    group.add_argument(flag_name(GPUS), metavar="N", help=text)
    group = parser.add_argument_group("command line")
    group.add_argument(
        "--config",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="YAML with flags by name, their values as on the command line, or a RUN whose flags"
        " are read; a later one wins over an earlier one, a flag over both; a name without a value"
        " is as if it were not there",
    )
    for name, text in (
        ("--print-config", "print all values as a config file and exit"),
        ("--traceback", "show where in the code an error arose"),
    ):
        group.add_argument(name, action="store_true", default=False, help=text)
    return parser


def add_flag(group: argparse._ArgumentGroup, f: Field) -> None:
    """Let the parser know a field's flag, and the short name of it."""
    kind, help = kind_of(f), f"{f.metadata['help']} ({_facts(f)})".replace("%", "%%")
    if kind is bool:
        group.add_argument(flag_name(f.name), action=argparse.BooleanOptionalAction, help=help)
        return
    choices = choices_of(f)
    item = get_args(kind)[0] if is_tuple(f) else kind
    metavar = "NAME" if choices else {int: "N", float: "X"}.get(item, spelled(f.name).upper())
    nargs = "+" if is_tuple(f) else None
    short = [flag_name(f.metadata["short"])] if "short" in f.metadata else []
    group.add_argument(flag_name(f.name), *short, nargs=nargs, metavar=metavar, help=help)


def show_default(parser: Parser, f: Field, value: Any, owner: str) -> None:
    """Let the help of a flag say what its default is with a plug that was chosen."""
    action = parser._option_string_actions[flag_name(f.name)]
    action.help = f"{f.metadata['help']} ({_facts(f, value)}, of --{owner})".replace("%", "%%")


def teach(parser: Parser) -> None:
    """Let a shell complete the values of flags, too."""
    from project.cli import completion

    by_flag = {
        "--exp-name": completion.experiments,
        "--resume": completion.runs,
        "--checkpoint": completion.runs_and_files,
        "--teacher": completion.runs_and_files,
        "--from": completion.runs,
        "--config": completion.runs_and_files,
    }
    by_flag |= {flag_name(f.name): completion.one_of(choices_of(f)) for f in FLAGS if choices_of(f)}
    for flag, completer in by_flag.items():
        parser._option_string_actions[flag].completer = completer


def _facts(f: Field, *own: Any) -> str:
    """What follows the help text: the choices or bounds, and the default."""
    parts = [" | ".join(map(str, choices_of(f)))] if choices_of(f) else []
    parts += [f"in {f.metadata['bounds']}"] if "bounds" in f.metadata else []
    (default,) = own or (f.default,)
    default = " ".join(map(str, default)) if isinstance(default, tuple) else default
    parts += [f"default: {'none' if default in (None, '') else default}"]
    return "; ".join(parts)
