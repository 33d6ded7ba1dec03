"""The state of the code: commit, branch, and a patch that restores what the commit lacks."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from project.provenance import _lacking as lacking
from project.provenance import plug_files
from project.provenance._code_state import CodeState
from project.provenance._difference import EMPTY_TREE, difference
from project.provenance._git_status import Status, read_status
from project.provenance._hidden import sources_behind, untracked
from project.provenance._index import honest_index
from project.provenance._patch_from_nothing import from_nothing
from project.provenance.git import GitError, git
from project.provenance.imported import file_hash
from project.provenance.patch_secrets import clean_patch
from project.provenance.redact import Redactor
from project.provenance.sources import digest, is_source, links_below, source_files

__all__ = ["CodeState", "code_state", "keep", "standing", "with_imported"]

_kept: list[CodeState] = []


def code_state(root: Path, redactor: Redactor) -> CodeState:
    """Describe the code in `root` by its git repository, or else by its source files.

    The patch has the changes of the whole repository, also where `root` is a folder in it, and is
    applied at the repository's top: `git apply --whitespace=nowarn code.patch`.

    Raises:
        OSError: a source file can't be read.
    """
    try:
        return _by_git(root, redactor)
    except GitError as error:
        return _by_files(root, redactor, str(error))


def keep(root: Path) -> None:
    """Let the code's state count as it is now for all runs in forks of this process.

    To be called before anything of it is imported that they share.
    """
    _kept[:] = [code_state(root, Redactor())]


def standing(root: Path) -> CodeState:
    """The state of the code, as it was kept or as it is now.

    Raises:
        OSError: a source file can't be read.
    """
    return _kept[0] if _kept else code_state(root, Redactor())


def with_imported(
    code: CodeState, sources: Mapping[str, str], redactor: Redactor, root: Path | None = None
) -> CodeState:
    """The state with what a process has imported from elsewhere: other folders, or ignored ones.

    Args:
        code: of its start.
        sources: of `imported_sources`.
        redactor: goes over names and contents.
        root: that they are named from; None: nothing is kept of them but their hashes.

    Raises:
        OSError: one of them can't be read.
    """
    more = {n: h for n, h in sources.items() if n not in code.unrecorded and not _knows(code, n)}
    if not more:
        return code
    plugs, lacks = plug_files.take(more, root, redactor) if root else ({}, [])
    kept = {file.path for file in plugs.values()}
    unknown = {redactor.redact(name): h for name, h in more.items() if name not in kept}
    return replace(
        code,
        dirty=code.dirty if code.dirty is None else True,
        lacks=(*code.lacks, *lacks),
        unrecorded={**code.unrecorded, **unknown},
        plugs={**code.plugs, **plugs},
        changed=(*code.changed, *more),
    )


def _knows(code: CodeState, name: str) -> bool:
    """A submodule's files stand in its own commit, which that of the whole points to."""
    return name in code.known or any(str(path) in code.known for path in Path(name).parents)


def _by_files(root: Path, redactor: Redactor, why: str) -> CodeState:
    """Where no commit describes the code: a patch with every source file."""
    sources = source_files(root)
    taken, left_out = lacking.choose(root, sources)
    clean = clean_patch(from_nothing(root, taken), redactor)
    beyond = sources_behind(root, links_below(root), set(sources))
    lacks = [*lacking.left_out_notes(left_out), *lacking.secret_notes(clean)]
    return CodeState(
        patch=clean.patch or None,
        source_blake3=digest(root),
        about=_clean([why, "the patch has every source file"], redactor),
        lacks=_clean(lacks, redactor),
        unrecorded=_hashes(root, root, left_out, beyond),
        known=frozenset(taken),
    )


def _by_git(root: Path, redactor: Redactor) -> CodeState:
    asked = ("--show-object-format", "--git-path", "index", "--show-toplevel")
    hash_name, index_path, found = os.fsdecode(git(root, "rev-parse", *asked)).split("\n", 2)
    top = Path(found.removesuffix("\n"))
    folder = root.resolve().relative_to(top.resolve()).as_posix()
    with honest_index(top, root / index_path, folder) as index:
        status = read_status(top, index.path)
        _check_known(root, top, status)
        more = untracked(top, folder, status, index)
        base = status.sha or EMPTY_TREE[hash_name]
        differs = status.changed or more.taken
        patch = difference(top, base, more.taken, index.path) if differs else b""
    clean = clean_patch(patch, redactor)
    lacks = [
        *lacking.submodule_notes(status),
        *lacking.left_out_notes(more.left_out),
        *lacking.nested_notes(more.nested),
        *lacking.absent_notes(index.absent),
        *lacking.unknown_notes(index.unknown),
        *lacking.secret_notes(clean),
        *lacking.large_file_notes(clean.patch),
    ]
    sources = [n for n in (*more.left_out, *index.unknown) if is_source(n)]
    unrecorded = _hashes(top, root, sources, more.beyond)
    inside = "" if folder == "." else f"{folder}/"
    known = (n.removeprefix(inside) for n in (*index.names, *more.taken) if n.startswith(inside))
    return CodeState(
        sha=status.sha,
        branch=status.branch and redactor.redact(status.branch),
        remote=_remote(top, redactor),
        dirty=bool(differs or unrecorded),
        patch=clean.patch or None,
        folder=folder,
        source_blake3=None if status.sha else digest(root),
        about=() if status.sha else ("no commit yet: the patch has every file",),
        lacks=_clean(lacks, redactor),
        unrecorded=unrecorded,
        changed=tuple(dict.fromkeys((*status.changed, *more.taken, *unrecorded))),
        known=frozenset(known),
    )


def _hashes(
    top: Path, root: Path, sources: list[str], beyond: Mapping[str, Path]
) -> dict[str, str]:
    """The hash of sources that no patch holds, by their name from the project's folder."""
    places = {name: top / name for name in sources} | dict(beyond)
    return {os.path.relpath(top / name, root): file_hash(path) for name, path in places.items()}


def _clean(lines: list[str], redactor: Redactor) -> tuple[str, ...]:
    return tuple(map(redactor.redact, lines))


def _check_known(root: Path, top: Path, status: Status) -> None:
    """A copy that the repository around it ignores is not what that one's commit describes."""
    if status.sha and root.resolve() != top.resolve():
        try:
            git(root, "check-ignore", "--quiet", ".")
        except GitError:
            return
        raise GitError(f"{root} is ignored by the git repository around it")


def _remote(top: Path, redactor: Redactor) -> str | None:
    try:
        found = git(top, "config", "-z", "--get-regexp", r"^remote\..*\.url$")
    except GitError:
        return None  # no remote: git's way of saying so is to fail
    pairs = (entry.partition(b"\n")[::2] for entry in found.rstrip(b"\0").split(b"\0"))
    urls = {os.fsdecode(name): os.fsdecode(url) for name, url in pairs}
    return redactor.redact(urls.get("remote.origin.url", next(iter(urls.values()))))
