"""Digests that are remembered: what is read again, what is not, and what never may be trusted."""

import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from project.data import remembered as _remembered
from project.data.hashing import Use, hash_files
from project.data.remembered import digests_of

NAMES = ["a/1.png", "a/2.png", "b/1.png", os.fsdecode(b"b/\xff\n.png")]


class Reads:
    """Which files were read since it was last asked."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, paths: Sequence[str], use: Use, *rest: np.ndarray) -> np.ndarray:
        self.names += ["/".join(path.split("/")[-2:]) for path in paths]
        return hash_files(paths, use, *rest)

    def taken(self) -> list[str]:
        taken, self.names = self.names, []
        return taken


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found = Reads()
    monkeypatch.setattr(_remembered, "hash_files", found)
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))
    return tmp_path / "data"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system's clock an hour on: files are old enough to be remembered."""
    monkeypatch.setattr(_remembered, "_clock", lambda folder: time.time_ns() + 3600 * 10**9)


def digests(data: Path, names: Sequence[str] = NAMES) -> list[bytes]:
    paths = [str(data / name) for name in names]
    found = digests_of(paths, data, lambda i, file: None)
    # Whatever was remembered, the truth is in the files.
    assert [row.tobytes() for row in found] == [
        blake3(Path(path).read_bytes()).digest() for path in paths
    ]
    return [row.tobytes() for row in found]


def test_what_did_not_change_is_not_read_again(data: Path, reads: Reads, later: None) -> None:
    digests(data)
    assert reads.taken() == NAMES
    digests(data)
    digests(data, NAMES[::-1])
    digests(data, NAMES[1:])
    assert reads.taken() == []
    # Under another name for the same folder, and moved as a whole.
    (data.parent / "link").symlink_to(data)
    digests(data.parent / "link")
    data.rename(data.parent / "moved")
    digests(data.parent / "moved")
    assert reads.taken() == []


def test_from_another_working_folder(
    data: Path, reads: Reads, later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests(data)
    reads.taken()
    monkeypatch.chdir(data)
    digests(Path("."))
    assert reads.taken() == []


def test_what_changed_is_read_again(data: Path, reads: Reads, later: None) -> None:
    digests(data)
    reads.taken()
    path = data / NAMES[1]
    (data / NAMES[0]).write_bytes(b"longer than before")
    before = path.stat()
    # The same size and time of change, as `cp -p` or `touch -r` leave it; a tick later at least.
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_bytes(b"1234567")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    digests(data)
    assert reads.taken() == NAMES[:2]
    # Another file in its place: the same content, another inode.
    (data / "new").write_bytes((data / NAMES[2]).read_bytes())
    (data / "new").rename(data / NAMES[2])
    digests(data)
    assert reads.taken() == [NAMES[2]]
    digests(data)
    assert reads.taken() == []


def test_a_copy_has_a_memory_of_its_own(data: Path, reads: Reads, later: None) -> None:
    digests(data)
    reads.taken()
    shutil.copytree(data, data.with_name("copy"))  # with the times of the files
    digests(data.with_name("copy"))
    assert reads.taken() == NAMES


def test_a_file_as_young_as_the_clock_is_read_again(data: Path, reads: Reads) -> None:
    # Whatever is done to it within the same tick of the clock would not show in its times.
    for _ in range(2):
        digests(data)
        assert reads.taken() == NAMES


def test_files_of_a_tick_ago_are_remembered_and_younger_ones_not(
    data: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = [(data / name).stat().st_ctime_ns for name in NAMES]
    monkeypatch.setattr(_remembered, "_clock", lambda folder: max(changed) + _remembered._TICK_NS)
    digests(data)
    reads.taken()
    digests(data)
    youngest = [n for n, when in zip(NAMES, changed, strict=True) if when == max(changed)]
    assert reads.taken() == youngest


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content.replace(b"digests 1", b"digests 9"),
    ],
)
def test_a_damaged_memory_is_told_and_made_again(
    damage: object, data: Path, reads: Reads, later: None, capsys: pytest.CaptureFixture[str]
) -> None:
    digests(data)
    reads.taken()
    path = data / ".cache" / "digests"
    path.write_bytes(damage(path.read_bytes()))
    digests(data)
    assert reads.taken() == NAMES
    assert capsys.readouterr().err == (
        f"note: all files are hashed again: {path} is damaged, or of another version\n"
    )
    digests(data)
    assert reads.taken() == [] and capsys.readouterr().err == ""


def test_what_cannot_be_kept_or_read_stops_nothing(
    data: Path, reads: Reads, later: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / ".cache" / "digests").mkdir(parents=True)
    digests(data)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "all files are hashed again",
        "the files will be hashed again in the next run",
    ]
    assert reads.taken() == NAMES


def test_beside_a_folder_that_cannot_be_written(
    data: Path,
    reads: Reads,
    later: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (data / ".cache").write_text("in the way")
    home = data.parent / "home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    digests(data)
    reads.taken()
    digests(data)
    assert reads.taken() == [] and len(list(home.rglob("digests"))) == 1
    assert capsys.readouterr().err == ""


def test_where_nothing_can_be_written(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / ".cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(data / ".cache"))
    digests(data)
    note = capsys.readouterr().err
    assert note.startswith("note: the files will be hashed again in the next run: ")
    assert note.count("\n") == 1


def test_what_was_hashed_before_an_error_is_kept(data: Path, reads: Reads, later: None) -> None:
    def refuse_the_last(i: int, file: object) -> None:
        if i == 3:
            raise ValueError("no image")

    paths = [str(data / name) for name in NAMES]
    with pytest.raises(ValueError, match="no image"):
        digests_of(paths, data, refuse_the_last)
    reads.taken()
    # The refused one is refused again, also when it is the only one that is read.
    with pytest.raises(ValueError, match="no image"):
        digests_of(paths, data, refuse_the_last)
    assert reads.taken() == NAMES[3:]


def test_runs_at_the_same_time(data: Path, later: None) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len({tuple(found) for found in pool.map(digests, [data] * 12)}) == 1
    assert [path.name for path in (data / ".cache").iterdir()] == ["digests"]
