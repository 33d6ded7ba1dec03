"""Whether the code that a model's answers depend on is what it was when the run had it."""

from collections.abc import Mapping
from typing import Any

from project.files.meaning import meaning
from project.files.root import ROOT
from project.inference.found import Found
from project.plugs import answering
from project.provenance.git import GitError, git
from project.provenance.imported import bytes_hash, hashes_now
from project.words.names import some


def refuse_changed(
    found: Found, state: Mapping[str, Any], parts: Mapping[str, tuple[str, ...]]
) -> None:
    """Refuse a checkpoint whose model is made, or whose pictures are read, by other code now.

    A comment, a docstring or a line's length is no change. Of a checkpoint of a former version of
    this project the sources of models alone are known, by its run's record: that the rest gives the
    same answers is what tests hold fixed.

    Args:
        found: the checkpoint.
        state: what it holds.
        parts: as of `answering.parts`.

    Raises:
        ValueError: some of it is another; the message names the files.
        OSError: a file can't be read.
    """
    then = state.get("code")
    if isinstance(then, dict):
        now = answering.meanings(parts)
        changed = [name for name in parts if name in then and then[name] != now[name]]
    else:
        changed = _by_record(found, parts)
    if changed:
        raise ValueError(
            f"{found.path}: what its answers depend on was changed since: {some(changed)};"
            f" {_way_back(found)}, or --accept-changes predicts all the same"
        )


def _by_record(found: Found, parts: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The changed files of a run of a former version, as far as they had their present names."""
    if found.record is None:
        return []
    sources = found.record["sources"]
    known = {name: sources[name] for name in parts if name in sources and not parts[name]}
    now = hashes_now(list(known), ROOT)
    return [
        name
        for name, then in known.items()
        if now[name] != then and not _is_alike(found.record["code"]["sha"], name, then, parts[name])
    ]


def _is_alike(sha: str | None, name: str, then: str, counted: tuple[str, ...]) -> bool:
    """Whether a file does what it did, if its commit is here to tell."""
    try:
        before = git(ROOT, "show", f"{sha}:./{name}") if sha else b""
        after = (ROOT / name).read_bytes()
    except (GitError, OSError):
        return False
    return bytes_hash(before) == then and meaning(before, counted) == meaning(after, counted)


def _way_back(found: Found) -> str:
    sha = found.record["code"]["sha"] if found.record else None
    return f"check out its commit {sha[:12]}" if sha else "restore it"
