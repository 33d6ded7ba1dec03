"""File attributes: replaced in one step, described, downloaded, and never outside their run."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from project.server.settings import Settings
from project.server.storage import storage
from project.server.storage.local_folder import LocalFolder
from tests.server.batches import ROOT, Run, do, make_run
from tests.server.sending import download, everything, folder_of, send_file, spooled, stored

WRONG_TYPE = "metadata_inconsistency"


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def kinds(answer: Any) -> list[str]:
    """The kinds of the errors in an upload's answer."""
    assert answer.status_code == 200, answer.text
    return [error["errorType"] for error in answer.json()["errors"]]


def described(run: Run, path: str) -> dict[str, Any]:
    params = {"experimentId": run.id, "attribute": path}
    return run.client.get(f"{ROOT}/attributes/files", params=params).json()


def size_of(run: Run) -> float:
    params = {"experimentId": run.id, "attribute": "sys/size"}
    return run.client.get(f"{ROOT}/attributes/floats", params=params).json()["value"]


@pytest.mark.parametrize("content", [b"", b"\0", os.urandom(3 * 2**20 + 1)], ids=len)
def test_what_comes_back_is_what_was_sent(run: Run, content: bytes) -> None:
    assert kinds(send_file(run, "model/best", content, "pt")) == []
    answer = download(run, "model/best")
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    about = described(run, "model/best")
    assert (about["name"], about["ext"], about["size"]) == ("best.pt", "pt", len(content))
    assert stored(run) == {"model/best.pt": content}
    assert size_of(run) == len(content)
    assert spooled() == []


def test_an_upload_sent_again_changes_nothing(run: Run) -> None:
    for _ in range(2):
        assert kinds(send_file(run, "a", b"content", "txt")) == []
    assert stored(run) == {"a.txt": b"content"}


def test_a_new_file_takes_the_place_of_the_old_one(run: Run) -> None:
    send_file(run, "a", b"old", "txt")
    assert kinds(send_file(run, "a", b"newer", "txt")) == []
    assert stored(run) == {"a.txt": b"newer"}
    assert kinds(send_file(run, "a", b"other", "csv")) == []
    assert stored(run) == {"a.csv": b"other"}
    assert (described(run, "a")["size"], size_of(run)) == (5, 5)


def test_a_file_that_is_read_stays_whole_while_it_is_replaced(tmp_path: Path) -> None:
    folder, old, new = LocalFolder(tmp_path / "run"), tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old" * 100)
    new.write_bytes(b"new" * 200)
    folder.put("a/b.txt", old)
    with folder.open("a/b.txt") as reading:
        begin = reading.read(3)
        folder.put("a/b.txt", new)
        assert begin + reading.read() == b"old" * 100
    assert (tmp_path / "run" / "a" / "b.txt").read_bytes() == b"new" * 200
    assert os.listdir(tmp_path / "run" / "a") == ["b.txt"]


def test_deleting_the_attribute_deletes_the_file(run: Run) -> None:
    send_file(run, "a/b", b"content", "txt")
    send_file(run, "a/c", b"other", "txt")
    assert run.send(do("a/b", "deleteAttribute")) == []
    assert stored(run) == {"a/c.txt": b"other"}
    assert download(run, "a/b").status_code == 404
    assert size_of(run) == len(b"other")
    assert run.send(do("a/c", "deleteAttribute")) == []
    assert list(folder_of(run).iterdir()) == []  # no empty folder either


def test_a_file_and_a_value_do_not_take_each_others_place(run: Run) -> None:
    run.send(do("a", "assignFloat", value=1.5))
    assert kinds(send_file(run, "a", b"content")) == [WRONG_TYPE]
    assert (run.all(), stored(run)) == ({"a": 1.5}, {})
    send_file(run, "b", b"content")
    assert run.send(do("b", "assignFloat", value=1.5)) == [WRONG_TYPE]
    assert download(run, "b").content == b"content"
    assert run.send(do("a", "deleteAttribute")) == []
    assert kinds(send_file(run, "a", b"content")) == []


# Pairs of (attribute, ext) that want one place, or a place in the other one.
CLASHES = [
    (("a", "txt"), ("a.txt", "")),
    (("a", ""), ("a/b", "txt")),
    (("a/b", "txt"), ("a", "")),
    (("a/b/c", ""), ("a/b", "")),
    (("a//b", ""), ("a/b", "")),
    (("a:b", ""), ("a:3a:b", "")),
    (("x" * 600, "txt"), ("x" * 601, "txt")),
    (("a/" * 300 + "b", "txt"), ("a/" * 301 + "b", "txt")),
]


@pytest.mark.parametrize("first, second", CLASHES)
def test_two_attributes_never_share_a_place(run: Run, first: Any, second: Any) -> None:
    assert kinds(send_file(run, first[0], b"first", first[1])) == []
    assert kinds(send_file(run, second[0], b"second", second[1])) == []
    assert download(run, first[0]).content == b"first"
    assert download(run, second[0]).content == b"second"
    assert sorted(stored(run).values()) == [b"first", b"second"]
    assert run.send(do(first[0], "deleteAttribute")) == []
    assert list(stored(run).values()) == [b"second"]


BAD_PATHS = ["", "x" * 1025, "é" * 600, "sys/id"]


@pytest.mark.parametrize("path", BAD_PATHS, ids=len)
def test_a_path_that_no_attribute_may_have_is_named(run: Run, path: str) -> None:
    assert kinds(send_file(run, path, b"content")) == [WRONG_TYPE]
    assert stored(run) == {}


TRAVERSALS = [
    "../../../../evil",
    "/etc/evil",
    "//evil",
    "a/../../../../evil",
    "..\\..\\evil",
    "%2e%2e/%2e%2e/evil",
    "．．/．．/evil",
    "‥/evil",
    "a/\u202e/evil",
    "C:\\evil",
    "file:///evil",
    "a/./b",
    "...",
    "~/evil",
    "$HOME/evil",
    "a\nb",
    " ",
    "#evil",
    "x" * 1024,
    "/".join("x" * 512),
    "文" * 340,
]


@pytest.mark.parametrize("path", TRAVERSALS, ids=lambda path: ascii(path[:20]))
def test_no_path_leaves_the_folder_of_the_run(run: Run, path: str) -> None:
    settings = Settings.from_environment()
    before = everything(settings)
    for attribute, ext in ((path, "txt"), ("a", f"/../{path}"[:500])):
        assert kinds(send_file(run, attribute, b"content", ext)) == []
        assert download(run, attribute).content == b"content"
    inside = {
        (folder_of(run) / name).relative_to(Path(settings.artifacts).parent).as_posix()
        for name in stored(run)
    }
    assert everything(settings) == before | inside
    assert len(inside) == 2
    assert not any(part in ("..", ".", "") for name in inside for part in name.split("/"))


def test_a_nul_is_refused(run: Run) -> None:
    assert send_file(run, "a\0b", b"content").status_code == 400
    assert send_file(run, "a", b"content", "a\0b").status_code == 400
    assert stored(run) == {}


def test_links_in_the_store_are_not_followed(run: Run, tmp_path: Path) -> None:
    send_file(run, "a/b", b"content", "txt")
    folder, outside = folder_of(run), tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (folder / "link").symlink_to(outside)
    assert send_file(run, "link/secret", b"overwritten", "txt").status_code == 409
    (folder / "a" / "b.txt").unlink()
    (folder / "a" / "b.txt").symlink_to(outside / "secret.txt")
    assert download(run, "a/b").status_code == 409
    assert kinds(send_file(run, "a/b", b"again", "txt")) == []  # in the link's place
    assert download(run, "a/b").content == b"again"
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret.txt": "secret"}


NAMES = {
    "plain": ("a", "html", 'attachment; filename="a.html"'),
    "quotes": ('a";x="y', "", "attachment; filename*=UTF-8''a%22%3Bx%3D%22y;"),
    "unicode": ("é", "txt", "attachment; filename*=UTF-8''%C3%A9.txt; filename=\"_.txt\""),
    "lines": ("a\r\nSet-Cookie: x=y", "", "attachment; filename*=UTF-8''a%0D%0ASet-Cookie"),
    "dots": ("..", "", "attachment; filename*=UTF-8''..; filename=\"file\""),
}


@pytest.mark.parametrize("path, ext, disposition", NAMES.values(), ids=NAMES)
def test_a_download_is_never_a_page(run: Run, path: str, ext: str, disposition: str) -> None:
    send_file(run, path, b"<script>alert(1)</script>", ext)
    headers = download(run, path).headers
    assert headers["content-disposition"].startswith(disposition)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_a_wrong_type_or_a_missing_file_is_told(run: Run) -> None:
    run.send(do("x", "assignFloat", value=1.5))
    assert download(run, "x").status_code == 400
    assert download(run, "y").status_code == 404
    send_file(run, "z", b"content")
    next(folder_of(run).iterdir()).unlink()
    assert download(run, "z").status_code == 404


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(patch, "fail", fail, raising=False)
        yield patch


@pytest.mark.parametrize("call", ["fsync", "link", "rename"])
def test_a_full_disk_is_told_and_leaves_all_as_it_was(
    run: Run, full_disk: pytest.MonkeyPatch, call: str
) -> None:
    send_file(run, "a", b"old", "txt")
    with full_disk.context() as patch:
        patch.setattr(os, call, full_disk.fail)
        for path in ("a", "b/c"):
            answer = send_file(run, path, b"new", "txt")
            assert answer.status_code == 507
            assert answer.json()["title"] == "the server's disk is full"
    assert spooled() == []
    assert stored(run) == {"a.txt": b"old"}
    assert run.all() == {"a": None}
    assert kinds(send_file(run, "a", b"new", "txt")) == []  # the server lives on
    assert download(run, "a").content == b"new"


def test_two_disks_are_as_good_as_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    for content in (b"old", b"new"):
        assert kinds(send_file(run, "a/b", content, "txt")) == []
    assert stored(run) == {"a/b.txt": b"new"}


def test_what_was_stored_goes_if_its_attribute_cannot_be_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = storage.Storage.put

    def put_while_another_writes(self: Any, container: Any, path: str, file: Path) -> None:
        put(self, container, path, file)
        assert run.send(do("a", "assignInt", value=1)) == []

    monkeypatch.setattr(storage.Storage, "put", put_while_another_writes)
    assert kinds(send_file(run, "a", b"content", "txt")) == [WRONG_TYPE]
    assert (run.all(), stored(run)) == ({"a": 1}, {})
