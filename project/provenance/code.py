"""The state of the code: commit, branch, and a patch that restores what the commit lacks."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.provenance._difference import EMPTY_TREE, difference, from_nothing
from project.provenance._git import GitError, git
from project.provenance._names import some
from project.provenance._patch import FILE, CleanPatch, clean_patch, name_of
from project.provenance._source import digest, is_source, source_files
from project.provenance._status import Status, read_status
from project.provenance.redact import Redactor

PATCH_NAME = "code.patch"
# Larger untracked files are hardly code; together they must not fill the run's directory.
_LARGEST_FILE = 2**20
_LARGEST_SUM = 10 * 2**20
_POINTER = re.compile(rb"^[ +]version https://git-lfs\.github\.com/", re.MULTILINE)


@dataclass(frozen=True)
class CodeState:
    """Which code a process runs.

    Attributes:
        sha: The commit, in hex; None without git or before the first commit.
        branch: None without git or with a detached HEAD.
        remote: URL of `origin` (or the first remote) without credentials.
        dirty: Whether tracked or untracked source differs from the commit; None without git.
        patch: What `git apply` makes the commit (or an empty folder) the code with; None if clean.
        folder: Where the project is in the repository, and so in what the patch applies to.
        source_blake3: Hash of the source files, in hex, where no commit names them.
        note: What is missing from the above and why, in one line; None if nothing is.
    """

    sha: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: bytes | None = None
    folder: str = "."
    source_blake3: str | None = None
    note: str | None = None

    def describe(self) -> dict[str, Any]:
        """The `code` entry of a run's record."""
        return {
            "sha": self.sha,
            "branch": self.branch,
            "remote": self.remote,
            "dirty": self.dirty,
            "patch": PATCH_NAME if self.patch else None,
            "patch_blake3": blake3(self.patch).hexdigest() if self.patch else None,
            "folder": self.folder,
            "source_blake3": self.source_blake3,
            "note": self.note,
        }


def code_state(root: Path, redactor: Redactor) -> CodeState:
    """Describe the code in `root` by its git repository, or else by its source files.

    The patch has the changes of the whole repository, also where `root` is a folder in it, and is
    applied at the repository's top: `git apply --whitespace=nowarn code.patch`.

    Raises:
        OSError: there is no git repository, and a source file can't be read.
    """
    try:
        return _by_git(root, redactor)
    except GitError as error:
        return _by_files(root, redactor, str(error))


def _by_files(root: Path, redactor: Redactor, why: str) -> CodeState:
    """Where no commit describes the code: a patch with every source file."""
    taken, left_out = _choose(root, source_files(root))
    try:
        clean = clean_patch(from_nothing(root, taken), redactor)
    except GitError:  # there is no git at all
        note = f"{why}; the source files were hashed instead"
        return CodeState(source_blake3=digest(root), note=redactor.redact(note))
    notes = [why, "the patch has every source file", *left_out, *_secret_notes(clean)]
    return CodeState(
        patch=clean.patch or None,
        source_blake3=digest(root),
        note=redactor.redact("; ".join(notes)),
    )


def _by_git(root: Path, redactor: Redactor) -> CodeState:
    answer = git(root, "rev-parse", "--show-object-format", "--show-toplevel")
    hash_name, _, folder = os.fsdecode(answer).partition("\n")
    top = Path(folder.removesuffix("\n"))
    status = read_status(top)
    _check_known(root, top, status)
    taken, left_out = _choose(top, status.untracked)
    notes = [] if status.sha else ["no commit yet: the patch has every file"]
    notes += _submodule_notes(status) + left_out
    base = status.sha or EMPTY_TREE[hash_name]
    clean = clean_patch(difference(top, base, taken) if status.changed or taken else b"", redactor)
    notes += _secret_notes(clean) + _large_file_notes(clean.patch)
    return CodeState(
        sha=status.sha,
        branch=status.branch and redactor.redact(status.branch),
        remote=_remote(top, redactor),
        dirty=bool(status.changed or taken or any(map(is_source, status.untracked))),
        patch=clean.patch or None,
        folder=root.resolve().relative_to(top.resolve()).as_posix(),
        source_blake3=None if status.sha else digest(root),
        note=redactor.redact("; ".join(notes)) if notes else None,
    )


def _check_known(root: Path, top: Path, status: Status) -> None:
    """A copy that the repository around it ignores is not what that one's commit describes."""
    if status.sha and root.resolve() != top.resolve():
        try:
            git(root, "check-ignore", "--quiet", ".")
        except GitError:
            return
        raise GitError(f"{root} is ignored by the git repository around it")


def _choose(top: Path, untracked: list[str]) -> tuple[list[str], list[str]]:
    """Untracked files that go into the patch, and a note on those that do not."""
    taken, left_out, total = [], [], 0
    for name in untracked:
        try:
            size = os.lstat(top / name).st_size
        except FileNotFoundError:
            continue  # an editor's temporary file, gone again
        if is_source(name) and size <= _LARGEST_FILE and total + size <= _LARGEST_SUM:
            taken.append(name)
            total += size
        else:
            left_out.append(name)
    if not left_out:
        return taken, []
    return taken, [f"untracked files not in the patch (no source, or too large): {some(left_out)}"]


def _secret_notes(clean: CleanPatch) -> list[str]:
    notes = []
    if clean.changed:
        names = some(clean.changed)
        notes.append(f"secrets are replaced by *** in the patch, which may not apply to: {names}")
    if clean.left_out:
        notes.append(f"left out of the patch because they hold secrets: {some(clean.left_out)}")
    return notes


def _submodule_notes(status: Status) -> list[str]:
    names = some(status.submodules)
    return [f"changes of submodules are not in the patch: {names}"] if names else []


def _large_file_notes(patch: bytes) -> list[str]:
    parts = [part for part in FILE.split(patch) if _POINTER.search(part)]
    names = some([name_of(part) for part in parts])
    return [f"of files in Git LFS only the pointers are in the patch: {names}"] if names else []


def _remote(top: Path, redactor: Redactor) -> str | None:
    try:
        found = git(top, "config", "-z", "--get-regexp", r"^remote\..*\.url$")
    except GitError:
        return None  # no remote: git's way of saying so is to fail
    pairs = (entry.partition(b"\n")[::2] for entry in found.rstrip(b"\0").split(b"\0"))
    urls = {os.fsdecode(name): os.fsdecode(url) for name, url in pairs}
    return redactor.redact(urls.get("remote.origin.url", next(iter(urls.values()))))
