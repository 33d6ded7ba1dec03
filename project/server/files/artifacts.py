"""Artifacts: files that are tracked by their hashes while they stay where they are.

An artifact belongs to a project and is named by the hash of its list of files; the list is sent
after it, or put together here from a known artifact's and new files.
"""

from __future__ import annotations

from typing import TypedDict

import orjson
import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import Body, operation
from project.server.containers import containers
from project.server.errors import bad_request, not_found
from project.server.files.tracked_files import ArtifactFile, ArtifactFiles, checked, hash_of
from project.server.ingestion.values import INT64
from project.server.store.tables import artifact_files, artifacts
from project.server.workspaces import projects

PATH = "/api/artifacts/v1/artifact"


class Artifact(TypedDict):
    """An artifact; its size in bytes, if that is known of all its files."""

    artifactHash: str
    projectId: str
    receivedMetadata: bool
    size: int | None


@operation("artifacts", "PUT", PATH, "createNewArtifact")
def create(
    context: Context,
    projectIdentifier: str,
    hash: str,
    parentIdentifier: str,
    size: int | None = None,
) -> Artifact:
    """The artifact of this hash, made if it isn't there."""
    if not 0 < len(hash) <= 64 or (size is not None and not 0 <= size < INT64.stop):
        raise bad_request("an artifact needs a hash of at most 64 characters, and no such size")
    project_id = _project(context, projectIdentifier, parentIdentifier)
    row = {"project_id": project_id, "hash": hash, "size": size, "received": False}
    with context.database.write() as connection:
        insert = context.database.insert(artifacts).values(row)
        connection.execute(insert.on_conflict_do_nothing())
        return _artifact(connection, project_id, hash)


@operation("artifacts", "PUT", f"{PATH}/files", "uploadArtifactFilesMetadata")
def upload_files(
    context: Context, projectIdentifier: str, hash: str, artifactFilesDTO: Body
) -> Artifact:
    """The list of an artifact's files; once it has one, that is for good, as the hash says."""
    files = checked(artifactFilesDTO)
    project_id = projects.find(context, projectIdentifier, Role.MEMBER).id
    with context.database.write() as connection:
        return _receive(context, connection, project_id, hash, files)


@operation("artifacts", "POST", PATH, "createArtifactVersion")
def create_version(
    context: Context,
    projectIdentifier: str,
    hash: str,
    parentIdentifier: str,
    artifactFilesDTO: Body,
) -> Artifact:
    """The artifact of another one's files and these, which replace those of the same path."""
    files = checked(artifactFilesDTO)
    project_id = _project(context, projectIdentifier, parentIdentifier)
    with context.database.write() as connection:
        _artifact(connection, project_id, hash)
        known = {file["filePath"]: file for file in _files(connection, project_id, hash)}
        merged = [*(known | {file["filePath"]: file for file in files}).values()]
        sizes = [file["size"] for file in merged]
        row = {"project_id": project_id, "hash": hash_of(merged), "received": False}
        row["size"] = None if None in sizes else sum(sizes)
        insert = context.database.insert(artifacts).values(row)
        connection.execute(insert.on_conflict_do_nothing())
        return _receive(context, connection, project_id, row["hash"], merged)


@operation("artifacts", "GET", f"{PATH}/files", "listArtifactFiles")
def list_files(context: Context, projectIdentifier: str, hash: str) -> ArtifactFiles:
    """The files of an artifact."""
    project_id = projects.find(context, projectIdentifier, Role.VIEWER).id
    with context.database.read() as connection:
        _artifact(connection, project_id, hash)
        return {"files": _files(connection, project_id, hash)}


def _project(context: Context, project: str, parent: str) -> str:
    """The project's id, of which the container `parent` must be."""
    found = projects.find(context, project, Role.MEMBER)
    if containers.find(context, parent, Role.MEMBER).project_id != found.id:
        raise not_found("EXPERIMENT_NOT_FOUND", f"there is no {parent[:200]!r} in the project")
    return found.id


def _receive(
    context: Context,
    connection: sa.Connection,
    project_id: str,
    hash: str,
    files: list[ArtifactFile],
) -> Artifact:
    """Keep the list of files of an artifact that has none yet."""
    context.database.lock_container(connection, f"{project_id}/{hash}")
    found = _artifact(connection, project_id, hash)
    if found["receivedMetadata"]:
        return found
    ordered = sorted(files, key=lambda file: file["filePath"])
    rows = [
        {
            "project_id": project_id,
            "hash": hash,
            "number": number,
            "file": orjson.dumps(file).decode(),
        }
        for number, file in enumerate(ordered)
    ]
    if rows:
        connection.execute(artifact_files.insert(), rows)
    here = (artifacts.c.project_id == project_id) & (artifacts.c.hash == hash)
    connection.execute(artifacts.update().where(here).values(received=True))
    return {**found, "receivedMetadata": True}


def _artifact(connection: sa.Connection, project_id: str, hash: str) -> Artifact:
    here = (artifacts.c.project_id == project_id) & (artifacts.c.hash == hash)
    row = connection.execute(sa.select(artifacts.c.received, artifacts.c.size).where(here)).first()
    if row is None:
        raise not_found("ARTIFACT_NOT_FOUND", f"there is no artifact {hash[:64]!r}")
    return {
        "artifactHash": hash,
        "projectId": project_id,
        "receivedMetadata": row.received,
        "size": row.size,
    }


def _files(connection: sa.Connection, project_id: str, hash: str) -> list[ArtifactFile]:
    here = (artifact_files.c.project_id == project_id) & (artifact_files.c.hash == hash)
    query = sa.select(artifact_files.c.file).where(here).order_by(artifact_files.c.number)
    return [orjson.loads(text) for text in connection.execute(query).scalars()]
