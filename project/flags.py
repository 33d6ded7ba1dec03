"""The command line of a run: argv over config files over the environment over the defaults."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from project.fields import choices_of, convert, flag_name, is_tuple, kind_of
from project.hyperparameters import Hyperparameters, checked
from project.parser import Parser


@dataclass(frozen=True)
class Arguments:
    """A parsed command line.

    Attributes:
        hparams: everything, defaults included.
        given: plain values that the person gave, on the command line or in a file, by field name.
        traceback: whether errors should show where in the code they arose.
    """

    hparams: Hyperparameters
    given: dict[str, Any]
    traceback: bool


def parse(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Arguments:
    """Parse `argv`, without the program's name; `--help` and `--print-config` print and exit.

    Raises:
        ValueError: one line for each thing that is wrong, all of them at once.
        OSError: a config file can't be read.
    """
    parser = make_parser()
    known, unknown = parser.parse_known_args(argv)
    raw = vars(known)
    files, print_config, traceback = (raw.pop(k) for k in ("config", "print_config", "traceback"))
    problems = parser.unknown_problems(unknown)
    given: dict[str, Any] = {}
    for source, values in [*((f"{file}: ", _read_config(file)) for file in files), ("", raw)]:
        good, bad = checked(values)
        given |= good
        problems += [source + problem for problem in bad]
    if problems:
        raise ValueError("\n".join(problems))
    hparams = Hyperparameters(**(_from_environment(environ) | given))
    if print_config:
        print_yaml(hparams)
        sys.exit(0)
    return Arguments(hparams, given, traceback)


def make_parser() -> Parser:
    """The parser with a flag for each hyperparameter; `convert` checks their values later."""
    parser = Parser(
        prog="python -m project.run",
        description="Train, evaluate and record a model; says at the end where to compare it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    group = None
    for f in fields(Hyperparameters):
        if "section" in f.metadata:
            group = parser.add_argument_group(f.metadata["section"])
        _add_flag(group, f)
    group.add_argument(
        "--half-precision",
        dest="precision",
        action="store_const",
        const="bf16-mixed",
        help="short for --precision bf16-mixed",
    )
    group = parser.add_argument_group("command line")
    group.add_argument(
        "--config",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="YAML with flags by name; a later file wins over an earlier one, a flag over both",
    )
    for name, text in (
        ("--print-config", "print all values as a config file and exit"),
        ("--traceback", "show where in the code an error arose"),
    ):
        group.add_argument(name, action="store_true", default=False, help=text)
    return parser


def _add_flag(group: argparse._ArgumentGroup, f: Field) -> None:
    kind, help = kind_of(f), f"{f.metadata['help']} ({_facts(f)})".replace("%", "%%")
    if kind is bool:
        group.add_argument(flag_name(f.name), action=argparse.BooleanOptionalAction, help=help)
        return
    choices = choices_of(f)
    metavar = "NAME" if choices else {int: "N", float: "X"}.get(kind, f.name.upper())
    nargs = "+" if is_tuple(f) else None
    group.add_argument(flag_name(f.name), nargs=nargs, metavar=metavar, help=help)


def _facts(f: Field) -> str:
    """What follows the help text: the choices or bounds, and the default."""
    parts = [" | ".join(choices_of(f))] if choices_of(f) else []
    parts += [f"in {f.metadata['bounds']}"] if "bounds" in f.metadata else []
    default = " ".join(map(str, f.default)) if isinstance(f.default, tuple) else f.default
    parts += [f"default: {'none' if default in (None, '') else default}"]
    return "; ".join(parts)


def _read_config(path: str) -> dict[str, Any]:
    # PyYAML is needed only with --config; importing it costs every start-up 15 ms.
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            node = yaml.compose(file, yaml.SafeLoader)
            pairs = [] if node is None else _pairs(node, path)
            values = {key: yaml.safe_load(yaml.serialize(value)) for key, value in pairs}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    return values


def _pairs(node: Any, path: str) -> list[tuple[str, Any]]:
    """Names and nodes of a mapping; PyYAML itself would let the last of two equal names win."""
    if node.id != "mapping":
        raise ValueError(f"{path} must hold flags by name, such as 'learning_rate: 0.01'")
    pairs = [(str(key.value).replace("-", "_"), value) for key, value in node.value]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path} gives {', '.join(twice)} twice; leave one")
    return pairs


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        f.name: convert(f, environ[f.metadata["env"]])
        for f in fields(Hyperparameters)
        if "env" in f.metadata and f.metadata["env"] in environ
    }


def print_yaml(hparams: Hyperparameters) -> None:
    """Print a config file that, given to `--config`, asks for exactly this run."""
    import json  # 2 ms that start-up can do without

    for name, value in hparams.to_values().items():
        # A JSON value is a YAML value.
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")
