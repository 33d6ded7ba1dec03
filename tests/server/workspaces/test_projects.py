"""Projects: found, listed, made and deleted, in Neptune's view and in MLflow's."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from project.server.api.access import Account, Role
from project.server.errors import ApiError
from project.server.workspaces import projects

ROOT = "/api/backend/v1/projects"


@pytest.fixture(scope="module")
def store(application: Any) -> SqlAlchemyStore:
    """MLflow's own view of the application's store."""
    made = SqlAlchemyStore(application_settings(application).store, "mlflow-artifacts:/")
    yield made
    made.engine.dispose()


def application_settings(application: Any) -> Any:
    from project.server.settings import Settings

    return Settings.from_environment()


def fresh() -> str:
    return f"p-{uuid.uuid4().hex[:12]}"


def make(client: Any, **fields: Any) -> Any:
    body = {"organizationId": "local", **fields}
    return client.post(ROOT, json=body)


def get(client: Any, identifier: str) -> Any:
    return client.get(f"{ROOT}/get", params={"projectIdentifier": identifier})


def test_a_project_is_found_by_its_id_and_its_name(client: Any, store: SqlAlchemyStore) -> None:
    name = fresh()
    fields = {"projectKey": "CLS", "description": "why", "visibility": "workspace"}
    made = make(client, name=name, **fields).json()
    assert made == get(client, f"local/{name}").json() == get(client, made["id"]).json()
    assert (made["name"], made["organizationName"], made["version"]) == (name, "local", 2)
    assert (made["projectKey"], made["visibility"]) == ("CLS", "workspace")
    experiment = store.get_experiment_by_name(f"local/{name}")
    assert experiment.lifecycle_stage == "active"
    assert experiment.artifact_location == f"mlflow-artifacts:/{experiment.experiment_id}"
    assert store.get_experiment_by_name(f"local/{name} models") is None


def test_projects_are_listed_and_searched(client: Any) -> None:
    names = sorted(fresh() for _ in range(3))
    for name in names:
        make(client, name=name)
    everything = client.get(ROOT).json()
    assert set(names) <= {project["name"] for project in everything["entries"]}
    assert everything["totalItemCount"] == len(everything["entries"])
    found = client.get(ROOT, params={"searchTerm": names[0].upper()}).json()
    assert [project["name"] for project in found["entries"]] == [names[0]]
    assert found["matchingItemCount"] == 1
    page = client.get(ROOT, params={"limit": 2, "offset": 1}).json()["entries"]
    assert page == everything["entries"][1:3]
    assert client.get(ROOT, params={"organizationIdentifier": "other"}).json()["entries"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": ""},
        {"name": "../x"},
        {"name": "a/b"},
        {"name": "x\0"},
        {"name": 3},
        {"name": "n" * 101},
        {"name": "ok", "projectKey": "lower"},
        {"name": "ok", "projectKey": "12"},
        {"name": "ok", "visibility": "all"},
        {"name": "ok", "description": ["x"]},
    ],
)
def test_what_is_no_project_is_refused(client: Any, fields: dict[str, Any]) -> None:
    answer = make(client, **fields)
    assert answer.status_code == 400
    assert answer.json()["validationErrors"][0]["errors"][0]["errorCode"]["name"] == "ERR_INVALID"


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"', "{", ""])
def test_a_malformed_body_is_refused(client: Any, body: str) -> None:
    assert client.post(ROOT, content=body).status_code == 400


def test_a_name_is_taken_once(client: Any, store: SqlAlchemyStore) -> None:
    name, direct = fresh(), fresh()
    store.create_experiment(f"local/{direct}")
    make(client, name=name)
    for taken in (name, direct):
        answer = make(client, name=taken)
        assert answer.status_code == 400
        code = answer.json()["validationErrors"][0]["errors"][0]["errorCode"]["name"]
        assert code == "ERR_NOT_UNIQUE"
    assert make(client, name=fresh(), organizationId="elsewhere").status_code == 404


def test_many_that_make_the_default_project_at_once_make_one(
    application: Any, context_of: Any
) -> None:
    contexts = [context_of(application_settings(application)) for _ in range(4)]
    name = fresh()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda c: projects.create(c.database, "local", name), contexts))
    assert len({project.id for project in made}) == 1


def test_the_server_adopts_an_experiment_that_was_logged_to_directly(
    application: Any, context_of: Any, store: SqlAlchemyStore
) -> None:
    context, name = context_of(application_settings(application)), fresh()
    number = int(store.create_experiment(f"local/{name}", "s3://bucket/there"))
    assert projects.create(context.database, "local", name).experiment_id == number
    assert store.get_experiment(number).artifact_location == "s3://bucket/there"


def test_an_experiment_deleted_in_mlflow_is_gone_until_it_is_restored(
    client: Any, store: SqlAlchemyStore
) -> None:
    name = fresh()
    made = make(client, name=name).json()
    number = store.get_experiment_by_name(f"local/{name}").experiment_id
    store.delete_experiment(number)
    creation = {"projectIdentifier": made["id"], "type": "run"}
    refused = [
        get(client, made["id"]),
        client.post("/api/leaderboard/v1/experiments", json=creation),
    ]
    for answer in refused:
        assert answer.status_code == 410
        assert f"mlflow experiments restore --experiment-id {number}" in answer.json()["title"]
    listed = client.get(ROOT, params={"searchTerm": name}).json()
    assert listed["entries"] == []
    store.restore_experiment(number)
    assert get(client, made["id"]).json() == made


def test_an_experiment_that_mlflow_has_removed_for_good_leaves_its_name_free(
    client: Any, store: SqlAlchemyStore
) -> None:
    name = fresh()
    former = make(client, name=name).json()
    number = store.get_experiment_by_name(f"local/{name}").experiment_id
    store.delete_experiment(number)
    store._hard_delete_experiment(number)  # as `mlflow gc` does
    assert get(client, former["id"]).status_code == 404
    # SQLite gives the number to the next experiment, which is nobody's project.
    store.create_experiment(fresh())
    assert get(client, former["id"]).status_code == 404
    assert make(client, name=name).json()["id"] != former["id"]


def test_accounts_see_only_their_projects(client: Any, application: Any, context_of: Any) -> None:
    mine, theirs = (make(client, name=fresh()).json()["id"] for _ in range(2))
    account = Account("me", roles={mine: Role.VIEWER})
    context = context_of(application_settings(application), account)
    assert projects.find(context, mine, Role.VIEWER).id == mine
    assert [project.id for project in projects.visible(context)] == [mine]
    with pytest.raises(ApiError) as unseen:
        projects.find(context, theirs, Role.VIEWER)
    with pytest.raises(ApiError) as missing:
        projects.find(context, str(uuid.uuid4()), Role.VIEWER)
    assert unseen.value.status == missing.value.status == 404
    assert unseen.value.kind == missing.value.kind == "PROJECT_NOT_FOUND"
    with pytest.raises(ApiError) as less:
        projects.find(context, mine, Role.MEMBER)
    assert (less.value.status, less.value.kind) == (403, "ACCESS_DENIED")


CLIENT = """
import json, sys
from neptune import management
from neptune.management.exceptions import ProjectAlreadyExists, ProjectNotFound
name, said = sys.argv[1], {}
said["made"] = management.create_project(name, workspace="local", key="NEW")
try:
    management.create_project(name, workspace="local")
except ProjectAlreadyExists:
    said["again"] = "refused"
said["listed"] = f"local/{name}" in management.get_project_list()
management.delete_project(f"local/{name}")
said["after"] = f"local/{name}" in management.get_project_list()
try:
    management.delete_project(f"local/{name}")
except ProjectNotFound:
    said["twice"] = "not found"
said["anew"] = management.create_project(name, workspace="local")
print(json.dumps(said))
"""


def test_the_client_makes_and_deletes_projects(script: Any) -> None:
    name = fresh()
    output, _ = script(CLIENT, name).communicate()
    assert json.loads(output.splitlines()[-1]) == {
        "made": f"local/{name}",
        "again": "refused",
        "listed": True,
        "after": False,
        "twice": "not found",
        "anew": f"local/{name}",
    }, output
