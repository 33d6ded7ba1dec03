"""Where a plug outside of the package is: its module's file, found without importing anything."""

import os
import re
import sys
from collections.abc import Iterable, Iterator

from project.words.telling import did_you_mean

# MODULE:NAME
FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def path_of(module: str, part: str, built_in: Iterable[str]) -> str:
    """The source that `MODULE:NAME` means.

    Args:
        module: what stands before the colon.
        part: what stands after it.
        built_in: the built-in plugs of the kind, of which one may have been meant.

    Raises:
        ValueError: there is none, or it lacks the name; in one line.
    """
    if not FORM.fullmatch(f"{module}:{part}"):
        raise ValueError("write MODULE:NAME, a class or function in a module of your own")
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "project":
        whose = "this package's own" if top == "project" else "a module of Python's own"
        raise ValueError(f"{top} is {whose}; give yours another name")
    path = locate(module)
    if path is None:
        raise ValueError(
            f"there is no module {module} in the folder you stand in, nor on PYTHONPATH"
            f"{did_you_mean(module, built_in)}"
        )
    if not path.endswith(".py"):
        raise ValueError(f"{path} is no Python source; give a module that is")
    from project.files.sources import defined

    there = defined(path)
    if there is not None and part not in there:
        raise ValueError(f"{path} defines no {part}{did_you_mean(part, there)}")
    return path


def locate(module: str) -> str | None:
    """The file of a module, found folder by folder, so that no package on the way is imported."""
    from importlib.machinery import PathFinder

    folders, spec = list(_search_path()), None
    for part in module.split("."):
        # By this part alone: a finder looks for the parents among the imported modules.
        spec = PathFinder.find_spec(part, folders) if folders else None
        if spec is None:
            return None
        folders = list(spec.submodule_search_locations or ())
    return spec.origin if spec.has_location else folders[0]


def let_import_from_here() -> None:
    """Let modules be imported from the folder one stands in, too, whatever started Python."""
    sys.path[:] = _search_path()


def _search_path() -> Iterator[str]:
    yield from sys.path
    try:
        here = os.getcwd()
    except OSError:
        return  # it has been deleted
    if here not in sys.path and "" not in sys.path:
        yield here
