"""A plug's own defaults of shared flags: `DEFAULTS = {"learning_rate": 0.003}` in its file.

The line is read as a literal, without running the file. What a person gives, a config file or a run
that is taken up wins over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project import plugs
from project.cli.fields import flag_name
from project.cli.flag_values import checked
from project.files.sources import literal
from project.hyperparameters import BY_NAME, SHORT, section_of
from project.words.paths import brief
from project.words.telling import quoted

# A later one's wins: how fast a net learns depends on it more than on the data.
KINDS = ("task", "data", "model")
_SECTIONS = ("data", "model", "optimization", "training")
# Of these, what says how a run begins, or is the person's to say.
_NEVER = {*KINDS, "data_dir", "checkpoint", "resume", "from", "from_schedule", "only_test"}
_NEVER |= {"fast_dev_run", "accept_changes", "pretrained"}


class Default(NamedTuple):
    """One that a plug has in place of the shared one.

    Attributes:
        name: of the flag, in files.
        value: as its field has it.
        owner: the plug in words, `model unet`.
    """

    name: str
    value: Any
    owner: str


def own_defaults(chosen: Sequence[tuple[str, str]]) -> tuple[dict[str, Default], list[str]]:
    """The defaults that the chosen plugs have, by the flags' names, and a line for each mistake.

    Args:
        chosen: kinds and what was chosen of each.
    """
    found: dict[str, Default] = {}
    problems: list[str] = []
    for kind in KINDS:
        for text in (text for of, text in chosen if of == kind):
            path = plugs.find(kind, text).path
            try:
                values = literal(path, "DEFAULTS")
            except (ValueError, OSError) as error:
                problems.append(str(error))
                continue
            at = f"{brief(path)}: DEFAULTS"
            good, wrong = _read(values) if values is not None else ({}, [])
            problems += [f"{at}: {line}" for line in wrong]
            owner = f"{kind} {text}"
            found |= {name: Default(name, value, owner) for name, value in good.items()}
    return found, problems


def _read(values: Any) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(values, Mapping):
        return {}, [f"write {{NAME: VALUE}}, not {quoted(values)}"]
    good: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        name = SHORT.get(name, str(name))
        if name in BY_NAME and not _may(name):
            problems.append(f"{flag_name(name)} is not a plug's to say")
            continue
        found, wrong = checked({name: value}, BY_NAME)
        good |= {} if wrong else found
        problems += wrong
    return good, problems


def _may(name: str) -> bool:
    return section_of(name) in _SECTIONS and name not in _NEVER


def told(defaults: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[str]:
    """Of each plug whose defaults are another than the shared ones, these, in a few words.

    Args:
        defaults: the plug whose default a flag has, by the flag's name.
        values: of all flags.
    """
    by_owner: dict[str, list[str]] = {}
    for name, owner in defaults.items():
        value, shared = values[name], BY_NAME[name].default
        if value != shared:
            by_owner.setdefault(owner, []).append(f"{flag_name(name)} {_text(value)}")
    for owner, flags in by_owner.items():
        kind, _, text = owner.partition(" ")
        yield f"by default of --{kind} {text} {', '.join(flags)}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
