"""The code of a recorded run, put together in a temporary folder beside the person's own tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from project.provenance._git import GitError, git
from project.provenance._source import digest
from project.provenance.patching import applicable


@contextmanager
def checkout(code: dict[str, Any], patch: bytes | None, root: Path) -> Iterator[Path]:
    """The recorded code of the project whose present code is in `root`.

    With git it is a work tree of the recorded commit, with the patch; nothing is fetched, and of
    the person's repository only git's own list of work trees is touched, and cleared afterwards.

    Args:
        code: the record's `code`.
        patch: the record's patch, or None.
        root: the folder that holds `project/`.
    Yields:
        The folder that holds the recorded `project/`.
    Raises:
        ValueError: the commit isn't here, the patch doesn't apply, or, for code without a commit,
            the present code is another.
    """
    if code["sha"] is None:
        _check_same(code, root)
        yield root
        return
    try:
        top = Path(os.fsdecode(git(root, "rev-parse", "--show-toplevel")).removesuffix("\n"))
    except GitError as error:
        raise ValueError(f"the run was made of commit {code['sha'][:12]}: {error}") from None
    with tempfile.TemporaryDirectory(prefix="reproduce-") as folder:
        tree = Path(folder).resolve() / "tree"
        _add_worktree(top, tree, code["sha"])
        try:
            if patch:
                _apply(tree, applicable(patch, partial(_read, tree)))
            yield tree / root.resolve().relative_to(top.resolve())
        finally:
            git(top, "worktree", "remove", "--force", str(tree))


def _add_worktree(top: Path, tree: Path, sha: str) -> None:
    try:
        git(top, "cat-file", "-e", f"{sha}^{{commit}}")
    except GitError:
        raise ValueError(
            f"commit {sha} is not in {top}: fetch it (`git fetch --all`), or look whether it was"
            " ever pushed"
        ) from None
    git(top, "worktree", "add", "--quiet", "--detach", str(tree), sha)


def _read(tree: Path, name: str) -> bytes:
    """A file's content in the commit; nothing if it isn't there, which the patch will tell."""
    try:
        return git(tree, "cat-file", "blob", f"HEAD:{name}")
    except GitError:
        return b""


def _apply(tree: Path, patch: bytes) -> None:
    try:
        git(tree, "apply", "--whitespace=nowarn", "--binary", "-", stdin=patch)
    except GitError as error:
        raise ValueError(f"the run's code.patch does not apply to its commit: {error}") from None


def _check_same(code: dict[str, Any], root: Path) -> None:
    if digest(root) != code["source_blake3"]:
        raise ValueError(
            "the run was recorded without git, from sources other than those here; only with the"
            f" sources of {code['source_blake3'][:12]} can it be reproduced"
        )
