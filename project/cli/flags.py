"""The command line of a run: argv over config files over the environment over the defaults."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass
from typing import Any

from project import plugs
from project.cli.fields import choices_of, flag_name, is_tuple, kind_of, spelled
from project.cli.flag_values import checked, chosen_plugs
from project.cli.layers import FindFlags, Layers, expanded
from project.cli.parser import Parser
from project.cli.seeds import ONE, SEEDS, wanted
from project.hyperparameters import BY_NAME, FLAGS, Hyperparameters
from project.words.telling import quoted, unfit


@dataclass(frozen=True)
class Arguments:
    """A parsed command line.

    Attributes:
        hparams: everything, defaults included.
        given: plain values that the person gave, on the command line or in a file, by field name;
            those of plugs' own flags as in `Hyperparameters.plugs`.
        traceback: whether errors should show where in the code they arose.
        seeds: of the runs to make one after another; none for one run.
    """

    hparams: Hyperparameters
    given: dict[str, Any]
    traceback: bool
    seeds: tuple[int, ...] = ()


def parse(
    argv: Sequence[str], environ: Mapping[str, str] = os.environ, find: FindFlags | None = None
) -> Arguments:
    """Parse `argv`, without the program's name; `--help` and `--print-config` print and exit.

    Args:
        argv: the command line.
        environ: the environment.
        find: finds the flags of a recorded run, by the folder of all and what names one.

    Raises:
        ValueError: one line for each thing that is wrong, all of them at once; a config file that
            can't be read is one.
    """
    parser = make_parser()
    read = _first_reading(parser, argv, environ)
    layers = Layers.read(read, environ, find)
    below = [*layers.environment, *layers.parent]
    own, faults = _own_flags(
        parser, [*below, *layers.files, *(("", *item) for item in read.items())]
    )
    parser.add_argument("-h", "--help", action="help", help="show this help message and exit")
    if "_ARGCOMPLETE" in environ:
        _teach(parser)
        parser.complete()
    known, unknown = parser.parse_known_args(argv)
    raw = vars(known)
    _, print_config, traceback = (raw.pop(k) for k in ("config", "print_config", "traceback"))
    problems = [*_unknown_problems(parser, unknown), *faults, *layers.problems]
    line = [("", name, value) for name, value in raw.items()]
    flags = BY_NAME | {name: setting.field for name, setting in own.items()}
    flags |= {SEEDS.name: SEEDS}
    values, given = {}, {}
    for found, entries in ((values, below), (given, [*layers.files, *line])):
        for source, name, value in expanded(entries, own):
            good, bad = checked({name: value}, flags)
            bad = _not_chosen(name, bad) or bad or _tag_problems(good.get("tags", ()))
            found |= good
            problems += [f"{source}: {problem}" if source else problem for problem in bad]
    seeds, wrong = wanted([*layers.files, *line], given)
    if problems := [*problems, *wrong]:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    given.pop(SEEDS.name, None)
    if layers.reference is not None:
        given["from_"] = layers.reference
    hparams = Hyperparameters(**_nested(own, values | given))
    given = _nested(own, given)
    if print_config:
        print_yaml(hparams, seeds)
        sys.exit(0)
    return Arguments(hparams, given, traceback, seeds)


def _first_reading(
    parser: Parser, argv: Sequence[str], environ: Mapping[str, str]
) -> dict[str, Any]:
    """What the flags of every run say, which may choose plugs with flags of their own."""
    if "_ARGCOMPLETE" in environ:
        argv = environ.get("COMP_LINE", "").split()
    try:
        return vars(parser.parse_known_args(argv)[0])
    except ValueError:
        return {}  # told when all is read


def _own_flags(
    parser: Parser, entries: Sequence[tuple[str, str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    """The chosen plugs' own flags by name, which the parser knows then, and what is wrong there."""
    values: dict[str, Any] = {}
    for _, name, value in entries:
        values |= checked({name: value}, BY_NAME)[0] if name in BY_NAME else {}
    chosen = plugs.with_settings(chosen_plugs(FLAGS, values))
    if not chosen:
        return {}, []
    from project.cli.settings import settings_of  # 5 ms that few runs need

    own, problems = settings_of(chosen, BY_NAME)
    groups: dict[str, argparse._ArgumentGroup] = {}
    for setting in own.values():
        if setting.plug not in groups:
            groups[setting.plug] = parser.add_argument_group(setting.plug)
        _add_flag(groups[setting.plug], setting.field)
    return own, problems


def _nested(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, with plugs' own flags in their place."""
    if not own.keys() & given.keys():
        return dict(given)
    from project.cli.settings import nested

    return {k: v for k, v in given.items() if k not in own} | {"plugs": nested(own, given)}


def _unknown_problems(parser: Parser, unknown: Sequence[str]) -> list[str]:
    lines = []
    for word, line in zip(*parser.unknown_words(unknown), strict=True):
        lines += _not_chosen(word.removeprefix("--").replace("-", "_"), [line]) or [line]
    return lines


def _not_chosen(name: str, problems: Sequence[str]) -> list[str]:
    """Where something is wrong because a flag is a plug's that was not chosen: that, in a line."""
    if name in BY_NAME or not problems or not problems[0].startswith("unknown "):
        return []
    built_in = [(kind, plug) for kind in plugs.FOLDERS for plug in plugs.names(kind)]
    if not (known := plugs.with_settings(built_in)):
        return []
    from project.cli.settings import elsewhere  # 5 ms

    name = name if (owner := elsewhere(name, known)) else name.removeprefix("no_")
    owner = owner or elsewhere(name, known)
    return [f"{flag_name(name)} is a flag of {owner}, which is not chosen"] if owner else []


def _tag_problems(tags: Sequence[str]) -> list[str]:
    """What is wrong with tags; no rule of the field's, so that older records stay readable."""
    faults = {tag: unfit(tag) for tag in tags}
    return [f"--tags {quoted(tag)} {fault}" for tag, fault in faults.items() if fault]


def make_parser() -> Parser:
    """The parser with a flag for each hyperparameter, but --help; `convert` checks values later."""
    parser = Parser(
        prog="python -m project.run",
        description="Train, evaluate and record a model; says at the end where to compare it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        add_help=False,
    )
    group = None
    for f in FLAGS:
        if "section" in f.metadata:
            group = parser.add_argument_group(f.metadata["section"])
        _add_flag(group, f)
        if f.name == ONE:
            _add_flag(group, SEEDS)
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


def _add_flag(group: argparse._ArgumentGroup, f: Field) -> None:
    kind, help = kind_of(f), f"{f.metadata['help']} ({_facts(f)})".replace("%", "%%")
    if kind is bool:
        group.add_argument(flag_name(f.name), action=argparse.BooleanOptionalAction, help=help)
        return
    choices = choices_of(f)
    metavar = "NAME" if choices else {int: "N", float: "X"}.get(kind, spelled(f.name).upper())
    nargs = "+" if is_tuple(f) else None
    group.add_argument(flag_name(f.name), nargs=nargs, metavar=metavar, help=help)


def _teach(parser: Parser) -> None:
    """Let a shell complete the values of flags, too."""
    from project.cli import completion

    by_flag = {
        "--exp-name": completion.experiments,
        "--resume": completion.runs,
        "--checkpoint": completion.runs_and_files,
        "--from": completion.runs,
        "--config": completion.runs_and_files,
    }
    by_flag |= {flag_name(f.name): completion.one_of(choices_of(f)) for f in FLAGS if choices_of(f)}
    for flag, completer in by_flag.items():
        parser._option_string_actions[flag].completer = completer


def _facts(f: Field) -> str:
    """What follows the help text: the choices or bounds, and the default."""
    parts = [" | ".join(choices_of(f))] if choices_of(f) else []
    parts += [f"in {f.metadata['bounds']}"] if "bounds" in f.metadata else []
    default = " ".join(map(str, f.default)) if isinstance(f.default, tuple) else f.default
    parts += [f"default: {'none' if default in (None, '') else default}"]
    return "; ".join(parts)


def print_yaml(hparams: Hyperparameters, seeds: Sequence[int] = ()) -> None:
    """Print a config file that, given to `--config`, asks for exactly this run, or these."""
    from project.cli.config import config_text  # 2 ms that start-up can do without

    values = plugs.flat(hparams.to_values())
    if seeds:
        del values[ONE]
        values[SEEDS.name] = list(seeds)
    print(config_text(values), end="")
