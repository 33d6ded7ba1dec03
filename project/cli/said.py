"""What sources say of flags, checked: the command line, files, runs, each one after another."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from project import plugs
from project.cli.fields import flag_name
from project.cli.flag_values import checked, chosen_plugs
from project.cli.layers import ARGS, Item, expanded
from project.cli.seeds import SEEDS
from project.hyperparameters import BY_NAME, FLAGS
from project.words.telling import quoted, unfit

if TYPE_CHECKING:
    from project.cli.settings import Setting


class Values(NamedTuple):
    """What some sources say.

    Attributes:
        values: the good ones, by field name.
        objects: source, name and value of what is said of objects' arguments.
        problems: a line for each thing that is wrong.
    """

    values: dict[str, Any]
    objects: list[Item]
    problems: list[str]


def read(entries: Sequence[Item], own: Mapping[str, "Setting"]) -> Values:
    """The values of entries, a later one of which wins.

    Args:
        entries: sources, names and values.
        own: flags of the chosen plugs' own, by name.
    """
    found = Values({}, [], [])
    flags = BY_NAME | {name: setting.field for name, setting in own.items()}
    flags |= {SEEDS.name: SEEDS}
    for source, name, value in expanded(entries, own):
        if ".args." in name or name == ARGS and isinstance(value, Mapping):
            found.objects.append((source, name, value))
            continue
        fit, bad = checked({name: value}, flags)
        bad = not_chosen(name, bad) or bad or _tag_problems(fit.get("tags", ()))
        found.values.update(fit)
        found.problems.extend(f"{source}: {problem}" if source else problem for problem in bad)
    return found


def good(said: Sequence[Item]) -> dict[str, Any]:
    """The good values of flags of every run among what was said, by field name."""
    values: dict[str, Any] = {}
    for _, name, value in said:
        values |= checked({name: value}, BY_NAME)[0] if name in BY_NAME else {}
    return values


def settled_args(
    below: Values, above: Values, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The arguments of the objects that `values` choose, those given above, and what is wrong."""
    if not below.objects and not above.objects:
        return {}, {}, []
    from project.cli.keywords import Said, settled  # which few runs need

    told = [
        Said(source, "" if name == ARGS else name, value, given=each is above)
        for each in (below, above)
        for source, name, value in each.objects
    ]
    return settled(told, chosen_plugs(FLAGS, values))


def not_chosen(name: str, problems: Sequence[str]) -> list[str]:
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
