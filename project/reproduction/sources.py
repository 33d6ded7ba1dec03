"""The code of a recorded run, put together in a temporary folder beside the person's own tree."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from project.provenance import commits
from project.provenance.applying import applicable
from project.provenance.git import GitError, git
from project.provenance.masked import altered_copies, restore_masked
from project.provenance.sources import digest
from project.reproduction.unrecorded import changed_since, masked_lines, not_recorded
from project.run_directory import PATCH
from project.words.names import some

# To fetch what a pointer of Git LFS stands for takes a network.
_LONG = re.compile(rb"^index [0-9a-f]{64}\.\.", re.MULTILINE)
_NO_LFS = '[filter "lfs"]\n\tsmudge =\n\tprocess =\n\trequired = false\n'


@dataclass(frozen=True)
class Sources:
    """The recorded code.

    Attributes:
        folder: holds the recorded `project/`.
        notes: where it came from, and what of it is not covered, a line each.
        differences: what of it is not as recorded, a line each.
        unproved: what of it nothing vouches for, a line each.
        plugs: holds the plugs from outside, if there are any.
    """

    folder: Path
    notes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    plugs: Path | None = None

    @property
    def python_path(self) -> str:
        """For the variable of a process that is to find all of it."""
        return os.pathsep.join(str(folder) for folder in (self.folder, self.plugs) if folder)


@contextmanager
def checkout(
    code: dict[str, Any], patch: bytes | None, root: Path, packed: Path | None = None
) -> Iterator[Sources]:
    """The recorded code of the project whose present code is in `root`.

    It is a work tree of the recorded commit, with the patch, in a repository of its own that
    borrows the objects of the person's: nothing is fetched, and nothing is written to that one.

    Args:
        code: the record's `code`.
        patch: the record's patch, or None.
        root: the folder that holds `project/`.
        packed: of the run, where `pack_commit` may have put its commit.
    Raises:
        ValueError: the commit isn't here, the patch doesn't apply, the code was recorded without
            either and the present code is another, or there is no space.
    """
    if code["sha"] is None and digest(root) == code["source_blake3"]:
        yield _told(Sources(root), code)
    elif code["sha"] is None and patch is None:
        known = (code["source_blake3"] or "")[:12] or "an unknown hash"
        raise ValueError(
            "the run was recorded without git, from sources other than those here; only with the"
            f" sources of {known} can it be reproduced"
        )
    else:
        with tempfile.TemporaryDirectory(prefix="reproduce-") as folder:
            tree = Path(folder).resolve() / "tree"
            yield _told(_put_together(tree, code, patch, root, packed), code)


def _told(sources: Sources, code: dict[str, Any]) -> Sources:
    """The sources with what the record itself says that it lacks."""
    return replace(
        sources,
        differences=sources.differences + changed_since(code, sources.folder),
        unproved=not_recorded(code) + sources.unproved,
    )


def _put_together(
    tree: Path, code: dict[str, Any], patch: bytes | None, root: Path, packed: Path | None
) -> Sources:
    tree.mkdir()
    kind = "sha256" if len(code["sha"] or "") == 64 or _LONG.search(patch or b"") else "sha1"
    try:
        git(tree, "init", "--quiet", "--template=", f"--object-format={kind}")
        with open(tree / ".git" / "config", "a", encoding="utf-8") as config:
            config.write(_NO_LFS)
        if code["remote"]:
            git(tree, "config", "remote.origin.url", code["remote"])
        if code["sha"] is None:
            return _from_patch(tree, code, patch or b"")
        found = _check_out(tree, code["sha"], root, packed)
        found.notes.extend(_not_covered(tree))
    except GitError as error:
        raise ValueError(f"the run's code can't be put into {tree}: {error}") from None
    if patch:
        _apply(tree, applicable(patch, partial(_read, tree)))
    return replace(found, folder=tree / code["folder"])


def _from_patch(tree: Path, code: dict[str, Any], patch: bytes) -> Sources:
    """The code of a run without a commit, all of which its patch holds."""
    _apply(tree, patch, "--index")
    folder = tree / code["folder"]
    if digest(folder) == code["source_blake3"]:
        return Sources(folder)
    note = code["note"] or "files that git ignores are not in it"
    return Sources(folder, differences=[f"code: {PATCH} does not hold all of it ({note})"])


def _check_out(tree: Path, sha: str, root: Path, packed: Path | None) -> Sources:
    """Fill the tree; where the commit is not here, from the run's archive."""
    notes, differences = [], []
    borrowed = _borrow(tree, root, f"{sha}^{{commit}}")
    if not borrowed:
        if packed is None or not commits.is_packed(packed):
            raise ValueError(
                f"commit {sha} is not in {root}: fetch it (`git fetch --all`), look whether it was"
                " ever pushed, or take the run there by `python -m project.runs export`"
            )
        commits.unpack_commit(packed, tree)
        git(tree, "cat-file", "-e", f"{sha}^{{commit}}")
        notes.append(f"code: commit {sha[:12]} is not here, its copy in the run's archive is taken")
    # Its ancestors are nobody's business, and may be missing.
    (tree / ".git" / "shallow").write_text(f"{sha}\n", encoding="utf-8")
    git(tree, "update-ref", "--no-deref", "HEAD", sha)
    git(tree, "read-tree", sha)
    if packed is not None:
        altered = some(altered_copies(packed, tree))
        differences += (
            [f"code: not the commit's, and not taken: masked {altered}"] if altered else []
        )
    masked, lacking = ([], []) if borrowed else restore_masked(packed, tree)
    git(tree, "checkout-index", "--all", "--index", "--quiet")
    return Sources(tree, notes, differences, masked_lines(masked, lacking))


def _borrow(tree: Path, root: Path, wanted: str) -> bool:
    """Let `tree` read the objects of the repository at `root`; whether the wanted one is there."""
    try:
        objects = os.fsdecode(git(root, "rev-parse", "--git-path", "objects")).removesuffix("\n")
        kind = git(root, "rev-parse", "--show-object-format")
        if kind != git(tree, "rev-parse", "--show-object-format"):
            return False
        alternates = tree / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(os.fsencode(root.absolute() / objects) + b"\n")
        git(root, "cat-file", "-e", wanted)
    except GitError:
        return False
    return True


def _not_covered(tree: Path) -> list[str]:
    """What a commit only points to, a line each."""
    listed = os.fsdecode(git(tree, "ls-files", "--stage", "-z")).split("\0")[:-1]
    modules = [line.partition("\t")[2] for line in listed if line.startswith("160000 ")]
    names = b"".join(os.fsencode(line.partition("\t")[2]) + b"\0" for line in listed)
    told = os.fsdecode(git(tree, "check-attr", "-z", "--stdin", "filter", stdin=names)).split("\0")
    large = [name for name, value in zip(told[::3], told[2::3], strict=False) if value == "lfs"]
    lines = []
    if modules:
        lines.append(f"not covered: the content of submodules ({some(modules)})")
    if large:
        lines.append(f"not covered: the content of files in Git LFS ({some(large)})")
    return lines


def _read(tree: Path, name: str) -> bytes:
    """A file's content in the commit; nothing if it isn't there, which the patch will tell."""
    try:
        return git(tree, "cat-file", "blob", f"HEAD:{name}")
    except GitError:
        return b""


def _apply(tree: Path, patch: bytes, *options: str) -> None:
    try:
        git(tree, "apply", "--whitespace=nowarn", "--binary", *options, "-", stdin=patch)
    except GitError as error:
        raise ValueError(f"the run's {PATCH} does not apply to its commit: {error}") from None
