"""Sources that git does not show: ignored ones, those of nested repositories, and behind links."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from project.provenance._git_status import Status
from project.provenance._index import Index
from project.provenance._lacking import choose
from project.provenance.sources import is_source, is_worth_looking, source_files

# By compilers, editors and git itself.
_LEFT_BEHIND = (".pyc", ".pyo", "~", ".orig", ".rej", ".bak")


class Untracked(NamedTuple):
    """Files that the commit lacks, by their names from the repository's top.

    Attributes:
        taken: go into the patch.
        left_out: do not.
        nested: folders of repositories in this one.
        beyond: sources behind symbolic links, with their paths.
    """

    taken: list[str]
    left_out: list[str]
    nested: list[str]
    beyond: dict[str, Path]


def untracked(top: Path, folder: str, status: Status, index: Index) -> Untracked:
    """All that is not tracked but may run, and what else git shows.

    Args:
        top: the repository's top.
        folder: the project's, relative to it: what git hides elsewhere is not looked for.
        status: of the working tree.
        index: names what is tracked.
    """
    inside = "" if folder == "." else f"{folder}/"
    nested = [name for name in status.untracked if name.endswith("/")]
    ignored = [name for name in status.ignored if name.startswith(inside)]
    hidden = _ignored_sources(top, ignored) + _nested_sources(top, nested, inside)
    hidden += _ignored_beside_sources(top, ignored)
    shown = [name for name in status.untracked if not name.endswith("/")]
    links = [n for n in (*index.links, *shown, *ignored) if n.startswith(inside)]
    links = [name for name in links if os.path.islink(top / name.rstrip("/"))]
    taken, left_out = choose(top, [*shown, *hidden])
    beyond = sources_behind(top, links, index.names | set(taken))
    return Untracked(taken, left_out, nested, beyond)


def _ignored_sources(top: Path, ignored: Iterable[str]) -> list[str]:
    """The sources among what an exclude file ignores; of ignored folders, those of packages.

    An ignored folder that no package holds is where results, data and environments are: what a
    process imports from there is found when it has.
    """
    found = []
    for name in ignored:
        if not name.endswith("/"):
            found += [name] if is_source(name) else []
        elif is_worth_looking(top, name) and _is_package(top / name):
            found += _below(top, name)
    return found


def _ignored_beside_sources(top: Path, ignored: Iterable[str]) -> list[str]:
    """What is no source but lies in a package, as a table of weights that it reads does."""
    is_package: dict[str, bool] = {}
    found = []
    for name in ignored:
        folder, _, file = name.rpartition("/")
        if not file or file.startswith(".") or file.endswith(_LEFT_BEHIND) or is_source(name):
            continue
        if folder not in is_package:
            is_package[folder] = (top / folder / "__init__.py").exists()
        found += [name] if is_package[folder] else []
    return found


def _nested_sources(top: Path, nested: Iterable[str], inside: str) -> list[str]:
    """The sources of repositories in this one, which git names by their folder alone."""
    folders = (n for n in nested if n.startswith(inside) and is_worth_looking(top, n))
    return [source for name in folders for source in _below(top, name)]


def sources_behind(top: Path, links: Iterable[str], known: Iterable[str]) -> dict[str, Path]:
    """Where the sources lie that links lead to and that nothing records, by their names.

    Args:
        top: the repository's top.
        links: names relative to it.
        known: names of what is recorded.
    """
    found, links = {}, list(links)
    here = os.path.realpath(top)
    recorded = {os.path.join(here, name) for name in known} if links else set()
    for name in links:
        target = Path(os.path.realpath(top / name))
        if target.is_dir():
            paths = {f"{name}/{inner}": target / inner for inner in source_files(target)}
        elif target.is_file() and (is_source(name) or is_source(target.name)):
            paths = {name: target}
        else:
            paths = {}
        found |= {n: path for n, path in paths.items() if str(path) not in recorded}
    return found


def _below(top: Path, folder: str) -> list[str]:
    return [folder + name for name in source_files(top / folder)]


def _is_package(folder: Path) -> bool:
    return any((each / "__init__.py").exists() for each in (folder, folder.parent))
