"""Lists of tracked files: what a request must hold, and the hash of one."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, TypedDict

from project.server.errors import bad_request
from project.server.ingestion.values import INT64


class Metadata(TypedDict):
    """One of a file's own facts, such as its address."""

    key: str
    value: str


class ArtifactFile(TypedDict):
    """One file of an artifact."""

    filePath: str
    fileHash: str
    type: str
    size: int | None
    metadata: list[Metadata]


class ArtifactFiles(TypedDict):
    """All files of an artifact, by path."""

    files: list[ArtifactFile]


def hash_of(files: Iterable[ArtifactFile]) -> str:
    """The hash of a list of files: what Neptune's client computes without their metadata."""
    digest = sha256()
    for file in sorted(files, key=lambda file: file["filePath"]):
        digest.update(b"#" + len(file["filePath"]).to_bytes(4) + file["filePath"].encode())
        digest.update(b"#" + file["fileHash"].encode() + b"#")
        if file["size"] is not None:
            digest.update(file["size"].to_bytes(8))
        digest.update(b"#" + len(file["type"]).to_bytes(4) + file["type"].encode())
    return digest.hexdigest()


def checked(content: Any) -> list[ArtifactFile]:
    """The files of a request's body.

    Raises:
        ApiError: 400, it is no list of files.
    """
    if type(content) is not dict or type(content.get("files")) is not list:
        raise bad_request("the body is an object with a list of files")
    return [_file(item) for item in content["files"]]


def _file(item: Any) -> ArtifactFile:
    if type(item) is not dict:
        raise bad_request("a file is an object")
    texts = {key: item.get(key) for key in ("filePath", "fileHash", "type")}
    if any(type(value) is not str or "\0" in value for value in texts.values()):
        raise bad_request("a file has the strings filePath, fileHash and type")
    size, metadata = item.get("size"), item.get("metadata") or []
    if size is not None and (type(size) is not int or not 0 <= size < INT64.stop):
        raise bad_request(f"size: {str(size)[:50]!r} is no number of bytes")
    if type(metadata) is not list or any(not _is_fact(fact) for fact in metadata):
        raise bad_request("metadata is a list of objects with the strings key and value")
    return {
        **texts,
        "size": size,
        "metadata": [{k: f[k] for k in ("key", "value")} for f in metadata],
    }


def _is_fact(fact: Any) -> bool:
    return type(fact) is dict and all(
        type(fact.get(key)) is str and "\0" not in fact[key] for key in ("key", "value")
    )
