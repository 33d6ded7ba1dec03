"""Which of the project's own code a model's answers depend on, and hashes of what it does."""

import os
from collections.abc import Mapping
from functools import cache

from project import plugs
from project.files.meaning import imported, meaning
from project.files.root import ROOT

# Of a task, what is between a model and a decision.
_OF_TASKS, _ALL_OF_TASKS = ("infer", "values", "embedded"), ("_of_classes.py", "_windows.py")
_INPUTS, _PREPARING = ("project/data/normalisation.py",), ("project/recipes/preparing.py",)
_READING = {
    "project/data/decoding.py": ("decode", "upright", "opened"),
    "project/data/_fit.py": ("fitted", "fitted_array", "_square"),
    "project/data/_modes.py": (),
    "project/data/intake.py": ("read", "fitted", "channels_first"),
}


def parts(model: str, task: str, recipe: str | None = None) -> dict[str, tuple[str, ...]]:
    """The files, named from the project's folder, and the functions that count; none: all do.

    Args:
        model: as it was chosen; one from outside lies in the run itself.
        task: likewise.
        recipe: by which images are prepared, if there is one.
    """
    found: dict[str, tuple[str, ...]] = {}
    if not plugs.is_outside("model", model):
        for path in _closure(plugs.find("model", model).path, "project.models", "project.nets"):
            found[_name(path)] = ()
        if "project/nets/loading.py" in found:
            # Items are found by their folder, not by name.
            items = sorted((ROOT / "project" / "nets" / "items").glob("*.py"))
            found |= {_name(str(path)): () for path in items}
    if not plugs.is_outside("task", task):
        first, *more = _closure(plugs.find("task", task).path, "project.tasks")
        found[_name(first)] = _OF_TASKS
        found |= {_name(path): () for path in more if path.endswith(_ALL_OF_TASKS)}
    return found | dict.fromkeys((*_INPUTS, *(_PREPARING if recipe else ())), ())


def reading() -> dict[str, tuple[str, ...]]:
    """Likewise, of what turns a file into an image."""
    return dict(_READING)


def meanings(parts: Mapping[str, tuple[str, ...]]) -> dict[str, str | None]:
    """The hash of what each part does now; None: it is gone.

    Raises:
        OSError: one can't be read.
    """
    return {name: _meaning(str(ROOT / name), counted) for name, counted in parts.items()}


def recorded(model: str, task: str, recipe: str | None = None) -> dict[str, str | None]:
    """What a checkpoint keeps of all of them."""
    return meanings(parts(model, task, recipe) | reading())


@cache
def _meaning(path: str, counted: tuple[str, ...]) -> str | None:
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return meaning(file.read(), counted)


@cache
def _closure(path: str, *packages: str) -> tuple[str, ...]:
    """A file, and those of these packages that it imports, as far as they go."""
    found, waiting = [path], [path]
    while waiting:
        here = waiting.pop(0)
        with open(here, "rb") as file:
            source = file.read()
        for name in sorted(set().union(*(imported(source, package) for package in packages))):
            more = str(ROOT.joinpath(*name.split(".")).with_suffix(".py"))
            if more not in found and os.path.isfile(more):
                found.append(more)
                waiting.append(more)
    return tuple(found)


def _name(path: str) -> str:
    return os.path.relpath(path, ROOT).replace(os.sep, "/")
