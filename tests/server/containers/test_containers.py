"""Runs, models and model versions: made once, found, and the same in MLflow's view."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest
from mlflow.entities import ViewType
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from project.server.api.access import Account, Role
from project.server.containers import containers, creation
from project.server.errors import ApiError
from project.server.settings import Settings
from project.server.workspaces import projects

ROOT = "/api/leaderboard/v1/experiments"
GIT = {
    "commit": {
        "commitId": "abc123",
        "message": "Add a layer",
        "authorName": "A",
        "authorEmail": "a@example.org",
        "commitDate": "2026-11-20T10:00:00+01:00",
    },
    "repositoryDirty": True,
    "currentBranch": "main",
    "remotes": ["https://user:" "secret@example.org/a.git", "git@example.org:a.git"],
}


@pytest.fixture(scope="module")
def store(application: Any) -> SqlAlchemyStore:
    """MLflow's own view of the application's store."""
    made = SqlAlchemyStore(Settings.from_environment().store, "mlflow-artifacts:/")
    yield made
    made.engine.dispose()


@pytest.fixture
def project(client: Any) -> dict[str, Any]:
    """A project of the test's own, whose key is KEY."""
    name = f"c-{uuid.uuid4().hex[:12]}"
    body = {"organizationId": "local", "name": name, "projectKey": "KEY"}
    return client.post("/api/backend/v1/projects", json=body).json()


def make(client: Any, project: dict[str, Any], type_: str = "run", **fields: Any) -> Any:
    body = {"projectIdentifier": project["id"], "parentId": project["id"], "type": type_, **fields}
    return client.post(ROOT, json=body)


def get(client: Any, identifier: str) -> Any:
    return client.get(ROOT, params={"experimentId": identifier})


def attributes(client: Any, identifier: str) -> dict[str, Any]:
    """Value (or all properties where there is none) by path."""
    address = "/api/leaderboard/v1/attributes"
    answer = client.get(address, params={"experimentId": identifier}).json()
    properties = {a["name"]: a[f"{a['type']}Properties"] for a in answer["attributes"]}
    return {name: p.get("value", p.get("values", p)) for name, p in properties.items()}


def test_a_run_is_found_and_has_its_sys_attributes(client: Any, project: dict[str, Any]) -> None:
    run = make(client, project, customId="mine").json()
    qualified = f"local/{project['name']}/KEY-1"
    assert run == get(client, run["id"]).json() == get(client, qualified).json()
    assert run | {"id": ""} == {
        "id": "",
        "type": "run",
        "shortId": "KEY-1",
        "organizationName": "local",
        "organizationId": project["organizationId"],
        "projectName": project["name"],
        "projectId": project["id"],
        "parentId": project["id"],
        "trashed": False,
    }
    found = attributes(client, run["id"])
    times = {found.pop(f"sys/{name}_time") for name in ("creation", "modification", "ping")}
    assert len(times) == 1
    assert found == {
        "sys/id": "KEY-1",
        "sys/name": "KEY-1",
        "sys/owner": "local",
        "sys/custom_run_id": "mine",
        "sys/state": "running",
        "sys/failed": False,
        "sys/trashed": False,
        "sys/tags": [],
        "sys/group_tags": [],
        "sys/size": 0,
        "sys/running_time": 0,
        "sys/monitoring_time": 0,
    }


def test_mlflow_shows_the_run(client: Any, project: dict[str, Any], store: SqlAlchemyStore) -> None:
    made = make(client, project, customId="mine", gitInfo=GIT).json()
    run = store.get_run(made["id"].replace("-", ""))
    experiment = store.get_experiment_by_name(f"local/{project['name']}")
    assert run.info.experiment_id == experiment.experiment_id
    assert (run.info.run_name, run.info.status, run.info.user_id) == ("KEY-1", "RUNNING", "local")
    assert run.info.artifact_uri == f"{experiment.artifact_location}/{run.info.run_id}/artifacts"
    assert run.data.tags == {
        "mlflow.runName": "KEY-1",
        "mlflow.user": "local",
        "neptune.id": "KEY-1",
        "neptune.type": "run",
        "neptune.custom_run_id": "mine",
        "status": "running",
        "git_sha": "abc123",
        "git_dirty": "true",
        "mlflow.source.git.commit": "abc123",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://example.org/a.git",
    }


def test_the_code_is_kept_without_credentials(client: Any, project: dict[str, Any]) -> None:
    run = make(client, project, gitInfo=GIT).json()
    found = attributes(client, run["id"])["source_code/git"]
    assert found["commit"] == GIT["commit"]
    assert found["repositoryDirty"] is True
    assert found["remotes"] == ["https://example.org/a.git", "git@example.org:a.git"]


def test_a_custom_id_is_one_run_for_all_who_make_it_at_once(server: Any, context_of: Any) -> None:
    context, custom_id = context_of(server.settings), uuid.uuid4().hex
    params = {"projectIdentifier": server.project, "type": "run", "customId": custom_id}
    others = make_http(server)

    def worker(_: int) -> str:
        return creation.create_experiment(context, params)["id"]

    def request(_: int) -> str:
        return others.post(ROOT, json=params).json()["id"]

    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(do, n) for n in range(6) for do in (worker, request)]
        assert len({item.result() for item in made}) == 1
    others.close()


def test_runs_made_at_once_get_numbers_of_their_own(server: Any, context_of: Any) -> None:
    context = context_of(server.settings)
    params = {"projectIdentifier": server.project, "type": "run"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: creation.create_experiment(context, params), range(16)))
    assert len({run["shortId"] for run in made}) == 16


def make_http(server: Any) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False, timeout=60)


def test_models_have_keys_and_versions_numbers(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore
) -> None:
    model = make(client, project, "model", key="TREE").json()
    assert (model["shortId"], model["parentId"]) == ("KEY-TREE", project["id"])
    again = make(client, project, "model", key="TREE")
    assert (again.status_code, again.json()["errorType"]) == (409, "CONFLICT")
    versions = [make(client, project, "modelVersion", parentId=model["id"]) for _ in range(2)]
    assert [v.json()["shortId"] for v in versions] == ["KEY-TREE-1", "KEY-TREE-2"]
    assert [v.json()["parentId"] for v in versions] == [model["id"]] * 2
    found = attributes(client, versions[0].json()["id"])
    assert (found["sys/model_id"], found["sys/stage"]) == ("KEY-TREE", "none")
    runs = store.get_experiment_by_name(f"local/{project['name']}").experiment_id
    models = store.get_experiment_by_name(f"local/{project['name']} models").experiment_id
    assert store.search_runs([runs], "", ViewType.ALL) == []
    assert len(store.search_runs([models], "", ViewType.ALL)) == 3


def test_the_number_of_a_deleted_version_is_not_given_again(
    client: Any, project: dict[str, Any]
) -> None:
    model = make(client, project, "model", key="TREE").json()
    first = make(client, project, "modelVersion", parentId=model["id"]).json()
    for action in ("trash", "trash/delete"):
        address = f"{ROOT}/{action}?projectIdentifier={project['id']}"
        assert client.post(address, json=[first["id"]]).json()["errors"] == []
    second = make(client, project, "modelVersion", parentId=model["id"]).json()
    assert second["shortId"] == "KEY-TREE-2"


@pytest.mark.parametrize(
    "fields, status",
    [
        ({"type": "project"}, 400),
        ({"type": 3}, 400),
        ({"customId": "x\0"}, 400),
        ({"customId": ["x"]}, 400),
        ({"customId": "x" * 251}, 400),
        ({"type": "model"}, 400),
        ({"type": "model", "key": "tree"}, 400),
        ({"type": "model", "key": "1"}, 400),
        ({"type": "modelVersion"}, 404),
        ({"type": "modelVersion", "parentId": "nothing"}, 404),
        ({"projectIdentifier": "local/nothing"}, 404),
        ({"projectIdentifier": None}, 404),
        ({"gitInfo": "x"}, 400),
        ({"gitInfo": {}}, 400),
        ({"gitInfo": {"commit": {"commitId": 1}}}, 400),
        ({"gitInfo": {"commit": {"commitDate": "tomorrow"}}}, 400),
        ({"gitInfo": {"commit": {}, "repositoryDirty": "no"}}, 400),
        ({"gitInfo": {"commit": {}, "remotes": "x"}}, 400),
        ({"gitInfo": {"commit": {}, "remotes": [1]}}, 400),
        ({"gitInfo": {"commit": {}, "currentBranch": {}}}, 400),
    ],
)
def test_what_is_no_container_is_refused(
    client: Any, project: dict[str, Any], fields: dict[str, Any], status: int
) -> None:
    answer = make(client, project, **fields)
    assert answer.status_code == status
    assert answer.json()["title"]
    assert get(client, f"local/{project['name']}/KEY-1").status_code == 404


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"', "{", "", '{"type": "run"}'])
def test_a_malformed_body_is_refused(client: Any, body: str) -> None:
    assert client.post(ROOT, content=body).status_code in (400, 404)


def test_models_of_an_experiment_deleted_in_mlflow_are_refused(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore
) -> None:
    make(client, project, "model", key="A")
    number = store.get_experiment_by_name(f"local/{project['name']} models").experiment_id
    store.delete_experiment(number)
    assert make(client, project, "model", key="B").status_code == 410
    assert get(client, f"local/{project['name']}/KEY-A").json()["trashed"] is True
    assert make(client, project).status_code == 200


def test_a_run_deleted_in_mlflow_is_in_the_trash(
    client: Any, project: dict[str, Any], store: SqlAlchemyStore
) -> None:
    run = make(client, project).json()
    store.delete_run(run["id"].replace("-", ""))
    assert get(client, run["id"]).json()["trashed"] is True
    assert attributes(client, run["id"])["sys/trashed"] is True
    store.restore_run(run["id"].replace("-", ""))
    assert get(client, run["id"]).json() == run
    assert attributes(client, run["id"])["sys/trashed"] is False


def test_a_projects_own_container_is_there_when_it_is_asked_for(
    client: Any, project: dict[str, Any], context_of: Any
) -> None:
    context = context_of(Settings.from_environment())
    with ThreadPoolExecutor(4) as pool:
        finds = [pool.submit(containers.find, context, project["id"], Role.VIEWER)] * 4
    assert {item.result().short_id for item in finds} == {"KEY"}
    own = get(client, f"local/{project['name']}/KEY").json()
    assert (own["id"], own["type"]) == (project["id"], "project")
    # What the client's own tests expect.
    assert {path.removeprefix("sys/") for path in attributes(client, project["id"])} == {
        *("creation_time", "id", "modification_time", "monitoring_time", "name", "ping_time"),
        *("running_time", "size", "state", "tags", "visibility", "group_tags"),
    }


def test_accounts_find_only_what_is_theirs(
    client: Any, project: dict[str, Any], context_of: Any
) -> None:
    settings, run = Settings.from_environment(), make(client, project).json()
    viewer = context_of(settings, Account("v", roles={project["id"]: Role.VIEWER}))
    stranger = context_of(settings, Account("s", roles={str(uuid.uuid4()): Role.MANAGER}))
    assert containers.find(viewer, run["id"], Role.VIEWER).id == run["id"]
    cases = [
        (viewer, run["id"], Role.MEMBER, 403),
        (viewer, project["id"], Role.MEMBER, 403),
        (stranger, run["id"], Role.VIEWER, 404),
        (stranger, f"local/{project['name']}/KEY-1", Role.VIEWER, 404),
        (stranger, project["id"], Role.VIEWER, 404),
        (viewer, "local/runs/RUN-999999", Role.VIEWER, 404),
    ]
    for context, identifier, role, status in cases:
        with pytest.raises(ApiError) as refused:
            containers.find(context, identifier, role)
        assert refused.value.status == status
    params = {"projectIdentifier": project["id"], "type": "run"}
    for context, status in ((viewer, 403), (stranger, 404)):
        with pytest.raises(ApiError) as refused:
            creation.create_experiment(context, params)
        assert refused.value.status == status
    assert projects.find(viewer, project["id"], Role.VIEWER).name == project["name"]


CLIENT = """
import json, subprocess, uuid
for command in ("init -q", "config user.name A", "config user.email a@example.org",
                "remote add origin https://u:" "secret@example.org/a.git",
                "commit -q --allow-empty -m first"):
    subprocess.run(["git", *command.split()], check=True)
import neptune
from neptune.exceptions import NeptuneModelKeyAlreadyExistsError
quiet = dict(capture_hardware_metrics=False, capture_stdout=False, capture_stderr=False,
             capture_traceback=False, source_files=[])
said, custom, key = {}, uuid.uuid4().hex, uuid.uuid4().hex[:8].upper() + "K"
git = neptune.types.GitRef(repository_path=".")
with neptune.init_run(custom_run_id=custom, git_ref=git, name="n",
                      tags=["b", "a"], **quiet) as run:
    first, said["id"] = run["sys/id"].fetch(), run._id
with neptune.init_run(custom_run_id=custom, description="d", **quiet) as run:
    said["same"] = run["sys/id"].fetch() == first and run.exists("source_code/git")
with neptune.init_run(with_id=first, mode="read-only") as run:
    said["read"] = [run["sys/name"].fetch(), sorted(run["sys/tags"].fetch())]
with neptune.init_model(key=key) as model:
    model_id = model["sys/id"].fetch()
    try:
        neptune.init_model(key=key)
    except NeptuneModelKeyAlreadyExistsError:
        said["key"] = "taken"
with neptune.init_model_version(model=model_id) as version:
    version.change_stage("production")
    said["version"] = version["sys/id"].fetch().removeprefix(model_id)
    said["model"] = version["sys/model_id"].fetch() == model_id
    version.sync()
    said["stage"] = version["sys/stage"].fetch()
with neptune.init_project() as project:
    project["note"] = custom
with neptune.init_project(mode="read-only") as project:
    said["note"] = project["note"].fetch() == custom
print(json.dumps(said))
"""


def test_the_client_makes_and_finds_all_kinds(server: Any, script: Any) -> None:
    output, _ = script(CLIENT).communicate()
    said = json.loads(output.splitlines()[-1])
    store = SqlAlchemyStore(server.settings.store, "mlflow-artifacts:/")
    run = store.get_run(said.pop("id").replace("-", ""))
    store.engine.dispose()
    assert said == {
        "same": True,
        "read": ["n", ["a", "b"]],
        "key": "taken",
        "version": "-1",
        "model": True,
        "stage": "production",
        "note": True,
    }, output
    tags = run.data.tags
    assert (run.info.run_name, tags["mlflow.runName"]) == ("n", "n")
    assert tags["mlflow.note.content"] == "d"
    assert sorted(tags["tags"].split(", ")) == ["a", "b"]
    assert tags["mlflow.source.git.repoURL"] == "https://example.org/a.git"
    assert tags["mlflow.source.git.commit"] == tags["git_sha"]
