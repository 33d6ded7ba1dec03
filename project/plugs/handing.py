"""What a plug is handed: whatever it names among what there is; one rule for plugs of all kinds."""

from collections.abc import Callable, Iterable, Mapping
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any

from project.files import definitions
from project.words.places import shown
from project.words.telling import did_you_mean, quoted

# What belongs in the first places, by kind, for a plug whose arguments have other names.
PLACES = {
    "task": ("shape", "classes", "hparams"),
    "model": ("shape", "n_classes", "hparams"),
    "data": ("hparams",),
    "loss": ("hparams",),
    "optimizer": ("params", "hparams"),
    "metric": ("n_classes",),
    "callback": ("hparams",),
}
# What the function that a loss's plug returns is called with.
_MEASURED = {"outputs", "logits", "targets", "target", "labels", "masks"}
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def made(kind: str, text: str, plug: Callable[..., Any], there: Mapping[str, Any]) -> Any:
    """What a plug gives that is called with what it asks for.

    It is handed what its arguments name, those with a default too. One of another name gets what
    belongs in its place: of a task `shape, classes, hparams`, of a model `shape, n_classes,
    hparams`, of a metric `n_classes`, of an optimizer `params, hparams`, of others
    `hparams`, of a class of callbacks nothing. One of
    an object with `args` gets what these say, or its default, and nothing by its place.

    Args:
        kind: task, model, data, loss, optimizer, metric or callback.
        text: as it was chosen, for messages.
        plug: the class or function.
        there: what it may ask for, by name.

    Raises:
        ValueError: it asks for something that there is not; in one line.
    """
    args = _args(text, there)
    by_name = args or kind == "callback" and isinstance(plug, type)
    places = () if by_name else PLACES[kind]
    try:
        form = signature(plug)
    except (ValueError, TypeError):  # written in C
        return plug(*(there[name] for name in places), **args)
    found, missing = _arguments(form, places, {**there, **args})
    if missing and args:
        why = f"needs {', '.join(missing)}: add that to its args"
    else:
        why = _refused(kind, missing, there) if missing else _unknown(form, args)
    if why:
        at = definitions.place(plug)
        where = f" ({shown(*at)})" if at else ""
        raise ValueError(f"{kind} {text} {why}{where}")
    bound = BoundArguments(form, found | _others(form, args))
    return plug(*bound.args, **bound.kwargs)


def _args(text: str, there: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a config file gives as `args` of the object that was chosen."""
    own = getattr(there.get("hparams"), "plugs", {})
    return own.get(text, {}) if ":" in text else {}


def _unknown(form: Signature, args: Mapping[str, Any]) -> str:
    """Why arguments can't be given by name; empty where they can."""
    kinds = {name: parameter.kind for name, parameter in form.parameters.items()}
    able = [name for name, kind in kinds.items() if kind in _BY_NAME]
    wrong = next((name for name in args if name not in able), None)
    if wrong is None or Parameter.VAR_KEYWORD in kinds.values():
        return ""
    return f"takes no {quoted(wrong)} of its args{did_you_mean(wrong, able)}"


def _others(form: Signature, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that `**kwargs` takes, by its name."""
    rest = {name: value for name, value in args.items() if name not in form.parameters}
    return {p.name: rest for p in form.parameters.values() if rest and p.kind is p.VAR_KEYWORD}


def _refused(kind: str, missing: list[str], there: Mapping[str, Any]) -> str:
    names = ", ".join(missing)
    if kind == "loss" and _MEASURED.intersection(missing):
        return f"asks for {names}: it is called once, and must return the function of these"
    near = did_you_mean(missing[0], there)
    return f"asks for {names}, which there is not{near} (it can ask for {', '.join(sorted(there))})"


def asks(plug: Callable[..., Any], name: str) -> bool:
    """Whether a class or function has an argument of this name, or takes any."""
    try:
        parameters = signature(plug).parameters
    except (ValueError, TypeError):  # written in C
        return False
    return name in parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())


def _arguments(
    form: Signature, places: tuple[str, ...], there: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The arguments by the names that the plug has for them, and those that there are not."""
    found: dict[str, Any] = {}
    missing: list[str] = []
    for i, (name, parameter) in enumerate(form.parameters.items()):
        place = places[i] if i < len(places) and parameter.kind in _BY_PLACE else None
        place = None if place in form.parameters else place
        if parameter.kind is Parameter.VAR_POSITIONAL:
            rest = tuple(there[p] for p in places[i:] if p not in form.parameters)
            found |= {name: rest} if rest else {}
        # `classes` was a name for their number before there was more to ask for.
        elif name in there and (name, place) != ("classes", "n_classes"):
            found[name] = there[name]
        elif place is not None and not _stays(parameter, place, there):
            found[name] = there[place]
        elif parameter.default is Parameter.empty and parameter.kind != Parameter.VAR_KEYWORD:
            missing.append(name)
    return found, missing


def _stays(parameter: Parameter, place: str, there: Iterable[str]) -> bool:
    """Whether what stands in the place of `hparams` is none.

    It has a value of its own, such as `width=64`, or nearly the name of something else.
    """
    from difflib import get_close_matches

    near = get_close_matches(parameter.name, there, n=1, cutoff=0.75)
    own = parameter.default is not Parameter.empty and parameter.default is not None
    return place == "hparams" and (own or near not in ([], [place]))
