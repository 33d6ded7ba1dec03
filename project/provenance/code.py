"""The state of the code: commit, branch, and a patch that restores what the commit lacks."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.provenance._git import GitError, git
from project.provenance._patch import clean_patch
from project.provenance._source import digest, is_source
from project.provenance._status import Status, read_status
from project.provenance.redact import Redactor

PATCH_NAME = "code.patch"
# Larger untracked files are hardly code; together they must not fill the run's directory.
_LARGEST_FILE = 2**20
_LARGEST_SUM = 10 * 2**20
# Git knows the empty tree of each hash function without it being stored.
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_DIFF = (
    "diff --binary --full-index --no-color --no-ext-diff --no-textconv --no-relative --unified=3"
    " --inter-hunk-context=0 --find-renames --ignore-submodules=all --src-prefix=a/ --dst-prefix=b/"
).split()


@dataclass(frozen=True)
class CodeState:
    """Which code a process runs.

    Attributes:
        sha: The commit, in hex; None without git or before the first commit.
        branch: None without git or with a detached HEAD.
        remote: URL of `origin` (or the first remote) without credentials.
        dirty: Whether tracked or untracked source differs from the commit; None without git.
        patch: What `git apply` makes the commit (or an empty folder) the code with; None if clean.
        source_blake3: Hash of the source files, in hex, where no commit names them.
        note: What is missing from the above and why, in one line; None if nothing is.
    """

    sha: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: bytes | None = None
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
            "source_blake3": self.source_blake3,
            "note": self.note,
        }


def code_state(root: Path, redactor: Redactor) -> CodeState:
    """Describe the code in `root` by its git repository, or else by a hash of the source files.

    The patch has the changes of the whole repository, also where `root` is a folder in it, and is
    applied at the repository's top: `git apply --whitespace=nowarn code.patch`.

    Raises:
        OSError: there is no git repository, and a source file can't be read.
    """
    try:
        return _by_git(root, redactor)
    except GitError as error:
        note = redactor.redact(f"{error}; the source files were hashed instead")
        return CodeState(source_blake3=digest(root), note=note)


def _by_git(root: Path, redactor: Redactor) -> CodeState:
    answer = git(root, "rev-parse", "--show-object-format", "--show-toplevel")
    hash_name, _, folder = os.fsdecode(answer).partition("\n")
    top = Path(folder.removesuffix("\n"))
    status = read_status(top)
    _check_known(root, top, status)
    taken, left_out = _choose(top, status.untracked)
    notes = [] if status.sha else ["no commit yet: the patch has every file"]
    notes += _submodule_notes(status) + left_out
    base = status.sha or _EMPTY_TREE[hash_name]
    clean = clean_patch(_diff(top, base, taken) if status.changed or taken else b"", redactor)
    if clean.changed:
        names = _some(clean.changed)
        notes.append(f"secrets are replaced by *** in the patch, which may not apply to: {names}")
    if clean.left_out:
        notes.append(f"left out of the patch because they hold secrets: {_some(clean.left_out)}")
    return CodeState(
        sha=status.sha,
        branch=status.branch and redactor.redact(status.branch),
        remote=_remote(top, redactor),
        dirty=bool(status.changed or taken or any(map(is_source, status.untracked))),
        patch=clean.patch or None,
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
    return taken, [f"untracked files not in the patch (no source, or too large): {_some(left_out)}"]


def _submodule_notes(status: Status) -> list[str]:
    names = _some(status.submodules)
    return [f"changes of submodules are not in the patch: {names}"] if names else []


def _diff(top: Path, base: str, untracked: list[str]) -> bytes:
    """Everything that differs from the commit `base`.

    Untracked files are named in a copy of the index, so that git itself writes their part; the
    repository is left as it was, and no object is stored.
    """
    if not untracked:
        return git(top, *_DIFF, base, "--")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        path = git(top, "rev-parse", "--git-path", "index").removesuffix(b"\n")
        original = top / os.fsdecode(path)
        if original.exists():
            # With its time: by it git tells files changed in the index's own second.
            shutil.copy2(original, index)
        # Any object will do: the entry has no file times, so git reads the file.
        line = f"100644 {'1' * len(base)} 0\t".encode()
        entries = b"".join(line + os.fsencode(name) + b"\0" for name in untracked)
        git(top, "update-index", "-z", "--index-info", index=index, stdin=entries)
        return git(top, *_DIFF, base, "--", index=index)


def _remote(top: Path, redactor: Redactor) -> str | None:
    try:
        found = git(top, "config", "-z", "--get-regexp", r"^remote\..*\.url$")
    except GitError:
        return None  # no remote: git's way of saying so is to fail
    pairs = (entry.partition(b"\n")[::2] for entry in found.rstrip(b"\0").split(b"\0"))
    urls = {os.fsdecode(name): os.fsdecode(url) for name, url in pairs}
    return redactor.redact(urls.get("remote.origin.url", next(iter(urls.values()))))


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(n) if n.split() != [n] else n for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
