"""The command line of a run: argv over config files over the environment over the defaults."""

import os
import sys
from argparse import SUPPRESS
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from project import plugs
from project.cli.fields import flag_name
from project.cli.flag_values import checked, chosen_plugs
from project.cli.layers import ARGS, FindFlags, Layers, expanded
from project.cli.parser import Parser
from project.cli.run_parser import add_flag, make_parser, teach
from project.cli.seeds import ONE, SEEDS, wanted
from project.cli.shorthand import written_out
from project.hyperparameters import ALL_NAMES, BY_NAME, FLAGS, Hyperparameters
from project.words.telling import quoted, unfit

if TYPE_CHECKING:
    from project.cli.settings import Setting


class Arguments(NamedTuple):
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
    raw, unknown = _first_reading(parser, argv, environ)
    layers = Layers.read(raw, environ, find)
    below = [*layers.environment, *layers.parent]
    said = [*below, *layers.files, *(("", *item) for item in raw.items())]
    puzzling = unknown or any(name not in BY_NAME for _, name, _ in layers.files)
    taken_up = layers.taken_up(raw, find) if puzzling else {}
    own, faults = _own_flags(parser, said, taken_up)
    parser.add_argument("-h", "--help", action="help", help="show this help message and exit")
    if "_ARGCOMPLETE" in environ:
        teach(parser)
        parser.complete()
    if any(".args." in word for word in unknown):
        _teach_args(parser, unknown)
    if own or unknown:  # which may be known by now
        known, unknown = parser.parse_known_args(argv)
        raw = vars(known)
    _, print_config, traceback = (raw.pop(k) for k in ("config", "print_config", "traceback"))
    problems = [*_unknown_problems(parser, unknown), *faults, *layers.problems]
    raw, contradiction = written_out(raw)
    problems += [contradiction] * bool(contradiction)
    line = [("", name, value) for name, value in raw.items()]
    flags = BY_NAME | {name: setting.field for name, setting in own.items()}
    flags |= {SEEDS.name: SEEDS}
    values, given = {}, {}
    said_of_objects = []
    for found, entries in ((values, below), (given, [*layers.files, *line])):
        for source, name, value in expanded(entries, own):
            if ".args." in name or name == ARGS and isinstance(value, Mapping):
                said_of_objects.append((source, name, value, found is given))
                continue
            good, bad = checked({name: value}, flags)
            bad = _not_chosen(name, bad) or bad or _tag_problems(good.get("tags", ()))
            found |= good
            problems += [f"{source}: {problem}" if source else problem for problem in bad]
    seeds, wrong = wanted([*layers.files, *line], given)
    args, given_args, unfit_args = _settled(said_of_objects, {**taken_up, **values, **given})
    if problems := [*problems, *wrong, *unfit_args]:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    given.pop(SEEDS.name, None)
    if layers.reference is not None:
        given["from_"] = layers.reference
    hparams = Hyperparameters(**_nested(own, values | given, args))
    given = _nested(own, given, given_args)
    if print_config:
        print_yaml(hparams, seeds)
        sys.exit(0)
    return Arguments(hparams, given, traceback, seeds)


def _first_reading(
    parser: Parser, argv: Sequence[str], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """What the flags of every run say, which may choose plugs with flags of their own; the rest."""
    if "_ARGCOMPLETE" in environ:
        argv = environ.get("COMP_LINE", "").split()
    try:
        known, unknown = parser.parse_known_args(argv)
        return vars(known), unknown
    except ValueError:
        return {}, list(argv)  # told when it is read again


def _own_flags(
    parser: Parser, entries: Sequence[tuple[str, str, Any]], taken_up: Mapping[str, Any]
) -> tuple[dict[str, "Setting"], list[str]]:
    """The chosen plugs' own flags by name, which the parser knows then, and what is wrong there.

    Args:
        parser: of the command line.
        entries: source, name and value of all that chooses.
        taken_up: flags of a run whose plugs need not be chosen again.
    """
    values: dict[str, Any] = {}
    for _, name, value in entries:
        values |= checked({name: value}, BY_NAME)[0] if name in BY_NAME else {}
    chosen = plugs.with_settings(chosen_plugs(FLAGS, values))
    former = plugs.with_settings(chosen_plugs(FLAGS, taken_up)) if taken_up else []
    if not chosen and not former:
        return {}, []
    from project.cli.settings import settings_of  # 40 ms that few runs need

    taken = (*ALL_NAMES, SEEDS.name)
    own, problems = settings_of(chosen, taken)
    # What is wrong with a plug that a run has is told when that is taken up.
    own = settings_of([plug for plug in former if plug not in chosen], taken)[0] | own
    for plug in dict.fromkeys(setting.plug for setting in own.values()):
        group = parser.add_argument_group(plug)
        for setting in own.values():
            if setting.plug == plug:
                add_flag(group, setting.field)
    return own, problems


def _teach_args(parser: Parser, unknown: Sequence[str]) -> None:
    """Let the parser know what was said of arguments of objects: `--model.args.width 64`."""
    from project.cli.keywords import WORD  # which few runs need

    flags = [word.partition("=")[0] for word in unknown]
    for flag in dict.fromkeys(flag for flag in flags if WORD.fullmatch(flag)):
        parser.add_argument(flag, dest=flag.removeprefix("--"), help=SUPPRESS)


def _settled(
    said: Sequence[tuple[str, str, Any, bool]], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The arguments of the objects that `values` choose, those given, and a line a mistake."""
    if not said:
        return {}, {}, []
    from project.cli.keywords import Said, settled  # which few runs need

    told = [Said(source, "" if n == ARGS else n, value, given) for source, n, value, given in said]
    return settled(told, chosen_plugs(FLAGS, values))


def _nested(
    own: Mapping[str, Any], given: Mapping[str, Any], args: Mapping[str, Any]
) -> dict[str, Any]:
    """What was given, with plugs' own flags, and arguments of objects, in their place."""
    if not own.keys() & given.keys():
        return {**given, "plugs": dict(args)} if args else dict(given)
    from project.cli.settings import nested

    plain = {k: v for k, v in given.items() if k not in own}
    return plain | {"plugs": nested(own, given) | dict(args)}


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
    known = [plug for plug in plugs.with_settings(built_in) if plugs.mentions(*plug, name)]
    if not known:
        return []
    from project.cli.settings import elsewhere  # 40 ms: it parses

    name = name if (owner := elsewhere(name, known)) else name.removeprefix("no_")
    owner = owner or elsewhere(name, known)
    return [f"{flag_name(name)} is a flag of {owner}, which is not chosen"] if owner else []


def _tag_problems(tags: Sequence[str]) -> list[str]:
    """What is wrong with tags; no rule of the field's, so that older records stay readable."""
    faults = {tag: unfit(tag) for tag in tags}
    return [f"--tags {quoted(tag)} {fault}" for tag, fault in faults.items() if fault]


def print_yaml(hparams: Hyperparameters, seeds: Sequence[int] = ()) -> None:
    """Print a config file that, given to `--config`, asks for exactly this run, or these."""
    from project.cli.config import config_text  # 2 ms that start-up can do without
    from project.plugs.objects import as_config

    values = as_config(hparams.to_values())
    if seeds:
        del values[ONE]
        values[SEEDS.name] = list(seeds)
    print(config_text(values), end="")
