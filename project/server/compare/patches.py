"""The code of runs: where their commits can be compared, or else each one's uncommitted changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from project.comparison.loading import KnownRun
from project.files.root import ROOT
from project.provenance.git import GitError, git
from project.run_directory import PATCH
from project.words.names import some

LONGEST = 2_000_000  # bytes of one patch
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
_NAME = re.compile(r"diff --git a/.* b/(.*)")


def repository(runs: Sequence[KnownRun], accounts: bool) -> tuple[Path | None, list[str]]:
    """The repository with all the runs' commits, and a sentence if there is none.

    On a server for several people it is None: a record that one of them made up must not make the
    server read its own repository.
    """
    commits = {str(run.record["code"].get("sha")) for run in runs if run.record["code"].get("sha")}
    if accounts or not commits:
        return None, []
    if lacking := sorted(sha[:7] for sha in commits if not _is_there(sha)):
        told = "is" if len(lacking) == 1 else "are"
        return None, [
            f"{some(lacking)} {told} not in this server's repository: of the code, each run's own"
            " changes are shown."
        ]
    return ROOT, []


def _is_there(sha: str) -> bool:
    if not re.fullmatch(r"[0-9a-f]{7,64}", sha):
        return False
    try:
        git(ROOT, "cat-file", "-e", f"{sha}^{{commit}}")
    except GitError:
        return False
    return True


def diffs(described: Sequence[Mapping[str, Any]], runs: Sequence[KnownRun]) -> list[dict[str, Any]]:
    """As `comparison.code` has diffs: from each commit to each different patch on top of it.

    Args:
        described: the runs of a description.
        runs: in the same order.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for entry, run in zip(described, runs, strict=True):
        path = run.directory / PATCH
        if run.record["code"].get("patch") and path.is_file() and path.stat().st_size <= LONGEST:
            text = path.read_text(encoding="utf-8", errors="replace")
            commit = str(run.record["code"].get("sha") or "nothing")[:7]
            found.setdefault((commit, text), []).append(entry["label"])
    return [
        {"from": [commit], "to": labels, **_diff(text)} for (commit, text), labels in found.items()
    ]


def _diff(text: str) -> dict[str, Any]:
    parts = [part for part in _FILE.split(text) if part.startswith("diff --git ")]
    return {"files": [_file(part) for part in parts], "text": "".join(parts)}


def _file(part: str) -> dict[str, Any]:
    head, _, body = part.partition("\n@@")
    name = _NAME.match(head)
    lines = body.split("\n")
    counts = {"added": "+", "removed": "-"}
    return {"name": name[1] if name else "?"} | {
        key: sum(line.startswith(sign) for line in lines) for key, sign in counts.items()
    }
