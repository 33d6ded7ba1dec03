"""Artifacts: named by the hash of their files, which are listed as they came."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mlflow import MlflowClient
from starlette.testclient import TestClient

from tests.server.batches import Run, do, make_run
from tests.server.conftest import Server

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
]


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def hash_of(files: list[dict[str, Any]]) -> str:
    """The hash as the client computes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the client imports
        from neptune.internal.artifacts.file_hasher import FileHasher
        from neptune.internal.artifacts.types import ArtifactFileData

    names = {"filePath": "file_path", "fileHash": "file_hash", "type": "type", "size": "size"}
    given = [{name: item[key] for key, name in names.items()} for item in files]
    return FileHasher.get_artifact_hash_without_metadata(
        [ArtifactFileData(**item, metadata={}) for item in given]
    )


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
    hash_ = hash_of(FILES[:2])
    made = create(run, hash_, size=3).json()
    assert (made["artifactHash"], made["receivedMetadata"], made["size"]) == (hash_, False, 3)
    received = upload(run, hash_, body(FILES[:2])).json()
    assert received == made | {"receivedMetadata": True}
    ordered = [FILES[1], FILES[0]]
    assert files_of(run, hash_).json() == {"files": ordered}
    # Made again, by another run, it has its files already.
    assert create(make_run(run.client), hash_, size=3).json() == received


def test_a_list_that_is_sent_again_changes_nothing(run: Run) -> None:
    hash_ = hash_of(FILES[2:])
    create(run, hash_)
    upload(run, hash_, body(FILES[2:]))
    assert upload(run, hash_, body(FILES)).json()["receivedMetadata"] is True
    assert files_of(run, hash_).json() == body(FILES[2:])


def test_a_version_is_the_artifact_of_all_its_files(run: Run) -> None:
    first = hash_of(FILES[:1])
    create(run, first)
    upload(run, first, body(FILES[:1]))
    newer = [file("b/ü.txt", "dd", 5), FILES[1]]
    params = PROJECT | {"hash": first, "parentIdentifier": run.id}
    for _ in range(2):
        made = run.client.post(PATH, params=params, json=body(newer)).json()
        assert made["artifactHash"] == hash_of(newer)
        assert (made["size"], made["receivedMetadata"]) == (5, True)
    assert len(files_of(run, hash_of(newer)).json()["files"]) == 2
    assert files_of(run, first).json() == body(FILES[:1])
    made = run.client.post(PATH, params=params, json=body(FILES[2:])).json()
    assert made["artifactHash"] == hash_of([FILES[0], FILES[2]])
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
    hash_ = hash_of(FILES)
    create(run, hash_)
    assert upload(run, hash_, content).status_code == 400
    assert files_of(run, hash_).json() == {"files": []}


def test_a_wrong_hash_or_size_is_refused(run: Run) -> None:
    for hash_, size in (("", 1), ("x" * 65, 1), ("x", -1), ("x", 2**63), ("x", "y")):
        assert create(run, hash_, size=size).status_code == 400


def test_mlflow_shows_an_artifact_as_a_data_set(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        run = make_run(client)
        hash_ = hash_of(FILES)
        create(run, hash_)
        assert run.send(do("data/train", "assignArtifact", hash=hash_)) == []
        inputs = MlflowClient(server.url).get_run(run.id.replace("-", "")).inputs.dataset_inputs
        found = [(i.dataset.name, i.dataset.digest) for i in inputs]
        assert found == [("data/train", hash_[:36])]


CODE = """
import json, os, sys
import neptune

os.chdir(sys.argv[1])
run = neptune.init_run(capture_stdout=False, capture_stderr=False, source_files=[])
run["whole"].track_files("data")
run["part"].track_files("data/a.txt")
run.wait()
run["part"].track_files("data/b", destination="b")
run["copy"] = run["whole"].fetch()
run.wait()
found = {}
for name in ("whole", "part", "copy"):
    files = sorted((f.file_path, f.size, f.file_hash) for f in run[name].fetch_files_list())
    found[name] = {"hash": run[name].fetch_hash(), "files": files}
run["whole"].download("got")
run.stop()
print(json.dumps(found))
"""


def test_the_client_tracks_files(
    server: Server, script: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "data" / "b").mkdir(parents=True)
    (tmp_path / "data" / "a.txt").write_text("first")
    (tmp_path / "data" / "b" / "c.txt").write_text("second")
    told = json.loads(script(CODE, str(tmp_path)).communicate()[0].splitlines()[-1])
    assert [(name, size) for name, size, _ in told["whole"]["files"]] == [
        ("a.txt", len("first")),
        ("b/c.txt", len("second")),
    ]
    assert told["whole"] == told["part"] == told["copy"]
    assert (tmp_path / "got" / "b" / "c.txt").read_text() == "second"
