"""The diffs between the code of runs, uncommitted changes included."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from project.comparison.flat import identity
from project.comparison.loading import KnownRun
from project.comparison.trees import CodeTree, Trees, open_trees
from project.provenance import plug_files
from project.run_directory import PATCH

# The identity of code of which nothing is known.
NO_CODE = identity([None, None, None, {}])


def compare_code(
    runs: Sequence[KnownRun], labels: Sequence[str], repository: Path | None
) -> dict[str, Any]:
    """The trees of the runs' code, and the diffs from the first run's to each different one.

    One run alone is compared with its commit. The person's repository is only read; without one,
    nothing is compared.

    Returns:
        `trees` (by run an id, or None where it is not whole), `blobs` (of each tree its files'
        contents by path), `diffs` (`from`, `to`, `files`, `text` each) and `problems`, a line for
        each run whose code can't be put together.
    """
    if repository is None:
        return {"trees": [None] * len(runs), "blobs": {}, "diffs": [], "problems": []}
    try:
        with open_trees(repository) as trees:
            return _compare(runs, labels, trees)
    except ValueError as error:
        return {"trees": [None] * len(runs), "blobs": {}, "diffs": [], "problems": [str(error)]}


def _compare(runs: Sequence[KnownRun], labels: Sequence[str], trees: Trees) -> dict[str, Any]:
    states: dict[str, CodeTree | None] = {}
    problems = []
    for run in runs:
        # Runs of one state are many; to put it together takes a moment.
        key = code_identity(run)
        if key not in states:
            states[key], problem = _state(run, trees)
            problems += problem
    found = [states[code_identity(run)] for run in runs]
    ids = [state and state.tree for state in found]
    alone = len(runs) == 1
    whole = [None if state is None or state.lacking else state.tree for state in found]
    return {
        "trees": whole,
        "blobs": {tree: trees.blobs(tree) for tree in dict.fromkeys(whole) if tree},
        "diffs": _own(runs[0], labels[0], ids[0], trees) if alone else _diffs(ids, labels, trees),
        "problems": problems,
    }


def _state(run: KnownRun, trees: Trees) -> tuple[CodeTree | None, list[str]]:
    """The code of a run as far as it can be put together, and a line if that is not whole."""
    if not run.record["code"]:  # of another program
        return None, []
    try:
        state = trees.state_of(run)
    except ValueError as error:
        return None, [f"the code of {run.run_id} can't be put together: {error}"]
    if not state.lacking:
        return state, []
    files = ", ".join(state.lacking)
    note = run.record["code"].get("note")
    why = f" ({note})" if note else ""
    return state, [f"the {PATCH} of {run.run_id} doesn't apply to its commit in {files}{why}"]


def _diffs(ids: Sequence[str | None], labels: Sequence[str], trees: Trees) -> list[dict[str, Any]]:
    first = next((tree for tree in ids if tree is not None), None)
    found = []
    for tree in dict.fromkeys(ids):
        if tree not in (None, first):
            ends = {"from": _having(first, ids, labels), "to": _having(tree, ids, labels)}
            found.append(ends | trees.diff(str(first), str(tree)))
    return found


def _having(tree: str | None, ids: Sequence[str | None], labels: Sequence[str]) -> list[str]:
    return [label for label, other in zip(labels, ids, strict=True) if other == tree]


def _own(run: KnownRun, label: str, tree: str | None, trees: Trees) -> list[dict[str, Any]]:
    sha = run.record["code"].get("sha")
    own = run.record["code"].get("patch") or plug_files.described(run.record, run.outcome)
    if tree is None or not sha or not own:
        return []
    diff = trees.diff(trees.commit_tree(str(sha)), tree)
    return [{"from": [str(sha)[:7]], "to": [label], **diff}]


def code_identity(run: KnownRun) -> str:
    """Equal for runs that recorded the same commit, the same changes and the same plugs."""
    code, plugs = run.record["code"], plug_files.described(run.record, run.outcome)
    states = [code.get(name) for name in ("sha", "patch_blake3", "source_blake3")]
    return identity([*states, {name: about["blake3"] for name, about in plugs.items()}])
