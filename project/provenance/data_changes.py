"""What happened to a data set between two records and two manifests, told in a few lines."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import basename, dirname
from typing import Any

# Of each kind; the others are counted.
NAMED = 10


def differences(
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    then_files: Mapping[str, str] | None = None,
    now_files: Mapping[str, str] | None = None,
) -> list[str]:
    """What of a data set is another, each change in one line; none if the content is the same.

    Args:
        then: a record's `data`.
        now: likewise.
        then_files: hash of each of its files by name, where that is known.
        now_files: likewise.
    """
    if then["hash"] == now["hash"]:
        return []
    # Other files explain another hash, other counts and classes.
    if files := file_differences(then_files, now_files):
        return files
    return [": ".join([_line(then, now), *filter(None, ["; ".join(_parts(then, now))])])]


def _line(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return f"data: {then['name']} {_short(then['hash'])} -> {_short(now['hash'])}"


def _parts(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What differs of classes and splits."""
    if then["classes"] != now["classes"]:
        yield f"classes {', '.join(then['classes'])} -> {', '.join(now['classes'])}"
    for split, count in then["counts"].items():
        before, after = count["total"], now["counts"][split]["total"]
        if before != after:
            yield f"{split} had {before} samples, has {after}"
        elif then["hashes"][split] != now["hashes"][split]:
            yield f"the content of {split} changed"


def file_differences(then: Mapping[str, str] | None, now: Mapping[str, str] | None) -> list[str]:
    """Which files of the data are others, a line each; none if it is not known of both."""
    if then is None or now is None:
        return []
    return [f"data: {line}" for line in changes(then, now)]


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which files changed, were removed, added or moved, a line each; none if all are the same.

    A file moved if its content stands under another name. The first `NAMED` of each kind are named.

    Args:
        then: hash by name.
        now: hash by name.
    """
    lost = {name: digest for name, digest in then.items() if now.get(name) != digest}
    found = {name: digest for name, digest in now.items() if then.get(name) != digest}
    moves = _moves(lost, found)
    stayed = lost.keys() - moves.keys()
    return [
        *_named(stayed & now.keys(), "changed", "changed"),
        *_named(stayed - now.keys(), "was removed", "were removed"),
        *_named(found.keys() - then.keys() - set(moves.values()), "was added", "were added"),
        *_moved(moves, set(map(dirname, then)), set(map(dirname, now))),
    ]


def _moves(lost: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """New by old name of contents that were found again, at best under the same file name."""
    moves: dict[str, str] = {}
    _match(lost, found, moves, lambda name, digest: (digest, basename(name)))
    _match(lost, found, moves, lambda name, digest: digest)
    return moves


def _match(
    lost: Mapping[str, str],
    found: Mapping[str, str],
    moves: dict[str, str],
    key: Callable[[str, str], object],
) -> None:
    """Add to `moves` what has the same key, each name once, in their order."""
    free_names = defaultdict(list)
    for name in sorted(found.keys() - set(moves.values()), reverse=True):
        free_names[key(name, found[name])].append(name)
    for name in sorted(lost.keys() - moves.keys()):
        if free := free_names[key(name, lost[name])]:
            moves[name] = free.pop()


def _moved(moves: Mapping[str, str], before: set[str], after: set[str]) -> Iterator[str]:
    """Lines about moves, one for all from a folder to another; both had and have these folders."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for old, new in moves.items():
        groups[dirname(old), dirname(new)].append(old)
    ways = Counter(old for old, _ in groups)
    for (old, new), names in sorted(groups.items())[:NAMED]:
        if old not in after and new not in before and ways[old] == 1:
            yield f"the folder {shown(old)} was renamed {shown(new)} ({_count(len(names))})"
        elif len(names) == 1:
            yield f"{shown(names[0])} moved to {shown(moves[names[0]])}"
        elif old == new:
            yield f"{_count(len(names))} in {shown(old)} got other names"
        else:
            yield f"{_count(len(names))} moved from {shown(old)} to {shown(new)}"
    if rest := sum(len(names) for _, names in sorted(groups.items())[NAMED:]):
        yield f"{_count(rest, 'more ')} moved"


def _named(names: Iterable[str], one: str, more: str) -> Iterator[str]:
    ordered = sorted(names)
    yield from (f"{shown(name)} {one}" for name in ordered[:NAMED])
    if rest := len(ordered[NAMED:]):
        yield f"{_count(rest, 'more ')} {more if rest > 1 else one}"


def _count(n: int, more: str = "") -> str:
    return f"{n:,} {more}file{'' if n == 1 else 's'}"


def shown(name: str) -> str:
    """A file's name on one line that any terminal can print."""
    return name if name.isprintable() else ascii(name)


def _short(text: str) -> str:
    """The beginning of a BLAKE3 hash, which tells two apart."""
    return text.removeprefix("blake3:")[:12]
