"""File sets: filled one by one and from archives, listed, thinned out, and packed as a zip."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from project.server.files import archives
from project.server.settings import Settings
from tests.server.batches import ROOT, Run, do, make_run
from tests.server.sending import (
    download,
    everything,
    packed,
    send_file,
    send_member,
    send_tar,
    spooled,
    stored,
)

FILES = {"a.txt": b"first", "b/c.txt": b"second", "b/d/e.txt": b"", "ü/f g.txt": b"third"}


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def ls(run: Run, path: str = "", attribute: str = "set") -> Any:
    params = {"experimentId": run.id, "attribute": attribute, "path": path}
    return run.client.get(f"{ROOT}/attributes/ls", params=params)


def names(run: Run, path: str = "") -> dict[str, tuple[str, int]]:
    """Kind and size of what is directly in a folder of the set, by name."""
    return {entry["name"]: (entry["fileType"], entry["size"]) for entry in ls(run, path).json()}


def zipped(run: Run, attribute: str = "set") -> dict[str, bytes]:
    """The set as the client downloads it."""
    params = {"experimentId": run.id, "attribute": attribute}
    prepared = run.client.post(f"{ROOT}/attributes/downloadFileSetZipRequest", params=params).json()
    polled = run.client.get(
        f"{ROOT}/download/downloadRequest", params={"id": prepared["id"]}
    ).json()
    answer = run.client.get(polled["downloadUrl"])
    assert answer.headers["content-disposition"] == f'attachment; filename="{attribute}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def test_a_set_is_what_was_sent(run: Run) -> None:
    for name, content in FILES.items():
        assert send_member(run, "set", name, content).json() == {"errors": []}
    assert stored(run) == {f"set/{name}": content for name, content in FILES.items()}
    folders = dict.fromkeys(("b/", "b/d/", "ü/"), b"")
    assert zipped(run) == FILES | folders
    assert names(run) == {"a.txt": ("file", 5), "b": ("directory", 6), "ü": ("directory", 5)}
    assert names(run, "b") == {"c.txt": ("file", 6), "d": ("directory", 0)}
    assert names(run, "/b/d/") == {"e.txt": ("file", 0)}


def test_an_archive_is_the_same_as_its_files_one_by_one(run: Run) -> None:
    archive = packed(folder("."), *FILES.items(), folder("empty/folder"))
    for _ in range(2):
        assert send_tar(run, "set", archive).json() == {"errors": []}
    assert stored(run) == {f"set/{name}": content for name, content in FILES.items()}
    folders = dict.fromkeys(("b/", "b/d/", "ü/", "empty/", "empty/folder/"), b"")
    assert zipped(run) == FILES | folders
    assert names(run, "empty") == {"folder": ("directory", 0)}
    assert names(run, "empty/folder") == {}
    assert spooled() == []


def test_only_the_client_gets_a_member_for_the_set_itself(run: Run) -> None:
    send_tar(run, "set", packed(("a", b"1")))
    assert zipped(run) == {"a": b"1"}
    run.client.headers["User-Agent"] = "neptune-client/1.14.0 (Linux, python 3.11)"
    assert zipped(run) == {"a": b"1", "/": b""}


def test_a_set_grows_and_its_files_are_replaced(run: Run) -> None:
    send_tar(run, "set", packed(*FILES.items()))
    send_member(run, "set", "a.txt", b"newer")
    send_member(run, "set", "z", b"more")
    assert zipped(run)["a.txt"] == b"newer"
    assert len(stored(run)) == 5


def test_reset_leaves_only_what_comes_with_it(run: Run) -> None:
    send_tar(run, "set", packed(*FILES.items()))
    send_tar(run, "set", packed(("b/c.txt", b"kept"), ("new", b"")), reset=True)
    assert stored(run) == {"set/b/c.txt": b"kept", "set/new": b""}
    assert send_tar(run, "set", packed(), reset=True).json() == {"errors": []}
    assert (stored(run), zipped(run), ls(run).json()) == ({}, {}, [])


@pytest.mark.parametrize(
    "deleted, left",
    [
        (["a.txt"], {"b/c.txt", "b/d/e.txt", "ü/f g.txt"}),
        (["b"], {"a.txt", "ü/f g.txt"}),
        (["b/d/", "/ü/f g.txt"], {"a.txt", "b/c.txt"}),
        (["b\\c.txt"], {"a.txt", "b/d/e.txt", "ü/f g.txt"}),
        (["nothing", "a", "../a.txt", ""], set(FILES)),
    ],
)
def test_deleted_files_are_gone(run: Run, deleted: list[str], left: set[str]) -> None:
    send_tar(run, "set", packed(*FILES.items()))
    for _ in range(2):
        assert run.send(do("set", "deleteFiles", filePaths=deleted)) == []
    assert {name.removeprefix("set/") for name in stored(run)} == left
    assert {name for name in zipped(run) if not name.endswith("/")} == left


def test_a_deleted_set_is_gone_and_may_come_again(run: Run) -> None:
    send_tar(run, "set", packed(*FILES.items()))
    send_file(run, "other", b"content", "txt")
    assert run.send(do("set", "deleteAttribute")) == []
    assert stored(run) == {"other.txt": b"content"}
    assert ls(run).status_code == 404
    send_member(run, "set", "new", b"new")
    assert {name for name in zipped(run)} == {"new"}


def test_sets_and_files_do_not_meet(run: Run) -> None:
    send_member(run, "set", "b.txt", b"of the set")
    send_file(run, "set/b", b"of the file", "txt")
    send_file(run, "top", b"file", "")
    send_member(run, "top/set", "x", b"below")
    assert zipped(run)["b.txt"] == b"of the set"
    assert download(run, "set/b").content == b"of the file"
    assert len(stored(run)) == 4
    run.send(do("set", "deleteAttribute"))
    assert download(run, "set/b").content == b"of the file"


def test_a_set_is_no_file_and_a_file_no_set(run: Run) -> None:
    send_member(run, "set", "a", b"content")
    send_file(run, "file", b"content")
    wrong = "metadata_inconsistency"
    for answer in (send_file(run, "set", b"x"), send_member(run, "file", "a", b"x")):
        assert [error["errorType"] for error in answer.json()["errors"]] == [wrong]
    assert send_tar(run, "file", packed(("a", b"x"))).json()["errors"][0]["errorType"] == wrong
    assert run.send(do("file", "deleteFiles", filePaths=["a"])) == [wrong]
    assert download(run, "set").status_code == 400
    assert ls(run, attribute="file").status_code == 400
    assert ls(run, "not/there").status_code == 404
    assert sorted(stored(run).values()) == [b"content", b"content"]


def test_windows_separators_are_separators(run: Run) -> None:
    send_member(run, "set", "a\\b.txt", b"content")
    assert set(zipped(run)) == {"a/", "a/b.txt"}


BAD = ["../a", "a/../../b", "/etc/passwd", "..", ".", "", "a\0b", "\\a", "..\\a", "x" * 1025]


@pytest.mark.parametrize("name", BAD, ids=lambda name: ascii(name[:20]))
def test_a_path_out_of_the_set_is_refused(run: Run, name: str) -> None:
    before = everything(Settings.from_environment())
    assert send_member(run, "set", name, b"evil").status_code == 400
    params = {"experimentIdentifier": run.id, "attribute": "set", "subPath": name}
    start = f"{ROOT}/attributes/storage/fileset/upload/start"
    assert run.client.post(start, params=params | {"totalLength": 1}).status_code == 400
    if name.strip(".") and "\0" not in name:  # which tar takes for the set itself, or cuts
        assert send_tar(run, "set", packed(("a", b"x"), (name, b"evil"))).status_code == 400
    assert (stored(run), everything(Settings.from_environment())) == ({}, before)


def special(kind: bytes, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo("evil")
    info.type = kind
    for name, value in fields.items():
        setattr(info, name, value)
    return info


def huge(size: int) -> bytes:
    """A tar.gz with a header that declares so many bytes."""
    info = tarfile.TarInfo("huge")
    info.size = size
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


def negative() -> bytes:
    """A tar.gz with an extended header of negative size, which would lead back to itself."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = b"\xff" + (2**88 - 512).to_bytes(11)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return gzip.compress(bytes(block) + bytes(1024))


def long_header() -> bytes:
    """A tar.gz with an extended header of 64 MiB, small when packed."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 64 * 2**20
    return gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(64 * 2**20 + 1024), 1)


WHOLE = packed(("a", b"x" * 100_000), ("b", b"y"))
EVIL = {
    "link": (packed(special(tarfile.SYMTYPE, linkname="/etc/passwd")), 400),
    "hard link": (packed(special(tarfile.LNKTYPE, linkname="/etc/passwd")), 400),
    "device": (packed(special(tarfile.CHRTYPE, devmajor=1)), 400),
    "fifo": (packed(special(tarfile.FIFOTYPE)), 400),
    "no archive": (b"<html>", 400),
    "nothing": (b"", 400),
    "no tar": (gzip.compress(b"text" * 1000), 400),
    "not packed": (gzip.decompress(WHOLE), 400),
    "cut": (WHOLE[: len(WHOLE) // 2], 400),
    "tar cut": (gzip.compress(gzip.decompress(WHOLE)[:50_000]), 400),
    "damaged": (WHOLE[:20] + b"\xff" * 20 + WHOLE[40:], 400),
    "huge": (huge(2**50), 413),
    "negative": (negative(), 413),
    "long header": (long_header(), 413),
    "no UTF-8": (packed((b"\xff".decode(errors="surrogateescape"), b"")), 400),
}


@pytest.mark.parametrize("archive, status", EVIL.values(), ids=EVIL)
def test_an_evil_or_broken_archive_is_refused(run: Run, archive: bytes, status: int) -> None:
    before = everything(Settings.from_environment())
    answer = send_tar(run, "set", archive)
    assert answer.status_code == status, answer.text
    assert everything(Settings.from_environment()) == before
    assert (run.all(), spooled()) == ({}, [])


@pytest.mark.parametrize("limit, value", [("MAX_MEMBERS", 9), ("MAX_UNPACKED", 10 * 1024)])
def test_a_bomb_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(archives, limit, value)
    bomb = packed(*((str(number), bytes(1000)) for number in range(10)))
    assert send_tar(run, "set", bomb).status_code == 413
    assert (stored(run), spooled()) == ({}, [])


def test_a_download_of_nothing_is_told(run: Run) -> None:
    send_file(run, "file", b"content")
    params = {"experimentId": run.id, "attribute": "file"}
    prepare = f"{ROOT}/attributes/downloadFileSetZipRequest"
    assert run.client.post(prepare, params=params).status_code == 400
    for id_ in ("", "x", "e30=", "WzEsMl0=", "é", "W10="):
        for path in ("downloadRequest", "downloadFile"):
            answer = run.client.get(f"{ROOT}/download/{path}", params={"id": id_})
            assert answer.status_code == 404
