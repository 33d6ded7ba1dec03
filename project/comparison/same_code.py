"""Whether runs computed with the same code: by what they imported, not by all beside it."""

import os
from collections.abc import Mapping, Sequence

from project.comparison.code import NO_CODE, code_identity
from project.comparison.loading import KnownRun
from project.run_directory import PLUGS
from project.words.names import some

Blobs = Mapping[str, Mapping[str, str]]  # by tree and path, the content's id


def same_code(runs: Sequence[KnownRun], trees: Sequence[str | None]) -> list[list[int]]:
    """The runs' indices by code, those of the same code together.

    Code is the same where no file that was imported is another. Of runs that don't say what they
    imported, all files count; of code that nobody knows, nobody can say that it is the same.
    """
    imported = [_imported(run) for run in runs]
    wholes = [tree or code_identity(run) for run, tree in zip(runs, trees, strict=True)]

    def same(one: int, other: int) -> bool:
        if imported[one] and imported[other]:
            both = imported[one].keys() & imported[other].keys()
            return all(imported[one][name] == imported[other][name] for name in both)
        return wholes[one] == wholes[other] != NO_CODE

    parts: list[list[int]] = []
    for index in range(len(runs)):
        own = next((part for part in parts if all(same(index, other) for other in part)), None)
        parts.append([index]) if own is None else own.append(index)
    return parts


def code_note(runs: Sequence[KnownRun], trees: Sequence[str | None], blobs: Blobs) -> str | None:
    """A line about files that differ between runs of the same code; None where none does.

    Args:
        runs: of one group.
        trees: of each its code's, if known.
        blobs: of each tree.
    """
    if len({tree or code_identity(run) for run, tree in zip(runs, trees, strict=True)}) < 2:
        return None
    if not all(tree in blobs for tree in trees):
        return "the code differs in files that none of these runs imports; not all commits are here"
    files = [blobs[str(tree)] for tree in trees]
    paths = sorted({path for own in files for path in own})
    names = [path for path in paths if len({own.get(path) for own in files}) > 1]
    known = {_from_top(run, name) for run in runs for name in _imported(run)}
    verb = "differs" if len(names) == 1 else "differ"
    not_by = "not all of them import" if known & set(names) else "none of them imports"
    listed = some(names, 8)
    it = "it" if len(names) == 1 else "these"
    return f"{listed} {verb} between these runs; {not_by} {it}" if names else None


def _imported(run: KnownRun) -> dict[str, str]:
    """The hash of each file that the run imported; those kept of a plug by their names as such."""
    told = {**_mapping(run.record.get("sources")), **_mapping(run.outcome.get("sources"))}
    kept = {**_mapping(run.record["code"].get("plugs")), **_mapping(run.outcome.get("plugs"))}
    # They may lie elsewhere on another machine.
    names = {about["path"]: f"{PLUGS}/{name}" for name, about in kept.items()}
    return {names.get(path, path): digest for path, digest in told.items()}


def _from_top(run: KnownRun, name: str) -> str:
    """A file's name from the repository's top, as trees have it."""
    return os.path.normpath(os.path.join(str(run.record["code"].get("folder") or "."), name))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
