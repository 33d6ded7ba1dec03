"""The command line of a run: argv over config files over the environment over the defaults."""

import os
import sys
from argparse import SUPPRESS
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from project import plugs
from project.cli.flag_values import chosen_plugs
from project.cli.layers import FindFlags, Item, Layers
from project.cli.parser import Parser
from project.cli.run_parser import add_flag, make_parser, show_default, teach
from project.cli.said import good, not_chosen, read, settled_args
from project.cli.seeds import ONE, SEEDS, wanted
from project.cli.shorthand import written_out
from project.hyperparameters import ALL_NAMES, BY_NAME, FLAGS, Hyperparameters

if TYPE_CHECKING:
    from project.cli.defaults import Default
    from project.cli.settings import Setting


class Arguments(NamedTuple):
    """A parsed command line.

    Attributes:
        hparams: everything, defaults included.
        given: plain values that the person gave, on the command line or in a file, by field name;
            those of plugs' own flags as in `Hyperparameters.plugs`.
        traceback: whether errors should show where in the code they arose.
        seeds: of the runs to make one after another; none for one run.
        defaults: the plug whose own default a flag has, such as `model unet`, by the flag's name.
        addresses: of `--notify`, which is masked in the others.
    """

    hparams: Hyperparameters
    given: dict[str, Any]
    traceback: bool
    seeds: tuple[int, ...] = ()
    defaults: Mapping[str, str] = MappingProxyType({})
    addresses: tuple[str, ...] = ()


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
    said = [*layers.environment, *layers.parent, *layers.files, *(("", *i) for i in raw.items())]
    puzzling = unknown or any(name not in BY_NAME for _, name, _ in layers.files)
    taken_up = layers.taken_up(raw, find) if puzzling else {}
    defaults, misfits = _own_defaults(said)
    usual = [("", name, default.value) for name, default in defaults.items()]
    own, faults = _own_flags(parser, [*usual, *said], taken_up)
    for name, default in defaults.items():
        show_default(parser, BY_NAME[name], default.value, default.owner)
    raw, unknown = _second_reading(parser, argv, environ, raw, unknown, bool(own))
    _, print_config, traceback = (raw.pop(k) for k in ("config", "print_config", "traceback"))
    raw, contradiction = written_out(raw)
    problems = [*_unknown_problems(parser, unknown), *misfits, *faults, *layers.problems]
    problems += [contradiction] * bool(contradiction)
    below = read([*usual, *layers.environment, *layers.parent], own)
    lines = [*layers.files, *(("", name, value) for name, value in raw.items())]
    above = read(lines, own)
    values, given = below.values, above.values
    seeds, wrong = wanted(lines, given)
    args, given_args, unfit = settled_args(below, above, {**taken_up, **values, **given})
    if problems := [*problems, *below.problems, *above.problems, *wrong, *unfit]:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    given.pop(SEEDS.name, None)
    if layers.reference is not None:
        given["from_"] = layers.reference
    hparams = Hyperparameters(**_nested(own, values | given, args))
    if hparams.schedules:
        _refuse_unread(hparams, raw)
    given = _nested(own, given, given_args)
    addresses, hparams, given = _masked(hparams, given)
    if print_config:
        print_yaml(hparams, seeds)
        sys.exit(0)
    owners = {n: default.owner for n, default in defaults.items() if BY_NAME[n].name not in given}
    return Arguments(hparams, given, traceback, seeds, owners, addresses)


def _refuse_unread(hparams: Hyperparameters, raw: Mapping[str, Any]) -> None:
    """Refuse a flag of the command line that does nothing, as a curve has values of its own."""
    from project.cli.curves import unread  # which few runs need

    if told := list(unread(hparams.schedules, raw)):
        raise ValueError("\n".join(told))


def _own_defaults(said: Sequence[Item]) -> tuple[dict[str, "Default"], list[str]]:
    """The defaults that the chosen plugs have of shared flags; none for a run that is taken up."""
    values = good(said)
    if any(values.get(name) for name in ("resume", "from_", "only_test")):
        return {}, []
    chosen = chosen_plugs(FLAGS, values)
    having = [each for each in chosen if plugs.says(*each, "DEFAULTS")]
    if not having:
        return {}, []
    from project.cli.defaults import own_defaults  # which parses

    return own_defaults(having)


def _masked(
    hparams: Hyperparameters, given: dict[str, Any]
) -> tuple[tuple[str, ...], Hyperparameters, dict[str, Any]]:
    """The addresses of `--notify`, and all else without them: it is recorded and shown."""
    if not (addresses := hparams.notify):
        return addresses, hparams, given
    from project.cli.addresses import masked  # which few runs need

    told = tuple(dict.fromkeys(map(masked, addresses)))
    given = given | ({"notify": told} if given.get("notify") else {})
    return addresses, hparams.replace(notify=told), given


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


def _second_reading(
    parser: Parser,
    argv: Sequence[str],
    environ: Mapping[str, str],
    raw: dict[str, Any],
    unknown: list[str],
    more: bool,
) -> tuple[dict[str, Any], list[str]]:
    """What the command line says, and the rest, now that the parser knows all flags.

    Args:
        raw: of the first reading.
        unknown: of the first reading.
        more: whether the parser has learned of flags since.
    """
    parser.add_argument("-h", "--help", action="help", help="show this help message and exit")
    if "_ARGCOMPLETE" in environ:
        teach(parser)
        parser.complete()
    if any(".args." in word for word in unknown):
        _teach_args(parser, unknown)
    if not more and not unknown:
        return raw, unknown
    known, unknown = parser.parse_known_args(argv)
    return vars(known), unknown


def _own_flags(
    parser: Parser, entries: Sequence[Item], taken_up: Mapping[str, Any]
) -> tuple[dict[str, "Setting"], list[str]]:
    """The chosen plugs' own flags by name, which the parser knows then, and what is wrong there.

    Args:
        parser: of the command line.
        entries: source, name and value of all that chooses.
        taken_up: flags of a run whose plugs need not be chosen again.
    """
    chosen = plugs.with_settings(chosen_plugs(FLAGS, good(entries)))
    former = plugs.with_settings(chosen_plugs(FLAGS, taken_up)) if taken_up else []
    if not chosen and not former:
        return {}, []
    from project.cli.settings import settings_of  # 40 ms that few runs need
    from project.plugs.texts import known

    taken = (*ALL_NAMES, SEEDS.name)
    said = [*taken_up.items(), *((name, value) for _, name, value in entries)]
    own, problems = settings_of(chosen, taken, texts := known(said))
    # What is wrong with a plug that a run has is told when that is taken up.
    own = settings_of([plug for plug in former if plug not in chosen], taken, texts)[0] | own
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
        lines += not_chosen(word.removeprefix("--").replace("-", "_"), [line]) or [line]
    return lines


def print_yaml(hparams: Hyperparameters, seeds: Sequence[int] = ()) -> None:
    """Print a config file that, given to `--config`, asks for exactly this run, or these."""
    from project.cli.config import config_text  # 2 ms that start-up can do without
    from project.plugs.objects import as_config

    values = as_config(hparams.to_values())
    if seeds:
        del values[ONE]
        values[SEEDS.name] = list(seeds)
    print(config_text(values), end="")
