"""Which task a run has, and whether what was chosen serves it; told from the files' text alone.

A data set's, a model's or a loss's file says `TASKS = ("segmentation",)`; where variants serve
different tasks, it names those of a further one, `SEGMENTATION = ("fcn_resnet50",)`, and all others
serve the first; `TASKS = ("any",)` serves all. A metric's class says `tasks = (...)`, and a task's
file `LIKE = "classification"` where what serves that serves it, too, but for the kinds that it
names in `UNLIKE = ("loss",)`. A file of the package that says nothing serves classification, one
from outside any task. A task from outside that is like none takes all that comes with the package:
a blank pass tells whether it fits.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from project import plugs

USUAL = "classification"
ANY = "any"  # of a plug that serves whatever task there is
_TEXT = r"[\"']([^\"']+)[\"']"
# Texts, not compiled here: that takes longer than all else that --help needs of this module.
_TASKS = r"(?m)^(?:TASKS\b|[ \t]+tasks\b)[^=\n]*=\s*(\([^()]*\)|\[[^\[\]]*\]|[\"'][^\"'\n]*[\"'])"
_LIKE = rf"(?m)^LIKE\b[^=\n]*=\s*{_TEXT}"
_UNLIKE = r"(?m)^UNLIKE\b[^=\n]*=\s*(\([^()]*\))"
_NAME = rf"(?m)^[ \t]+name\b[^=\n]*=\s*{_TEXT}"
# What is chosen by flags, in the order in which misfits are told, and how to ask for another.
_KINDS = ("data", "model", "loss", "metric")


def task_of(chosen: Mapping[str, object]) -> str:
    """The task that flags mean: the one given, or the first that the data set is for.

    Args:
        chosen: what was chosen of each kind, by name of the flag.

    Raises:
        ValueError: there is no such data set, or its file can't be read.
    """
    if given := chosen.get("task"):
        return str(given)
    return (served("data", str(chosen["data"])) or (USUAL,))[0]


def misfits(chosen: Mapping[str, object]) -> list[str]:
    """A line for each plug that was chosen and does not serve the task.

    What is no plug, or can't be read, is passed over: that is told elsewhere.
    """
    try:
        task = task_of(chosen)
    except (ValueError, OSError):
        return []
    try:
        own = {task, *_called(task)}
        alike = {kind: own | {*like(task, kind)} for kind in _KINDS}
    except (ValueError, OSError) as error:
        # One that was given is told as that.
        return [f"--data {chosen['data']}: {error}"] if chosen.get("task") is None else []
    of = f"--task {task}" if chosen.get("task") else f"--data {chosen['data']}"
    return [
        _line(kind, text, served(kind, text) or (USUAL,), task, of)
        for kind, text in _each(chosen)
        if not _serves(kind, text, task, alike[kind])
    ]


def _called(task: str) -> list[str]:
    """What a task's class calls itself, by which metrics know it."""
    return re.findall(_NAME, plugs.source(plugs.find("task", task).path))


def like(task: str, kind: str = "") -> tuple[str, ...]:
    """The task whose plugs, of a kind if that is given, serve this one, too, if there is one.

    Raises:
        ValueError: there is no such task.
        OSError: its file can't be read.
    """
    text = plugs.source(plugs.find("task", task).path)
    found, others = re.search(_LIKE, text), re.search(_UNLIKE, text)
    if others and kind in re.findall(_TEXT, others[1]):
        return ()
    return (found[1],) if found else ()


def served(kind: str, text: str) -> tuple[str, ...] | None:
    """The tasks that a plug says it serves; None if it says nothing.

    Raises:
        ValueError: there is no such plug.
        OSError: its file can't be read.
    """
    name, _, part = text.partition(":")
    if not plugs.is_outside(kind, text):
        tasks = _said(path := plugs.path_of(kind, name))
        return _of_variant(path, part, tasks) if part and tasks and len(tasks) > 1 else tasks
    path = plugs.find(kind, text).path
    return _said(path) if kind != "metric" else _said_by_class(path, part)


@cache
def _said(path: str) -> tuple[str, ...] | None:
    text = plugs.source(path)
    found = re.search(_TASKS, text) if "TASKS" in text else None
    return tuple(re.findall(_TEXT, found[1])) or None if found else None


def _of_variant(path: str, variant: str, tasks: tuple[str, ...]) -> tuple[str, ...]:
    named = {task: names for task in tasks[1:] if (names := _variants(path, task))}
    found = next((task for task, names in named.items() if variant in names), tasks[0])
    return (found,) if named else tasks


def _variants(path: str, task: str) -> list[str]:
    """The variants that a plug's file names for a task which is not its first."""
    found = re.search(rf"(?m)^{re.escape(task.upper())} = \(([^()]*)\)", plugs.source(path))
    return re.findall(_TEXT, found[1]) if found else []


def _said_by_class(path: str, name: str) -> tuple[str, ...] | None:
    _, _, body = plugs.source(path).partition(f"\nclass {name}")
    body = re.split(r"(?m)^(?=\S)", body.partition("\n")[2], maxsplit=1)[0]
    found = re.search(_TASKS, body)
    return tuple(re.findall(_TEXT, found[1])) or None if found else None


def _each(chosen: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for kind in _KINDS:
        value = chosen.get(kind) or ()
        for text in [value] if isinstance(value, str) else value:
            yield kind, plugs.unweighted(str(text))


def _serves(kind: str, text: str, task: str, alike: set[str]) -> bool:
    try:
        tasks = served(kind, text)
    except (ValueError, OSError):
        return True
    outside = plugs.is_outside(kind, text)
    if tasks is None and outside:
        return True
    if not outside and plugs.is_outside("task", task) and not like(task):
        return True
    return bool(alike & set(tasks or (USUAL,))) or tasks == (ANY,)


def _line(kind: str, text: str, tasks: tuple[str, ...], task: str, of: str) -> str:
    what = " and ".join(tasks)
    if kind == "data":
        instead = _able("data", (task,)) or "other data"
        return f"--data {text} is for {what}, not {of}: leave --task out, or give {instead}"
    line = f"{kind} {text} serves {what}, not {task} (of {of})"
    if able := _variants_for(kind, text, task):
        return line + able
    # Who says nothing of data has the usual task: then it may be the data that were forgotten.
    further = (kind, (task,)), ("data", tasks if of.startswith("--data") and task == USUAL else ())
    hints = [hint for one, those in further if one != "metric" and (hint := _able(one, those))]
    return line + (f": {', or '.join(hints)}" if hints else "")


def _able(kind: str, tasks: tuple[str, ...]) -> str:
    """A few plugs of the package that serve one of these tasks, as flags; empty if none does."""
    able = [name for name in plugs.names(kind) if {*(served(kind, name) or (USUAL,))} & {*tasks}]
    able = [name for name in able if _stands_alone(kind, name)] or able
    return f"--{kind} {' or '.join(able[:4])}" if able else ""


def _stands_alone(kind: str, name: str) -> bool:
    """Whether a plug needs no variant."""
    try:
        plugs.find(kind, name)
    except ValueError:
        return False
    return True


def _variants_for(kind: str, text: str, task: str) -> str:
    """The variants that serve the task, or the one that was mistyped; empty: there are none."""
    from difflib import get_close_matches

    name, _, variant = text.partition(":")
    if not variant or plugs.is_outside(kind, text):
        return ""
    known = _variants(plugs.path_of(kind, name), task)
    if near := get_close_matches(variant, known, n=1, cutoff=0.9):
        return f", did you mean '{name}:{near[0]}'?"
    return f": {' or '.join(f'{name}:{one}' for one in known[:3])} does" if known else ""
