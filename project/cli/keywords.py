"""The arguments of objects, as files, runs and the command line give them: which are right."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project import plugs
from project.cli.objects import plain
from project.cli.settings import read
from project.hyperparameters import BY_NAME
from project.plugs import objects
from project.plugs.texts import TEXT, reader
from project.words.places import shown
from project.words.telling import did_you_mean, quoted

# On the command line: of a model, or of one of several losses.
WORD = re.compile(rf"--({'|'.join(plugs.KINDS)})(?:\.(\w+))?\.args\.([^\W\d][\w-]*)")


class Said(NamedTuple):
    """What one source says of objects' arguments.

    Attributes:
        source: a file's position, or the run; empty for the command line.
        name: of the item, `model.args.width`, or nothing where `value` is by text and name.
        value: a text, or the values.
        given: whether the person gave it, and not the run that a new one goes on from.
    """

    source: str
    name: str
    value: Any
    given: bool


class _Arg(NamedTuple):
    value: Any
    source: str
    given: bool


def settled(
    said: Iterable[Said], chosen: Sequence[tuple[str, str]]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The arguments of what was chosen in the end, those that were given, and what is wrong.

    Args:
        said: by all sources; a later one wins.
        chosen: kinds and texts.

    Returns:
        Values by text and name, twice; and a line for each mistake.
    """
    of: dict[str, dict[str, _Arg]] = {}
    wrong: list[str] = []
    for each in said:
        args, problem = _by_text(each, chosen) if each.name else (each.value, "")
        wrong += [problem] * bool(problem)
        for text, own in args.items():
            known = {name: _Arg(value, each.source, each.given) for name, value in own.items()}
            of[text] = of.get(text, {}) | known
    mine = [(kind, text) for kind, text in chosen if of.get(text)]
    for kind, text in mine:
        wrong += _told(kind, text, of[text])
    every = {text: {name: arg.value for name, arg in of[text].items()} for _, text in mine}
    given = {t: {n: v for n, v in own.items() if of[t][n].given} for t, own in every.items()}
    return every, {text: own for text, own in given.items() if own}, [*wrong, *_alike(mine)]


def _by_text(
    each: Said, chosen: Sequence[tuple[str, str]]
) -> tuple[dict[str, dict[str, Any]], str]:
    """What `model.args.width` says, by the text that was chosen, or why it says nothing."""
    flag = f"--{each.name}" if not each.source else f"{each.source}: {each.name}"
    match = WORD.fullmatch(f"--{each.name}")
    if match is None or not isinstance(each.value, str):
        form = "model.args.NAME, or loss.Focal.args.NAME of one of several, and one value"
        return {}, f"{flag}: write {form}"
    kind, part, name = match.groups()
    texts = [text for of, text in chosen if of == kind]
    if part or kind in plugs.SEVERAL:
        texts = [text for text in texts if text.rpartition(":")[2] == part]
    if texts:
        return {text: {name.replace("-", "_"): plain(each.value)} for text in texts}, ""
    return {}, f"{flag}: no --{kind} MODULE:{part or 'NAME'} is chosen, whose argument this is"


def _told(kind: str, text: str, own: Mapping[str, _Arg]) -> Iterator[str]:
    last = list(own.values())[-1]
    try:
        for name, line in _problems(kind, text, own):
            source = own.get(name, last).source
            yield f"{source}: {line}" if source else f"--{line}"
    except (ValueError, OSError):
        return  # it is no plug, which is told as that


def _problems(kind: str, text: str, args: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the arguments of an object, as far as its file says which it takes.

    Returns:
        The argument, or nothing where one lacks, and the line.
    """
    before = plugs.args_of(kind, text)
    if not plugs.is_outside(kind, text):
        for name in args:
            if name != TEXT or reader(kind, text) is None:
                yield name, f"{before}{name}: {_no_flag(kind, text, name)}"
        return
    if kind == "optimizer" and "lr" in args:
        yield "lr", f"{before}lr: the schedule sets it: give learning_rate beside optimizer"
    plug = plugs.find(kind, text)
    takes = objects.takes_of(plug.path, plug.entry)
    if takes is None:
        return
    at = shown(plug.path, takes.line)
    for name in args:
        if name not in takes.names and not takes.others:
            near = did_you_mean(name, takes.names)
            yield name, f"{before}{name}: {text} takes no {quoted(name)}{near} ({at})"
    handed = objects.HANDED.get(kind, objects.HANDED[""])
    lacking = [n for n, must in takes.names.items() if must and n not in {*args, *handed}]
    if args and lacking:
        yield "", f"{before}{lacking[0]}: {text} needs {', '.join(lacking)} ({at})"


def _no_flag(kind: str, text: str, name: str) -> str:
    """Why a plug of the package takes no such argument."""
    if name in BY_NAME:
        return f"{name} is a flag of every run: write it beside {kind}, not in its args"
    own = [setting.name for setting in read(plugs.find(kind, text))]
    near = did_you_mean(name, own)
    has = f"its own flags are {', '.join(own)}" if own else "it has no flags of its own"
    return f"{text} has no flag {quoted(name)}{near} ({has})"


def _alike(chosen: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for two objects whose arguments would have the same names."""
    known: dict[str, str] = {}
    for kind, text in chosen:
        before = plugs.args_of(kind, text)
        if (other := known.setdefault(before, text)) != text:
            yield f"{other} and {text} are both {before[:-6]} in records: rename one"
