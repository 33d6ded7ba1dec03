"""Runs of a team's members go to the server through MLflow, into the projects that are theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from project.server.api.access import Role
from project.server.auth import accounts
from project.server.workspaces import projects
from project.tracking.follower import Follower
from project.tracking.mlflow.fetch import fetch
from tests.server.guarded import ONE, TWO, Guarded
from tests.tracking.runs import finish, log, make_run

HINT = "choose one of firm/two by MLFLOW_EXPERIMENT_NAME"


class Member:
    """A person of the server's, as MLflow's variables say who it is."""

    def __init__(self, guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
        self._guarded, self._patch = guarded, monkeypatch
        for name in ("MLFLOW_EXPERIMENT_NAME", "NEPTUNE_PROJECT", "MLFLOW_TRACKING_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def be(self, name: str, key: str | None = None, path: str = "", **chosen: str) -> None:
        given = {"URI": self._guarded.server.url + path, "USERNAME": name}
        given |= {"PASSWORD": key or self._guarded.keys[name]}
        for variable, value in given.items():
            self._patch.setenv(f"MLFLOW_TRACKING_{variable}", value)
        for variable, value in chosen.items():
            self._patch.setenv(variable, value)


@pytest.fixture
def member(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> Member:
    return Member(guarded, monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made = make_run(tmp_path / "experiments")
    log(made, ({"train_loss": 0.5}, 1))
    finish(made)
    return made


def send(run: Path) -> dict[str, str]:
    """Send the run as a follower does; what it remembers of it."""
    with Follower(run, "mlflow") as follower:
        follower.catch_up(ended=True)
        return follower.state.remote


def refused(run: Path) -> str:
    with pytest.raises(ValueError) as error:
        send(run)
    # So that a follower says it once, and ends.
    assert type(error.value) is ValueError
    return str(error.value)


def number(guarded: Guarded, name: str) -> str:
    """Of the project's experiment."""
    return str(projects.create(guarded.database, *name.split("/")).experiment_id)


def test_a_members_run_goes_into_the_only_project_there_is(
    guarded: Guarded, member: Member, run: Path, tmp_path: Path
) -> None:
    member.be("alice")
    remote = send(run)
    assert remote["experiment"] == number(guarded, ONE)
    assert send(run) == remote
    # It is found again by its id, with all that was sent.
    (tmp_path / "back").mkdir()
    back = fetch(remote["id"], tmp_path / "back", run.parents[1], None)
    assert (back / "record.json").read_bytes() == (run / "record.json").read_bytes()
    assert json.loads((back / "journal.jsonl").read_text())["metrics"] == {"train_loss": 0.5}
    with guarded.client("alice") as client:
        assert remote["id"] in client.get("/compare/api/list").text


def test_of_several_projects_a_variable_chooses(
    guarded: Guarded, member: Member, run: Path
) -> None:
    other = projects.create(guarded.database, "lab", "three")
    with guarded.database.write() as connection:
        accounts.join(guarded.database, connection, other.id, "max", Role.MEMBER)
    member.be("max")
    assert "choose one of lab/one, lab/three by MLFLOW_EXPERIMENT_NAME" in refused(run)
    member.be("max", NEPTUNE_PROJECT="lab/three")
    assert send(run)["experiment"] == str(other.experiment_id)


def test_mlflows_own_variable_names_the_experiment(
    guarded: Guarded, member: Member, run: Path
) -> None:
    member.be("bob", MLFLOW_EXPERIMENT_NAME=ONE)
    assert HINT in refused(run)
    member.be("bob", MLFLOW_EXPERIMENT_NAME=TWO)
    assert send(run)["experiment"] == number(guarded, TWO)
    # Whoever may make experiments gets the one that is named.
    (run / "tracking" / "mlflow.json").unlink()
    member.be("root", MLFLOW_EXPERIMENT_NAME="a name of root's")
    assert send(run)["experiment"] not in {number(guarded, ONE), number(guarded, TWO)}


def test_a_refusal_is_one_that_no_later_try_would_mend(
    guarded: Guarded, member: Member, run: Path
) -> None:
    member.be("robot")
    assert "has no project there: have an admin run" in refused(run)
    member.be("vera")
    assert "the MLflow server refuses it (" in refused(run)
    member.be("alice", key="wrong")
    assert "doesn't know this account: set MLFLOW_TRACKING_USERNAME" in refused(run)
    member.be("root", path="/nowhere")
    assert "MLFLOW_TRACKING_URI is no MLflow server (404)" in refused(run)
    # The run is kept, and a later sync sends it.
    member.be("alice")
    assert send(run)["experiment"] == number(guarded, ONE)
