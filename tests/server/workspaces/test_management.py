"""The client's management functions: workspaces, members and service accounts of projects."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.server.guarded import ONE, TWO, Guarded, guarded_server

DRIVER = Path(__file__).with_name("management_driver.py")


@pytest.fixture(scope="module")
def own(store_folder: Callable[[str], Path]) -> Iterator[Guarded]:
    """A server for this file alone: it changes who may what."""
    with guarded_server(store_folder("management")) as started:
        yield started


@pytest.fixture(scope="module")
def told(own: Guarded) -> dict[str, Any]:
    """What the client's functions gave."""
    tokens = json.dumps({name: own.token(name) for name in own.keys})
    return json.loads(forks.told([DRIVER], own.server.environment | {"TOKENS": tokens}))


def test_a_workspace_is_seen_by_those_in_it(told: dict[str, Any]) -> None:
    found = told["workspaces"]
    people = dict.fromkeys(("alice", "max", "vera"), "member")
    assert found["people"] == people | {"root": "admin"}
    assert found["machines"] == {"robot": "member"}
    assert found["others"] == "WorkspaceNotFound"
    status = found["status"]
    assert status["storageBytesLimit"] >= status["storageBytesAvailable"] > 0
    assert (status["activeProjectsUsage"], status["membersCount"]) == (1, 4)


def test_members_and_machines_come_and_go(told: dict[str, Any]) -> None:
    found = told["members"]
    assert found["made"] == "lab/new"
    assert found["before"] == [TWO] and found["bob"] == [TWO]
    during = found["during"]
    assert during["people"] == {"alice": "owner", "bob": "contributor"}
    assert during["machines"] == {"robot": "viewer"}
    assert sorted(during["bob"]) == [TWO, "lab/new"]
    assert during["again"] == "UserAlreadyHasAccess"
    assert found["people"] == {"alice": "owner"} and found["machines"] == {}
    assert found["twice"] == "UserNotExistsOrWithoutAccess"
    assert found["unknown machine"] == "ServiceAccountNotFound"


def test_a_shared_project_is_everyones_in_the_workspace(told: dict[str, Any]) -> None:
    found = told["shared"]
    assert sorted(found["vera"]) == [ONE, "lab/shared"] and found["bob"] == [TWO]
    assert found["people"]["vera"] == "owner" and "bob" not in found["people"]


def test_invitations_are_for_accounts_that_are_there(told: dict[str, Any]) -> None:
    found = told["invitations"]
    assert found["known"] == "UserAlreadyInvited"
    assert found["nobody"] == found["nowhere"] == "WorkspaceOrUserNotFound"
    assert sorted(found["bob"]) == [TWO, "lab/new", ONE, "lab/shared"]


@pytest.mark.parametrize(
    "member",
    [None, [], {}, {"userId": 1, "role": "viewer"}, {"userId": "bob", "role": "boss"}]
    + [{"userId": "\0", "role": "viewer"}, {"userId": "bob", "role": ["viewer"]}],
)
def test_malformed_members_are_bad_requests(own: Guarded, member: Any) -> None:
    with own.client("max") as client:
        params = {"projectIdentifier": ONE}
        answer = client.post("/api/backend/v1/projects/members", params=params, json=member)
    assert answer.status_code == 400 and answer.json()["title"]


def test_an_unknown_person_is_told_apart_from_an_unknown_project(own: Guarded) -> None:
    with own.client("max") as client:
        body = {"userId": "nobody", "role": "viewer"}
        params = {"projectIdentifier": ONE}
        answer = client.post("/api/backend/v1/projects/members", params=params, json=body)
    assert answer.status_code == 422 and "no account 'nobody'" in answer.json()["title"]
