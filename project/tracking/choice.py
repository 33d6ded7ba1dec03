"""The trackers there are, and which of them a run is sent to."""

import importlib.util
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from project import plugs
from project.hyperparameters import DEBUG
from project.words.telling import did_you_mean

# Names that ask for nothing beyond what every run writes into its own directory.
LOCAL = ("csv", "none")


def resolve(names: Sequence[str], exp_name: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The trackers that a run is to be sent to; none for the experiment `debug`.

    Args:
        names: what the person chose; nothing means `usual(environ)`.
        exp_name: the experiment.
        environ: the environment's variables.
    Raises:
        ValueError: the names contradict each other or the experiment, a tracker's package is not
            installed, or its settings can't work.
    """
    if "none" in names and len(set(names)) > 1:
        others = ", ".join(sorted(set(names) - {"none"}))
        raise ValueError(f"--tracker none excludes {others}: give the one or the others")
    wanted = tuple(name for name in dict.fromkeys(names) if name not in LOCAL)
    if exp_name == DEBUG:
        if wanted:
            raise ValueError(
                "experiment 'debug' sends nothing to a tracker: give the run a name with --exp-name"
            )
        return ()
    if not names:
        wanted = (usual(environ),)
    for name in wanted:
        load(name).build(Path(), {})
    return wanted


def asked(names: Sequence[str], neptune_mode: str | None, exp_name: str) -> tuple[str, ...]:
    """The trackers that runs with these flags are sent to, whose settings are checked.

    Raises:
        ValueError: as of `resolve`.
    """
    if neptune_mode is None:
        return resolve(names, exp_name, os.environ)
    # There the check and the runs' followers find it; a `sync` later has its own environment.
    os.environ["NEPTUNE_MODE"] = neptune_mode
    return resolve(names or ("neptune",), exp_name, os.environ)


def usual(environ: Mapping[str, str]) -> str:
    """The tracker where none is chosen: neptune if there is a token for it, otherwise mlflow.

    Not both: the server that the token is for may well show the very store that mlflow writes to,
    and each run would stand there twice.
    """
    return "neptune" if environ.get("NEPTUNE_API_TOKEN") else "mlflow"


class _Trackers(tuple[str, ...]):
    """The built-in trackers; those outside the package, `MODULE:NAME`, count as among them."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or plugs.is_outside("tracker", str(name))


def followed() -> tuple[str, ...]:
    """Names of the trackers that a run can be sent to."""
    return _Trackers(name for name in plugs.names("tracker") if name not in LOCAL)


def load(name: str) -> Any:
    """The module of the tracker `name`, without importing its package, which takes seconds.

    Of one outside the package it is what `MODULE:NAME` names: a subclass of `Tracker`, or anything
    with a function `build`, as a tracker's module has.

    Raises:
        ValueError: there is no such tracker, it can't be imported, or its package is not installed.
    """
    if name not in followed():
        raise ValueError(
            f"tracker {name!r} is none of {', '.join(followed())}{did_you_mean(name, followed())}"
        )
    plug = plugs.find("tracker", name)
    if plug.outside:
        found = plugs.load("tracker", name)
        return found if hasattr(found, "build") else SimpleNamespace(build=found)
    module = name.replace("-", "_")
    imports = rf"(\bimport |\bfrom |import_module\([\"']){module}\b"
    if re.search(imports, plugs.source(plug.path)) and importlib.util.find_spec(module) is None:
        raise ValueError(
            f"--tracker {name} needs the package {module!r}, which is not installed:"
            " run `pip install -r requirements.txt`"
        )
    return plugs.load("tracker", name)


def preload(name: str) -> None:
    """Import what the tracker `name` needs, if its file says what that is."""
    getattr(load(name), "preload", lambda: None)()


def is_slow_to_open(name: str, run_dir: Path) -> bool:
    """Whether the tracker `name` has much to do before it can take the run, if its file says so."""
    return getattr(load(name), "is_slow_to_open", lambda _: False)(run_dir)


def is_served(name: str) -> bool:
    """Whether `project.serve` shows what is sent to the tracker `name`, if its file says so."""
    return getattr(load(name), "is_served", lambda: False)()
