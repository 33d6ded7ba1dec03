"""Nobody without a key, or with a key for something else, reads or writes through our API."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
import websocket

from project.server import app
from project.server.api.operation import OPERATIONS, Operation
from project.server.auth import accounts, keys
from tests.server.guarded import ONE, PEOPLE, Guarded

for module in app.OPERATIONS:
    import_module(f"project.server.{module}")
ALL = {operation.name: operation for operation in OPERATIONS}
# Operations on nothing of anybody's: they check the header themselves, or show what is one's own.
OWN = {"getClientConfig", "exchangeApiToken", "listProjects", "listOrganizations"}
# Without an experiment, the last one leads to the first one that the account may see.
OWN |= {"listRuns", "listViews", "mlflowPage"}
READS = re.compile("get|list|search|ls|download|prepare|workspaceStatus")
MANAGES = {"deleteProject", "addProjectMember", "deleteProjectMember", "addProjectServiceAccount"}
MANAGES |= {"deleteProjectServiceAccount", "createOrganizationInvitations"}


@pytest.fixture(scope="module")
def run(guarded: Guarded) -> dict[str, Any]:
    """A run in lab/one, of alice."""
    params = {"projectIdentifier": ONE, "type": "run"}
    with guarded.client("alice") as client:
        answer = client.post("/api/leaderboard/v1/experiments", json=params)
    return answer.raise_for_status().json()


@pytest.fixture(scope="module")
def clients(guarded: Guarded) -> Iterator[dict[str | None, httpx.Client]]:
    names = (None, "alice", "vera", "max", "bob", "robot", "root")
    made = {name: guarded.client(name) for name in names}
    yield made
    for client in made.values():
        client.close()


def send(client: httpx.Client, operation: Operation, run: dict[str, Any]) -> httpx.Response:
    """A request as it should be, about the run and its project."""
    known = {
        "projectIdentifier": ONE,
        "experimentId": run["id"],
        "experimentIdentifier": run["id"],
        "runId": run["id"],
        "run": run["id"],
        "runs": run["id"],
        "organizationIdentifier": ONE.partition("/")[0],
        "X-Range": "bytes=0-0/1",
        "userId": "bob",
        "serviceAccountId": "robot",
        "experimentCreationParams": {"projectIdentifier": ONE, "type": "run"},
        "experimentIdentifiers": [f"{ONE}/{run['shortId']}"],
        "operations": [{"path": "a", "assignFloat": {"value": 1.0}}],
        "projectToCreate": {"name": "new", "organizationId": ONE.partition("/")[0]},
        "member": {"userId": "robot", "role": "viewer"},
        "account": {"serviceAccountId": "bob", "role": "viewer"},
        "newOrganizationInvitations": {
            "organizationIdentifier": ONE.partition("/")[0],
            "invitationsEntries": [],
        },
        "signal": {"type": "stop"},
        "artifactFilesDTO": {"files": []},
        "change": {"run": run["id"], "tags": ["told"], "note": "told"},
        "view": {"name": "told", "address": "compare", "workspace": ONE.partition("/")[0]},
        "workspace": ONE.partition("/")[0],
    }
    path, query, headers, body = operation.path, {}, {}, None
    for parameter in operation.parameters:
        if not parameter.required and parameter.wire not in known:
            continue
        value = known.get(parameter.wire, {str: "x", int: 1, float: 1.0}.get(parameter.type, {}))
        if parameter.part == "path":
            path = path.replace(f"{{{parameter.wire}}}", quote(str(value), safe=""))
        elif parameter.part == "query":
            query[parameter.wire] = value
        elif parameter.part == "header":
            headers[parameter.wire] = value
        else:
            body = value
    return client.request(operation.method, path, params=query, headers=headers, json=body)


@pytest.mark.parametrize("name", ALL)
def test_no_operation_without_a_key(
    clients: dict[str | None, httpx.Client], run: dict[str, Any], name: str
) -> None:
    assert send(clients[None], ALL[name], run).status_code == 401


@pytest.mark.parametrize("name", sorted(set(ALL) - OWN))
@pytest.mark.parametrize("who", ["bob", "robot"])
def test_no_operation_on_another_project(
    clients: dict[str | None, httpx.Client], run: dict[str, Any], name: str, who: str
) -> None:
    answer = send(clients[who], ALL[name], run)
    assert answer.status_code in (403, 404), answer.text
    assert answer.json()["errorType"]


@pytest.mark.parametrize("name", sorted(set(ALL) - OWN - {"createProject"}))
def test_roles_within_the_project(
    clients: dict[str | None, httpx.Client], run: dict[str, Any], name: str
) -> None:
    viewer = send(clients["vera"], ALL[name], run).status_code
    reads = READS.match(name) or (ALL[name].document == "compare" and ALL[name].method == "GET")
    assert (viewer != 403) if reads else (viewer == 403)
    if name in MANAGES:
        assert send(clients["alice"], ALL[name], run).status_code == 403


@pytest.mark.parametrize("who", ["alice", "root"])
def test_members_and_admins_may_do_all_that_the_pages_ask(
    clients: dict[str | None, httpx.Client], run: dict[str, Any], who: str
) -> None:
    asked = {name: o for name, o in ALL.items() if o.document == "compare"}
    asked.pop("deleteView")  # of which there is none called x
    answers = {name: send(clients[who], o, run) for name, o in asked.items()}
    # There is no such picture and no patch; and a page to go on to.
    there = {"imageOfRun", "patchOfRuns", "mlflowPage"}
    assert {n for n, answer in answers.items() if not answer.is_success} <= there
    assert 403 not in {answer.status_code for answer in answers.values()}


def test_lists_show_what_is_ones_own(
    clients: dict[str | None, httpx.Client], run: dict[str, Any]
) -> None:
    def seen(who: str) -> tuple[list[str], list[str]]:
        projects = clients[who].get("/api/backend/v1/projects").json()["entries"]
        spaces = clients[who].get("/api/backend/v1/myOrganizations").json()
        names = [f"{project['organizationName']}/{project['name']}" for project in projects]
        return names, [space["name"] for space in spaces]

    latest = {
        who: run["id"].replace("-", "") in clients[who].get("/compare/api/list").text
        for who in ("vera", "bob", "robot")
    }
    assert latest == {"vera": True, "bob": False, "robot": False}
    assert seen("vera") == ([ONE], ["lab"])
    assert seen("bob") == (["firm/two"], ["firm"])
    assert seen("robot") == ([], [])


def test_our_pages_are_for_those_who_log_in(
    guarded: Guarded, clients: dict[str | None, httpx.Client], run: dict[str, Any]
) -> None:
    for page in ("/", "/compare", "/mlflow", "/compare/app/page.js", f"/{ONE}/e/{run['shortId']}"):
        refused = clients[None].get(page)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    address = f"/{ONE}/e/{run['shortId']}"
    shown = {who: clients[None].get(address, headers=guarded.browser(who)) for who in PEOPLE}
    assert {answer.status_code for answer in shown.values()} == {307}
    for page, status in (("/compare", 200), (address, 404)):
        assert clients[None].get(page, headers=guarded.browser("bob")).status_code == status


def test_wrong_credentials_are_refused_alike(guarded: Guarded) -> None:
    key = guarded.keys["alice"]
    wrong = [{"Authorization": f"Bearer {value}"} for value in ("x", key[:-1], key + "x")]
    wrong += [
        {"Authorization": value} for value in ("", "Bearer", "Basic", "Basic !", f"Key {key}")
    ]
    wrong += [guarded.browser("alice", "x"), guarded.browser("nobody", "x")]
    wrong += [guarded.browser("bob", key), guarded.browser("", key), guarded.browser("alice", "")]
    with guarded.client() as client:
        answers = [client.get("/api/backend/v1/projects", headers=header) for header in wrong]
        assert {answer.status_code for answer in answers} == {401}
        # Not even whether there is an account of that name.
        assert len({answer.content for answer in answers}) == 1
        for header in ({"Authorization": f"Bearer {key}"}, guarded.browser("alice")):
            assert client.get("/api/backend/v1/projects", headers=header).status_code == 200


def test_a_revoked_key_ends_everywhere_at_once(guarded: Guarded) -> None:
    with guarded.database.write() as connection:
        accounts.add(guarded.database, connection, "gone", True, service=False)
        key_id, guarded.keys["gone"] = keys.make(connection, "gone")
    login = guarded.browser("gone")
    with guarded.client("gone") as client, guarded.client() as browser:

        def statuses() -> set[int]:
            paths = ("/api/backend/v1/projects", "/api/2.0/mlflow/experiments/search?max_results=1")
            answers = [client.get(path) for path in paths]
            answers += [browser.get(path, headers=login) for path in (*paths, "/mlflow")]
            return {answer.status_code for answer in answers}

        assert statuses() == {200}
        with guarded.database.write() as connection:
            keys.revoke(connection, key_id)
        assert statuses() == {401}


def test_no_key_comes_back_in_an_answer_or_stands_in_the_log(
    guarded: Guarded, clients: dict[str | None, httpx.Client]
) -> None:
    secret, signed = guarded.keys["alice"], guarded.access("alice")
    paths = ["/api/backend/v1/projects/get?projectIdentifier=", "/nowhere/", "/?token="]
    paths += ["/api/leaderboard/v1/experiments?experimentId=", "/api/2.0/mlflow/runs/get?run_id="]
    for given in (secret, signed, guarded.token("alice")):
        for headers in ({"Authorization": f"Bearer {given}x"}, {"Authorization": f"Basic {given}"}):
            for path in paths:
                answer = clients[None].get(path + "x", headers=headers)
                assert answer.status_code == 401 and given not in answer.text
                assert given not in str(answer.headers)
        for path in paths:
            clients["bob"].get(path + quote(given))
    log = (guarded.exp_dir / "server.log").read_text()
    for name, key in guarded.keys.items():
        assert key not in log, name
    assert signed not in log and guarded.token("alice") not in log


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_other_sites_cannot_act_through_a_browser(guarded: Guarded, origin: str) -> None:
    headers = guarded.browser("alice") | {"Origin": origin}
    with guarded.client() as client:
        for path in ("/api/leaderboard/v1/attributes/ping", "/graphql", "/compare"):
            assert client.post(path, headers=headers).status_code == 403
            assert client.get(path, headers=headers).status_code == 403


def connect(guarded: Guarded, run: dict[str, Any], path: str = "", **options: Any) -> int:
    """The status that a websocket for the run, or at this path, is answered with."""
    url = guarded.server.url.replace("http", "ws")
    path = path or f"/api/notifications/v1/runs/{run['projectId']}/{run['id']}/signal"
    try:
        websocket.create_connection(url + path, suppress_origin=True, **options).close()
    except websocket.WebSocketBadStatusException as error:
        return error.status_code
    return 101


def test_websockets_are_checked_too(guarded: Guarded, run: dict[str, Any]) -> None:
    def bearer(name: str) -> dict[str, Any]:
        return {"header": {"Authorization": f"Bearer {guarded.access(name)}"}}

    assert connect(guarded, run) == 403
    assert connect(guarded, run, header={"Authorization": "Bearer x"}) == 403
    assert connect(guarded, run, **bearer("bob")) == 403
    assert connect(guarded, run, **bearer("alice")) == 101
    # MLflow's application would take it for a request, and the log then held an error.
    assert connect(guarded, run, path="/nowhere", **bearer("alice")) == 403
    assert "handshake" not in (guarded.exp_dir / "server.log").read_text()
    for header in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        options = bearer("alice")
        options["header"] |= header
        if "Host" in header:
            options = {"header": bearer("alice")["header"], "host": header["Host"]}
        assert connect(guarded, run, **options) == 403
