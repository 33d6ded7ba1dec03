"""Artifacts: named by the hash of their files, which are listed as they came."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from tests.server.batches import Run, make_run

PATH = "/api/artifacts/v1/artifact"
PROJECT = {"projectIdentifier": "local/runs"}


def file(path: str, digest: str, size: int | None, **metadata: str) -> dict[str, Any]:
    """A file as a client describes it."""
    facts = [{"key": key, "value": value} for key, value in metadata.items()]
    type_ = "Local" if size is not None else "S3"
    named = {"filePath": path, "fileHash": digest * 20, "type": type_}
    return named | {"size": size, "metadata": facts}


FILES = [
    file("b/ü.txt", "aa", 3, file_path="file:///b", z=""),
    file("a.txt", "bb", 0),
    file("c", "cc", None, location="s3://c"),
    file("b/ü.txt", "dd", 5),
]
# The hash of these FILES, as neptune-client 1.14.0's get_artifact_hash_without_metadata gives it.
HASHES = {
    (0,): "bff1f7bca07500593cf6bda328bd38a32694e37f070a2de1946752309b243e1e",
    (2,): "55c3e14e3e845ee26ca887e9314aeb5a88eeeffed0b4519525ef7cee735ba0fa",
    (0, 1): "f16b269e85d8f251adfd9ff566c7ee4fb1c827e5c85827923774d482e31f80f5",
    (1, 3): "bc171fbde8fff4c93e2d62a6822ed55820988ba50dd818994c497ea2faff36cf",
    (0, 2): "e0def875bc9c64722b68e3c1078d52a45a5965ccf7f7366ef772e991a0305684",
}


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def body(files: list[dict[str, Any]]) -> dict[str, Any]:
    return {"files": files}


def create(run: Run, hash_: str, **more: Any) -> Any:
    params = PROJECT | {"hash": hash_, "parentIdentifier": run.id} | more
    return run.client.put(PATH, params=params)


def upload(run: Run, hash_: str, content: Any) -> Any:
    return run.client.put(f"{PATH}/files", params=PROJECT | {"hash": hash_}, json=content)


def files_of(run: Run, hash_: str) -> Any:
    return run.client.get(f"{PATH}/files", params=PROJECT | {"hash": hash_})


def test_an_artifact_is_made_and_its_files_listed(run: Run) -> None:
    hash_ = HASHES[0, 1]
    made = create(run, hash_, size=3).json()
    assert (made["artifactHash"], made["receivedMetadata"], made["size"]) == (hash_, False, 3)
    received = upload(run, hash_, body(FILES[:2])).json()
    assert received == made | {"receivedMetadata": True}
    ordered = [FILES[1], FILES[0]]
    assert files_of(run, hash_).json() == {"files": ordered}
    # Made again, by another run, it has its files already.
    assert create(make_run(run.client), hash_, size=3).json() == received


def test_a_list_that_is_sent_again_changes_nothing(run: Run) -> None:
    hash_ = HASHES[2,]
    create(run, hash_)
    upload(run, hash_, body(FILES[2:3]))
    assert upload(run, hash_, body(FILES)).json()["receivedMetadata"] is True
    assert files_of(run, hash_).json() == body(FILES[2:3])


def test_a_version_is_the_artifact_of_all_its_files(run: Run) -> None:
    first = HASHES[0,]
    create(run, first)
    upload(run, first, body(FILES[:1]))
    newer = [FILES[3], FILES[1]]
    params = PROJECT | {"hash": first, "parentIdentifier": run.id}
    for _ in range(2):
        made = run.client.post(PATH, params=params, json=body(newer)).json()
        assert made["artifactHash"] == HASHES[1, 3]
        assert (made["size"], made["receivedMetadata"]) == (5, True)
    assert len(files_of(run, HASHES[1, 3]).json()["files"]) == 2
    assert files_of(run, first).json() == body(FILES[:1])
    made = run.client.post(PATH, params=params, json=body(FILES[2:3])).json()
    assert made["artifactHash"] == HASHES[0, 2]
    assert made["size"] is None  # as one file's is not known


def test_what_is_not_there_is_told(run: Run) -> None:
    missing = "0" * 64
    assert files_of(run, missing).status_code == 404
    assert upload(run, missing, body(FILES)).status_code == 404
    params = PROJECT | {"hash": missing, "parentIdentifier": run.id}
    assert run.client.post(PATH, params=params, json=body(FILES)).status_code == 404
    assert create(run, "1" * 64, parentIdentifier="nobody").status_code == 404
    assert create(run, "1" * 64, projectIdentifier="no/where").status_code == 404


FILE = FILES[0]
WRONG = [
    None,
    [],
    {},
    {"files": None},
    {"files": [None]},
    {"files": [{}]},
    {"files": [FILE | {"size": "3"}]},
    {"files": [FILE | {"size": -1}]},
    {"files": [FILE | {"size": 2**63}]},
    {"files": [FILE | {"size": True}]},
    {"files": [FILE | {"filePath": "a\0b"}]},
    {"files": [FILE | {"metadata": {"a": "b"}}]},
    {"files": [FILE | {"metadata": [{"key": "a"}]}]},
]


@pytest.mark.parametrize("content", WRONG, ids=lambda content: str(content)[:40])
def test_a_wrong_body_is_refused(run: Run, content: Any) -> None:
    hash_ = uuid4().hex
    create(run, hash_)
    assert upload(run, hash_, content).status_code == 400
    assert files_of(run, hash_).json() == {"files": []}


def test_a_wrong_hash_or_size_is_refused(run: Run) -> None:
    for hash_, size in (("", 1), ("x" * 65, 1), ("x", -1), ("x", 2**63), ("x", "y")):
        assert create(run, hash_, size=size).status_code == 400
