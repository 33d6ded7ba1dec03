"""What the API answers about projects and containers, as JSON objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict


class Project(TypedDict):
    """A project."""

    id: str
    name: str
    organizationName: str
    organizationId: str
    projectKey: str
    version: int
    visibility: str
    description: str
    timeOfCreation: datetime


class ProjectList(TypedDict):
    """Some of the projects that an account may see."""

    entries: list[Project]
    matchingItemCount: int
    totalItemCount: int


class Experiment(TypedDict):
    """A container: a run, a model, a model version or a project's own."""

    id: str
    type: str
    shortId: str
    organizationName: str
    organizationId: str
    projectName: str
    projectId: str
    parentId: str
    trashed: bool


class CommitDate(TypedDict):
    """Of a commit, the one field that the client can't send without knowing its type."""

    commitDate: datetime | None


class GitInfo(TypedDict):
    """The state of a client's code."""

    commit: CommitDate


class CreationParams(TypedDict):
    """What a client asks for; further fields are sent as they are."""

    gitInfo: GitInfo


class BulkError(TypedDict):
    """Why one of many containers stayed as it was."""

    experimentIdentifier: str
    reason: str
    message: str


class BulkResult(TypedDict):
    """What a request about many containers has done."""

    errors: list[BulkError]
    updatedExperimentIdentifiers: list[str]


class Problem(TypedDict, total=False):
    """What an error answers."""

    code: int
    errorType: str
    title: str
    validationErrors: list[Any]
