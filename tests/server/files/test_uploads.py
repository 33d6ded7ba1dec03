"""Bodies on their way to the disk: in parts, cut off, too long, at once, and in constant memory."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from project.server.files import multipart, uploads
from project.server.settings import Settings
from project.server.storage.storage import ABANDONED, Storage
from tests.server.batches import ROOT, Run, do, make_run
from tests.server.conftest import Server
from tests.server.sending import FILE, SET, download, send_file, stored

CONTENT = bytes(random.Random(0).randbytes(100_000))
PARTS = [(start, min(start + 30_000, 100_000)) for start in range(0, 100_000, 30_000)]


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


class Upload:
    """An upload of CONTENT in parts, for a file or, with a `sub_path`, for one of a file set."""

    def __init__(self, run: Run, sub_path: str | None = None, total: int = len(CONTENT)) -> None:
        self.run, self.total = run, total
        self.url = FILE if sub_path is None else SET
        self.about = {"experimentIdentifier": run.id, "attribute": "a"}
        more = {"ext": "bin"} if sub_path is None else {"subPath": sub_path}
        started = self._post("start", self.about | more | {"totalLength": total})
        assert started.status_code == 200, started.text
        self.id = started.json()["uploadId"]
        if sub_path is not None:
            self.about |= more

    def part(self, start: int, end: int, content: bytes | None = None, **options: Any) -> Any:
        """The response to one part."""
        content = CONTENT[start:end] if content is None else content
        headers = {"X-Range": f"bytes={start}-{end - 1}/{self.total}"} | options
        params = self.about | {"uploadId": self.id, "uploadPartIdx": 0}
        return self._post("part", params, content=content, headers=headers)

    def finish(self, **changed: str) -> Any:
        """The response to the end."""
        return self._post("finish", self.about | {"uploadId": self.id} | changed)

    def _post(self, step: str, params: dict[str, Any], **options: Any) -> Any:
        return self.run.client.post(f"{self.url}/{step}", params=params, **options)


@pytest.mark.parametrize("sub_path", [None, "b/c.bin"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (0, 0, 1, 1, 3, 2, 0)])
def test_parts_may_come_in_any_order_and_twice(
    run: Run, sub_path: str | None, order: tuple[int, ...]
) -> None:
    upload = Upload(run, sub_path)
    for number in order:
        assert upload.part(*PARTS[number]).json() == {"errors": []}
    assert stored(run) == {}
    assert upload.finish().json() == {"errors": []}
    place = "a.bin" if sub_path is None else f"a/{sub_path}"
    assert stored(run) == {place: CONTENT}


def test_a_finish_sent_again_changes_nothing(run: Run) -> None:
    upload = Upload(run)
    for part in PARTS:
        upload.part(*part)
    assert upload.finish().json() == upload.finish().json() == {"errors": []}
    # A late copy of a part does no harm to what is stored.
    assert upload.part(*PARTS[0], content=b"\0" * 30_000).json() == {"errors": []}
    send_file(run, "a", b"newer")
    assert upload.finish().json() == {"errors": []}
    assert stored(run) == {"a.bin": b"newer"}


def test_a_server_that_is_killed_while_it_finishes_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Upload(run)
    for part in PARTS:
        upload.part(*part)
    with monkeypatch.context() as patch:

        def die(*args: Any) -> None:
            raise RuntimeError("killed between the file and the row")

        patch.setattr("project.server.files.attribute_files._commit", die)
        patch.setattr("project.server.files.attribute_files.discard_held", lambda *args: None)
        with pytest.raises(RuntimeError):
            upload.finish()
    assert stored(run) == {"a.bin": CONTENT}
    assert download(run, "a").status_code == 404
    assert upload.finish().json() == {"errors": []}
    assert stored(run) == {"a.bin": CONTENT}


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_part_is_told(run: Run, missing: int) -> None:
    upload = Upload(run)
    for number, part in enumerate(PARTS):
        if number != missing:
            upload.part(*part)
    answer = upload.finish()
    assert answer.status_code == 400
    assert f"lacks the bytes from {PARTS[missing][0]} on" in answer.json()["title"]
    upload.part(*PARTS[missing])
    assert upload.finish().status_code == 200
    assert stored(run) == {"a.bin": CONTENT}


RANGES = [
    "bytes=0-9/99",
    "bytes=0-99999/99999",
    "bytes=10-9/100000",
    "bytes=99999-100000/100000",
    "bytes=-9/100000",
    "bytes=0-9",
    "bytes=0-9/*",
    "items=0-9/100000",
    "bytes=0-9/100000\t",
    "bytes=" + "9" * 5000 + "-1/2",
    "bytes=٠-٩/100000",
    "",
]


@pytest.mark.parametrize("x_range", RANGES, ids=lambda text: ascii(text[:30]))
def test_a_wrong_range_is_refused(run: Run, x_range: str) -> None:
    upload = Upload(run)
    header = x_range.encode()
    answer = upload.part(0, 10, **{"X-Range": header})
    assert answer.status_code == 400
    assert upload.finish().status_code == 400
    assert stored(run) == {}


def test_a_part_of_another_length_is_refused_so_that_the_client_sends_again(run: Run) -> None:
    upload = Upload(run)
    for content in (b"x" * 29_999, b"x" * 30_001, b""):
        answer = upload.part(*PARTS[0], content=content)
        assert answer.status_code == 400
        assert "Length of stream does not match given range" in answer.text
        answer = upload.part(*PARTS[0], content=iter([content]))  # without a declared length
        assert answer.status_code == 400
    assert "lacks the bytes from 0 on" in upload.finish().text


def test_an_upload_belongs_to_its_attribute(run: Run) -> None:
    upload = Upload(run)
    other = make_run(run.client)
    for changed in (
        {"attribute": "b"},
        {"experimentIdentifier": other.id},
        {"uploadId": "0" * 32},
        {"uploadId": "../" + upload.id},
        {"uploadId": "."},
        {"uploadId": ""},
    ):
        answer = upload.finish(**changed)
        assert (answer.status_code, answer.json()["errorType"]) == (404, "UPLOAD_NOT_FOUND")


def test_an_upload_that_can_never_be_taken_is_told_before_it_begins(run: Run) -> None:
    run.send(do("a", "assignFloat", value=1.5))
    params = {"experimentIdentifier": run.id, "attribute": "a", "ext": "bin"}
    answer = run.client.post(f"{FILE}/start", params=params | {"totalLength": 10})
    assert answer.json()["errors"][0]["errorType"] == "metadata_inconsistency"
    large = params | {"attribute": "b", "totalLength": multipart.MAX_FILE + 1}
    answer = run.client.post(f"{FILE}/start", params=large).json()
    assert answer["errors"][0]["errorDescription"].startswith("a file has at most")
    negative = params | {"attribute": "b", "totalLength": -1}
    assert run.client.post(f"{FILE}/start", params=negative).status_code == 400


def test_two_workers_take_the_parts_of_one_upload(
    server: Server, tmp_path: Path, context_of: Callable[..., Any]
) -> None:
    """Parts are sent to a server, and finished by another process: this one."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        run = make_run(client)
        upload = Upload(run)
        for part in PARTS:
            assert upload.part(*part).status_code == 200
    from project.server.files import files

    answer = files.finish(context_of(server.settings), run.id, "a", upload.id)
    assert answer == {"errors": []}
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert download(Run(client, run.id), "a").content == CONTENT


def test_leftovers_of_dead_uploads_go(run: Run, application: Any) -> None:
    kept, dead = Upload(run), Upload(run)
    dead.part(*PARTS[0])
    settings = Settings.from_environment()
    crashed = settings.folder("uploads") / "spool-crashed"
    crashed.mkdir()
    (crashed / "body").write_bytes(b"half")
    long_ago = time.time() - ABANDONED - 1
    folder = settings.folder("uploads") / dead.id
    for path in (*folder.iterdir(), folder, crashed / "body", crashed):
        os.utime(path, (long_ago, long_ago))
    Storage(settings, None)
    left = {path.name for path in settings.folder("uploads").iterdir()}
    assert {kept.id, dead.id, "spool-crashed"} & left == {kept.id}
    assert dead.part(*PARTS[1]).status_code == 404


def test_too_large_a_body_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PART", 1000)
    assert send_file(run, "a", b"x" * 1000).status_code == 200
    for content in (b"x" * 1001, iter([b"x" * 600] * 2)):
        answer = send_file(run, "b", content)
        assert (answer.status_code, answer.json()["errorType"]) == (413, "CONTENT_TOO_LARGE")
    assert stored(run) == {"a.bin": b"x" * 1000}


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 5000, "1.0", ""])
def test_a_length_that_is_none_is_refused(run: Run, length: str) -> None:
    answer = send_file(run, "a", iter([b"x"]), headers={"Content-Length": length.encode()})
    assert answer.status_code in (400, 413)
    assert stored(run) == {}


def test_a_body_that_is_not_as_long_as_declared_is_refused(run: Run) -> None:
    for length in ("9", "11"):
        answer = send_file(run, "a", iter([b"x" * 10]), headers={"Content-Length": length})
        assert answer.status_code == 400
    assert stored(run) == {}


def test_a_client_that_hangs_up_leaves_nothing(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        run = make_run(client)
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            target = f"{FILE}?experimentIdentifier={run.id}&attribute=a&ext=bin"
            head = f"POST {target} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 5000000"
            connection.sendall(f"{head}\r\n\r\n".encode() + b"x" * 2_000_000)
            spool = server.settings.folder("uploads")
            wait_until(lambda: any(spool.glob("spool-*/body")))
        wait_until(lambda: not any(spool.glob("spool-*")))
        assert download(run, "a").status_code == 404
        assert send_file(run, "a", b"content").status_code == 200
    assert "Traceback" not in (Path(server.settings.artifacts).parent / "server.log").read_text()


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait for another process, until this test's own time is over."""
    while not reached():
        time.sleep(0.01)


def test_uploads_at_once_end_with_one_of_them(server: Server) -> None:
    contents = [bytes([number]) * 300_000 for number in range(8)]

    async def send_all() -> str:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client:
            creation = {"projectIdentifier": "local/runs", "type": "run"}
            run_id = (await client.post(f"{ROOT}/experiments", json=creation)).json()["id"]
            params = [
                {"experimentIdentifier": run_id, "attribute": "a", "ext": f"e{number % 3}"}
                for number in range(8)
            ]
            sent = zip(params, contents, strict=True)
            answers = await asyncio.gather(
                *(client.post(FILE, params=p, content=content) for p, content in sent)
            )
            assert [answer.json() for answer in answers] == [{"errors": []}] * 8
            return run_id

    run_id = asyncio.run(send_all())
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        content = download(Run(client, run_id), "a").content
    assert content in contents
    folder = next(Path(server.settings.artifacts).glob(f"*/{run_id.replace('-', '')}/artifacts"))
    assert [path.read_bytes() for path in folder.iterdir()] == [content]


def test_memory_does_not_grow_with_the_file(server: Server) -> None:
    size, piece = 192 * 2**20, bytes(2**20)
    pieces = (piece for _ in range(size // len(piece)))

    def peak() -> int:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        run = make_run(client)
        send_file(run, "warm", bytes(4 * 2**20))
        download(run, "warm")
        before = peak()
        assert send_file(run, "a", pieces).json() == {"errors": []}
        params = {"experimentId": run.id, "attribute": "a"}
        with client.stream("GET", f"{ROOT}/attributes/download", params=params) as answer:
            assert sum(map(len, answer.iter_bytes())) == size
    assert peak() - before < size / 4
