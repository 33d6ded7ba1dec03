"""What a sweep's results depend on beside its flags: code, data and packages, to be the same."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from project.files.sources import tree
from project.plugs import find, is_outside, unweighted
from project.plugs.outside import locate
from project.provenance import data_changes
from project.provenance.imported import file_hash
from project.provenance.sources import source_files
from project.words.places import FOLDERS, PACKAGE
from project.words.places import is_outside as is_own

# A difference in these may change a trial's weights, or which flags are proposed.
PACKAGES = ("torch", "torchvision", "pytorch-lightning", "numpy", "scikit-learn", "optuna")
PACKAGES += ("scipy", "Pillow")
# Of the data's description, what their content is compared by.
_DATA = ("name", "hash", "classes", "counts", "hashes")
# In hex digits, of 64: enough to tell two files apart.
_DIGITS = 16


def identity(flags: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What this worker would bring, as JSON.

    Args:
        flags: `Hyperparameters.to_values()` of what all trials have in common.
        data: `Data.describe()` of these.

    Raises:
        ValueError: a plug of the flags is not there.
        OSError: a source can't be read.
    """
    return {"code": code(flags), "data": {k: data[k] for k in _DATA}, "packages": packages()}


def code(flags: Mapping[str, Any]) -> dict[str, str]:
    """A hash of each source of the project, and of the plugs from outside, by its name.

    Raises:
        ValueError: a plug of the flags is not there.
        OSError: a source can't be read.
    """
    ours = {f"project/{name}": os.path.join(PACKAGE, name) for name in source_files(Path(PACKAGE))}
    files = ours | _outside(flags)
    return {name: file_hash(path)[:_DIGITS] for name, path in files.items()}


def packages() -> dict[str, str | None]:
    """Versions of those that results depend on, and of Python; None: not installed."""
    return {"python": "{}.{}".format(*sys.version_info)} | {
        name: _version(name) for name in PACKAGES
    }


def differences(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What of a worker is another than the sweep began with, a line each; none: nothing is."""
    then, now = recorded["packages"], here["packages"]
    return [
        *(f"code: {line}" for line in data_changes.changes(recorded["code"], here["code"])),
        *data_changes.differences(recorded["data"], here["data"]),
        *(
            f"package {name}: {then.get(name) or 'none'} in the sweep, {now.get(name) or 'none'}"
            " here"
            for name in dict.fromkeys([*then, *now])
            if then.get(name) != now.get(name)
        ),
    ]


def _outside(flags: Mapping[str, Any]) -> dict[str, str]:
    """The files of chosen plugs that are not the project's, and those of a person's that they use.

    By their modules' names, as another machine has them elsewhere; found without an import.
    """
    found = dict(sorted({each for kind in FOLDERS for each in _plugs(kind, flags.get(kind) or ())}))
    waiting = [*found.values()]
    while waiting:
        for module, path in _imports(waiting.pop()):
            if path not in found.values():
                found[module] = path
                waiting.append(path)
    return {f"{module.replace('.', '/')}.py": found[module] for module in sorted(found)}


def _plugs(kind: str, chosen: Any) -> Iterator[tuple[str, str]]:
    for text in [chosen] if isinstance(chosen, str) else chosen:
        if is_outside(kind, unweighted(text)):
            plug = find(kind, unweighted(text))
            yield plug.module, os.path.abspath(plug.path)


def _imports(path: str) -> Iterator[tuple[str, str]]:
    """The modules of a person's own that a source imports anywhere, and their files."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        for name in names:
            place = locate(name)
            if place is not None and place.endswith(".py") and is_own(place):
                yield name, os.path.abspath(place)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
