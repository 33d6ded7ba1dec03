"""The store: on this machine's disk or behind an address, one place for each file, no way out."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow import MlflowClient

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.containers import containers
from project.server.errors import ApiError
from project.server.files import attribute_files
from project.server.files.attribute_files import Arrival
from project.server.ingestion import releasing
from project.server.settings import Settings
from project.server.storage import artifact_paths
from project.server.storage.artifact_paths import of_file, of_folder, safe_part, sub_path, within
from project.server.storage.storage import Storage
from project.server.store import tables
from tests.server.batches import make_run
from tests.server.conftest import Server, free_port


class Container:
    """As much of a container as the store needs."""

    def __init__(self, artifact_uri: str) -> None:
        self.id, self.artifact_uri = str(uuid4()), artifact_uri


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("", str(tmp_path / "store"), str(tmp_path / "private"), "", False)


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return Storage(settings, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def content(storage: Storage, container: Any, path: str) -> bytes:
    with storage.open(container, path) as opened:
        return opened.read()


@pytest.mark.parametrize("destination", ["{}", "{}/", "file://{}", "file:{}"])
@pytest.mark.parametrize(
    "uri", ["mlflow-artifacts:/1/a/artifacts", "mlflow-artifacts:/1/a/artifacts/"]
)
def test_what_mlflow_serves_lies_at_its_own_destination(
    settings: Settings, tmp_path: Path, file: Path, destination: str, uri: str
) -> None:
    storage = Storage(replace(settings, artifacts=destination.format(tmp_path / "s")), None)
    storage.put(Container(uri), "b/c.txt", file)
    assert (tmp_path / "s" / "1" / "a" / "artifacts" / "b" / "c.txt").read_bytes() == b"content"
    assert content(storage, Container(uri), "b/c.txt") == b"content"


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_an_experiment_may_have_a_folder_of_its_own(
    storage: Storage, tmp_path: Path, file: Path, form: str
) -> None:
    container = Container(form.format(tmp_path / "own"))
    storage.put(container, "a", file)
    assert (tmp_path / "own" / "a").read_bytes() == b"content"
    storage.delete_all(container)
    storage.delete_all(container)
    assert not (tmp_path / "own").exists()


def test_files_are_readable_as_others_of_this_person(
    storage: Storage, settings: Settings, file: Path
) -> None:
    container = Container("mlflow-artifacts:/1")
    storage.put(container, "a", file)
    mask = os.umask(0)
    os.umask(mask)
    mode = (Path(settings.artifacts) / "1" / "a").stat().st_mode
    assert stat.S_IMODE(mode) == 0o666 & ~mask
    assert stat.S_IMODE(storage.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("path", ["..", "../a", "a/../../b", "/a", "a//b", "a/", "", ".", "a\0b"])
def test_no_path_leads_out(storage: Storage, tmp_path: Path, file: Path, path: str) -> None:
    container = Container("mlflow-artifacts:/1")
    for call in (lambda: storage.put(container, path, file), lambda: storage.open(container, path)):
        with pytest.raises(ApiError) as raised:
            call()
        assert raised.value.status == 400
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"file"}


def test_what_is_in_the_way_is_told(storage: Storage, file: Path) -> None:
    container = Container("mlflow-artifacts:/1")
    storage.put(container, "a/b", file)
    for path in ("a", "a/b/c"):
        with pytest.raises(ApiError) as raised:
            storage.put(container, path, file)
        assert (raised.value.status, raised.value.kind) == (409, "FILE_CONFLICT")
    with pytest.raises(ApiError) as raised:
        storage.put(container, "x" * 300, file)
    assert raised.value.status == 400
    with pytest.raises(ApiError) as raised:
        storage.open(container, "a/x")
    assert raised.value.status == 404
    storage.delete(container, "a/b/c")
    storage.delete(container, "x/y")
    assert content(storage, container, "a/b") == b"content"


def test_the_files_of_a_container_are_changed_by_one_at_a_time(
    storage: Storage, settings: Settings
) -> None:
    """The lock is of an open file: to another `Storage` it is what it is to another process."""
    order, started = [], threading.Event()

    def enter() -> None:
        started.set()
        with Storage(settings, None).changing("container"):
            order.append("second")

    thread = threading.Thread(target=enter)
    with storage.changing("container"):
        thread.start()
        started.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


PARTS = st.text(min_size=1, max_size=300)


@given(PARTS)
@example("..")
@example(".artifact.uploading.x")
@example("\ud800")
@example("\u1680")
@example("CON")
@example("x" * 300)
@example("文" * 300)
def test_a_part_is_safe_and_its_own(part: str) -> None:
    safe = safe_part(part)
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= 255
    assert not set(safe) & set('/\\\0#%?"*<>|')
    assert safe.isprintable()
    assert not safe.startswith(".artifact.uploading.")
    assert safe_part(safe + "x") != safe


@given(st.tuples(PARTS, PARTS).filter(lambda pair: pair[0] != pair[1]))
@example(("a:b", "a:3a:b"))
@example(("", "::"))
@example((".", ":2e:"))
@example(("\u00e9", "e\u0301"))
@example(("ﬁ", "fi"))
def test_two_parts_never_become_one(pair: tuple[str, str]) -> None:
    assert safe_part(pair[0]) != safe_part(pair[1])


@given(st.text(max_size=400), st.text(max_size=40))
def test_the_place_of_an_attribute_is_below_its_run(path: str, ext: str) -> None:
    for place in (of_file(path, ext), of_folder(path), within(of_folder(path), f"{path}/x")):
        assert not {"", ".", ".."} & set(place.split("/"))
    assert len(of_file(path, ext)) <= artifact_paths.KEY_LENGTH


def test_plain_names_are_kept() -> None:
    assert of_file("training/model/checkpoints/best", "pt") == "training/model/checkpoints/best.pt"
    assert of_file("größe/日本 語", "") == "größe/日本 語"
    assert of_file("a.b", "tar.gz") == "a.b.tar.gz"
    assert of_file("figures/x_csv", "csv") == "figures/x.csv"
    assert (of_file("_csv", "csv"), of_file("x_", "")) == ("_csv.csv", "x_")
    assert sub_path("./a//b\\c") == "a/b/c"


@pytest.fixture
def remote(
    server: Server, context_of: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> Context:
    """This process as a worker whose files are behind an address: the server's own artifacts."""
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    # MLflow connects a server to no other, if this process has been one.
    monkeypatch.setenv("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "http")
    return context_of(replace(server.settings, artifacts=address))


def test_a_remote_store_is_as_good_as_a_disk(remote: Context, server: Server, file: Path) -> None:
    context = remote
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        container = containers.find(context, make_run(client).id, Role.MEMBER)
    shown = MlflowClient(server.url)

    def names() -> list[str]:
        found = []
        folders = [""]
        while folders:
            for item in shown.list_artifacts(container.run_uuid, folders.pop() or None):
                (folders if item.is_dir else found).append(item.path)
        return sorted(found)

    attribute_files.put_file(context, container, "a/b", "txt", file)
    attribute_files.put_members(context, container, "set", [Arrival("x/ü", file)])
    assert names() == ["a/b.txt", "set/x/ü"]
    assert content(context.storage, container, "a/b.txt") == b"content"
    file.write_bytes(b"newer")
    attribute_files.put_file(context, container, "a/b", "csv", file)
    attribute_files.put_members(context, container, "set", [Arrival("y", file)], reset=True)
    assert names() == ["a/b.csv", "set/y"]
    assert content(context.storage, container, "set/y") == b"newer"
    releasing.discard(context, container, ["a/b.csv", "set/y"])  # an attribute has them
    assert names() == ["a/b.csv", "set/y"]
    with context.database.write() as connection:
        connection.execute(tables.attributes.delete().where(tables.attributes.c.path == "a/b"))
    releasing.discard(context, container, ["a/b.csv", "set/y"])
    assert names() == ["set/y"]
    with pytest.raises(ApiError) as raised:
        context.storage.open(container, "a/b.csv")
    assert raised.value.status == 404
    assert not list(context.storage.folder.glob("spool-*"))


def test_a_store_that_is_down_is_told(
    settings: Settings,
    file: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = "http://user:" f"secret@127.0.0.1:{free_port()}/api/2.0/mlflow-artifacts/artifacts"
    storage = Storage(replace(settings, artifacts=address), None)
    container = Container("mlflow-artifacts:/1")
    monkeypatch.setenv("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "http")
    for call in (lambda: storage.put(container, "a", file), lambda: storage.open(container, "a")):
        with pytest.raises(ApiError) as raised:
            call()
        assert (raised.value.status, raised.value.kind) == (503, "STORAGE_UNAVAILABLE")
    assert "the artifact store failed" in caplog.text
    assert "refused" in caplog.text  # the connection
    assert "secret" not in caplog.text
    assert not list(storage.folder.iterdir())
