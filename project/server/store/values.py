"""What stands in a row: a project, a container, one that is to be made, an attribute.

They know nothing of requests, of answers or of how they are found, so that all may name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Project:
    """One project."""

    id: str
    workspace: str
    name: str
    key: str
    visibility: str
    description: str
    experiment_id: int
    created: int

    @property
    def qualified(self) -> str:
        """Its name with the workspace's, which is the name of its MLflow experiment."""
        return f"{self.workspace}/{self.name}"


@dataclass(frozen=True)
class Container:
    """One container, as it is now.

    Attributes:
        id: a uuid with dashes; a project's own container has the project's.
        run_uuid: the id of its MLflow run, the same without dashes.
        type: run, project, model or modelVersion.
        short_id: such as RUN-1, RUN-KEY of a model and RUN-KEY-1 of its version.
        custom_id: what the client calls it.
        parent_id: the model's of a version, else the project's.
        trashed: whether its MLflow run is deleted, which can be undone.
        workspace, project_name: its project's.
        experiment_id: the number of its MLflow experiment.
        artifact_uri: where its files are, as MLflow gives it.
    """

    id: str
    run_uuid: str
    project_id: str
    type: str
    short_id: str
    custom_id: str | None
    parent_id: str | None
    trashed: bool
    workspace: str
    project_name: str
    experiment_id: int
    artifact_uri: str


@dataclass(frozen=True)
class New:
    """What is known of a container before it is there.

    Attributes:
        type: run, project, model or modelVersion.
        short_id: such as RUN-1.
        owner: the account that makes it.
        created: unix milliseconds.
        custom_id: of a run, where its client gives one.
        parent: (id, short id) of a version's model.
        git: a run's gitRef.
    """

    type: str
    short_id: str
    owner: str
    created: int
    custom_id: str | None = None
    parent: tuple[str, str] | None = None
    git: dict[str, Any] | None = None


@dataclass
class Row:
    """An attribute's row; what is changed in it is written when its `Attributes` are."""

    path: str
    type: str
    key: str | None = None
    shown_as: str | None = None
    text: str | None = None
    number: float | None = None
    step: float | None = None
    length: int | None = None
