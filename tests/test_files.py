"""Files that are whole or absent, and locks."""

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from project.files import finite, linked, read_json, try_lock, write_atomic, write_json


def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.txt"
    write_atomic(path, "old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as raised:
        write_atomic(path, "new")
    assert raised.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    # As root also /dev/null could be; a pipe is no more a file than it is.
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Is a pipe or a device, not a file: .*pipe'"):
        write_atomic(tmp_path / "pipe", "new")
    (tmp_path / "link").symlink_to("pipe")
    with pytest.raises(OSError, match="Is a pipe or a device, not a file: .*link'"):
        write_atomic(tmp_path / "link", "new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="/folder'"):
        write_atomic(tmp_path / "folder", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "link", "folder"}
    assert (tmp_path / "pipe").is_fifo()


def test_a_linked_file_is_stored_once_and_each_name_goes_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    write_atomic(one, "1")
    write_atomic(other, "former")
    for _ in range(2):  # also where it has the name already
        assert linked(one, other) and one.samefile(other)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
    write_atomic(one, "2")
    assert (one.read_text(), other.read_text()) == ("2", "1")

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert not linked(one, other) and other.read_text() == "1"
    with pytest.raises(FileNotFoundError):
        monkeypatch.undo()
        linked(one, tmp_path / "nowhere" / "b")


def test_json_keeps_every_float(tmp_path: Path) -> None:
    value = {"a": [math.nan, math.inf, -math.inf, 0.1], "b": {"c": 1e-300}}
    write_json(tmp_path / "a.json", value)
    json.loads((tmp_path / "a.json").read_text(), parse_constant=pytest.fail)  # strictly JSON
    back = read_json(tmp_path / "a.json")
    assert [str(float(v)) for v in back["a"]] == ["nan", "inf", "-inf", "0.1"]
    assert back["b"] == finite(value)["b"] == {"c": 1e-300}


def test_damaged_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": ')
    with pytest.raises(ValueError, match="a.json is damaged"):
        read_json(tmp_path / "a.json")


def test_a_lock_is_alone_until_its_process_ends(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from project.files import try_lock\n"
        f"lock = try_lock(Path({str(tmp_path / 'l')!r}))\n"
        "print(lock is not None, flush=True)\n"
        "input()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert holder.stdout.readline() == b"True\n"
    assert try_lock(tmp_path / "l") is None
    holder.kill()
    holder.communicate()
    held = try_lock(tmp_path / "l")
    assert held is not None
    held.close()
