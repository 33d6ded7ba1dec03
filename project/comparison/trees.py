"""The code of runs as git trees, put together beside the person's repository, and their diffs."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from project.comparison.loading import KnownRun
from project.provenance import plug_files
from project.provenance.applying import applicable
from project.provenance.git import GitError, git
from project.provenance.patch_secrets import FILE, name_of
from project.run_directory import PATCH

_DIFF = (
    "diff --full-index --no-color --no-ext-diff --no-textconv --find-renames"
    " --ignore-submodules=none --src-prefix=a/ --dst-prefix=b/"
).split()


class CodeTree(NamedTuple):
    """A tree's id, and the files in it that are the commit's, as their patch doesn't apply."""

    tree: str
    lacking: list[str]


class Trees:
    """Writes trees into a store of its own, which reads the repository's objects but adds none."""

    def __init__(self, folder: Path) -> None:
        """Use `open_trees`."""
        self._folder = folder

    def commit_tree(self, sha: str) -> str:
        """The id of a commit's tree.

        Raises:
            ValueError: the repository lacks the commit.
        """
        if not re.fullmatch(r"[0-9a-f]{7,64}", sha):
            raise ValueError(f"{sha!r} is no commit")
        try:
            answer = git(self._folder, "rev-parse", "--verify", "--quiet", f"{sha}^{{tree}}")
        except GitError:
            raise ValueError(f"commit {sha} is not in this repository (any more)") from None
        return answer.decode().strip()

    def state_of(self, run: KnownRun) -> "CodeTree":
        """The tree of a run's code: its commit with its patch, and with the plugs that it keeps.

        Raises:
            ValueError: the commit is not in the repository, or the patch or a plug is missing.
        """
        code, index = run.record["code"], self._folder / "index"
        if not code.get("sha") and not code.get("patch"):
            raise ValueError("no commit was recorded, only a hash of the source files")
        base = ["--empty"] if not code.get("sha") else [self.commit_tree(str(code["sha"]))]
        patch = run.directory / PATCH
        if code.get("patch") and not patch.is_file():
            raise ValueError(f"{patch.name} is missing")
        try:
            git(self._folder, "read-tree", *base, index=index)
            lacking = self._patch(base[-1], patch.read_bytes(), index) if code.get("patch") else []
            self._add_plugs(run, index)
            tree = git(self._folder, "write-tree", index=index).decode().strip()
        except GitError as error:
            raise ValueError(str(error)) from error
        return CodeTree(tree, lacking)

    def _add_plugs(self, run: KnownRun, index: Path) -> None:
        told = plug_files.described(run.record, run.outcome)
        for name, content in plug_files.contents(plug_files.read(run.directory, told)).items():
            blob = git(self._folder, "hash-object", "-w", "--stdin", stdin=content).decode().strip()
            entry = f"100644,{blob},{name}"
            git(self._folder, "update-index", "--add", "--cacheinfo", entry, index=index)

    def _patch(self, base: str, patch: bytes, index: Path) -> list[str]:
        def read(name: str) -> bytes:
            try:
                return git(self._folder, "cat-file", "blob", f"{base}:{name}")
            except GitError:
                return b""

        return self._apply(applicable(patch, read), index)

    def _apply(self, patch: bytes, index: Path) -> list[str]:
        """Apply a patch, or of one that doesn't apply each file that does; names the others."""
        if self._applies(patch, index):
            return []
        return [
            name_of(part) for part in FILE.split(patch) if part and not self._applies(part, index)
        ]

    def _applies(self, patch: bytes, index: Path) -> bool:
        try:
            options = ["--cached", "--whitespace=nowarn", "-"]
            git(self._folder, "apply", *options, index=index, stdin=patch)
        except GitError:
            return False
        return True

    def blobs(self, tree: str) -> dict[str, str]:
        """Of each file of a tree the id of its content."""
        lines = os.fsdecode(git(self._folder, "ls-tree", "-r", "-z", tree)).split("\0")[:-1]
        pairs = (line.split("\t", 1) for line in lines)
        return {path: about.split()[2] for about, path in pairs}

    def diff(self, before: str, after: str) -> dict[str, Any]:
        """What changed between two trees.

        Returns:
            `text`, as `git diff` prints it; `files`, of each its `name`, and the lines `added` and
            `removed` (None for a binary file).
        """
        text = git(self._folder, *_DIFF, before, after, "--").decode(errors="replace")
        numbers = git(self._folder, *_DIFF, "--numstat", "-z", before, after, "--")
        return {"files": _files(numbers.decode(errors="replace")), "text": text}


@contextmanager
def open_trees(repository: Path) -> Iterator[Trees]:
    """A store of trees beside `repository`, gone with the block.

    Raises:
        ValueError: there is no repository, or no git.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            answer = git(repository, "rev-parse", "--show-object-format", "--git-path", "objects")
            kind, _, objects = os.fsdecode(answer).partition("\n")
            git(folder, "init", "--quiet", "--bare", f"--object-format={kind}")
        except GitError as error:
            raise ValueError(f"the code can't be compared: {error}") from error
        path = repository.absolute() / objects.removesuffix("\n")
        (folder / "objects" / "info" / "alternates").write_bytes(os.fsencode(path) + b"\n")
        yield Trees(folder)


def _files(numbers: str) -> list[dict[str, Any]]:
    """From `ADDED TAB REMOVED TAB NAME NUL`; of a renamed file `NUL OLD NUL NEW NUL` follow."""
    found, entries = [], iter(numbers.split("\0")[:-1])
    for entry in entries:
        added, removed, name = entry.split("\t", 2)
        if not name:
            name = f"{next(entries)} => {next(entries)}"
        counts = {"added": _count(added), "removed": _count(removed)}
        found.append({"name": name, **counts})
    return found


def _count(text: str) -> int | None:
    return None if text == "-" else int(text)
