"""MLflow's own API, artifact proxy, GraphQL and pages on the same server know the same accounts."""

import http.client
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import mlflow
import mlflow.server
import pytest
from mlflow.exceptions import MlflowException

from tests.server.guarded import ONE, TWO, Guarded

SECRET = "sesa" "me-open-up"
OPEN = {"/health", "/version"}


def routes() -> list[tuple[str, str]]:
    """Method and path of everything that MLflow serves, with identifiers left in <>."""
    found = {
        (method, str(rule))
        for rule in mlflow.server.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    native = [("GET", "/ajax-api/3.0/mlflow/mcp-servers"), ("POST", "/v1/traces")]
    native += [("GET", "/ajax-api/3.0/mlflow/jobs"), ("POST", "/gateway/x/mlflow/invocations")]
    native += [("GET", "/ajax-api/3.0/mlflow/assistant/config"), ("GET", "/v1/models")]
    return sorted(found | set(native))


@pytest.fixture(scope="module")
def ids(guarded: Guarded) -> dict[str, str]:
    """A run of alice's with a secret wherever one can stand, by way of MLflow's API."""
    post, get = sender(guarded, "alice")
    experiment = get("experiments/get-by-name", experiment_name=ONE)["experiment"]["experiment_id"]
    run = post("runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
    point = {"value": 1.0, "timestamp": 1, "step": 0}
    post("runs/log-batch", run_id=run, metrics=[{"key": SECRET, **point}])
    post("runs/log-batch", run_id=run, params=[{"key": SECRET, "value": SECRET}])
    post("runs/set-tag", run_id=run, key=SECRET, value=SECRET)
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/{SECRET}.txt"
    with guarded.client("alice") as client:
        client.put(path, content=SECRET).raise_for_status()
    return {"experiment_id": experiment, "run_id": run}


def sender(guarded: Guarded, name: str) -> Any:
    """Functions that ask MLflow's API as this person."""

    def post(path: str, **body: Any) -> Any:
        with guarded.client() as client:
            address = f"/api/2.0/mlflow/{path}"
            answer = client.post(address, json=body, headers=guarded.browser(name))
        return answer.raise_for_status().json()

    def get(path: str, **query: Any) -> Any:
        with guarded.client() as client:
            address = f"/api/2.0/mlflow/{path}"
            answer = client.get(address, params=query, headers=guarded.browser(name))
        return answer.raise_for_status().json()

    return post, get


def state(guarded: Guarded, ids: dict[str, str]) -> Any:
    """All that MLflow shows of alice's run."""
    _, get = sender(guarded, "alice")
    run = get("runs/get", run_id=ids["run_id"])
    files = get("artifacts/list", run_id=ids["run_id"])
    return run, files, get("experiments/get", experiment_id=ids["experiment_id"])


def ask(client: httpx.Client, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    """Ask any of MLflow's routes about alice's run, whatever it calls the things it takes."""
    place = f"{ids['experiment_id']}/{ids['run_id']}/artifacts/{SECRET}.txt"
    for name, value in {"artifact_path": place, "path": place, "filename": place}.items():
        path = path.replace(f"<path:{name}>", value)
    while "<" in path:
        start, after = path.index("<"), path.index(">") + 1
        path = path.replace(path[start:after], ids["run_id"])
    given = ids | {
        "run_uuid": ids["run_id"],
        "run_ids": [ids["run_id"]],
        "experiment_ids": [ids["experiment_id"]],
        "experiment_name": ONE,
        "name": ONE,
        "path": f"{SECRET}.txt",
        "metric_key": SECRET,
        "key": "stolen",
        "value": "stolen",
        "step": 0,
        "timestamp": 1,
        "max_results": 100,
        "new_name": "stolen",
    }
    if method in ("POST", "PUT", "PATCH"):
        return client.request(method, path, json=given)
    query = given | {"path": f"{SECRET}.txt"}
    return client.request(method, f"{path}?{urlencode(query, doseq=True)}")


def test_no_route_of_mlflow_without_a_key(guarded: Guarded, ids: dict[str, str]) -> None:
    assert len(routes()) > 200
    with guarded.client() as client:
        for method, path in routes():
            status = ask(client, method, path, ids).status_code
            assert status == (200 if path in OPEN else 401), (method, path)


@pytest.mark.parametrize("who", ["bob", pytest.param("robot", marks=pytest.mark.nightly)])
def test_no_route_of_mlflow_tells_or_changes_anything_of_another_project(
    guarded: Guarded, ids: dict[str, str], who: str
) -> None:
    before = state(guarded, ids)
    with guarded.client() as client:
        client.headers |= guarded.browser(who)
        for method, path in routes():
            answer = ask(client, method, path, ids)
            assert SECRET not in answer.text and "stolen" not in answer.text, (method, path)
    assert state(guarded, ids) == before


def test_viewers_read_and_change_nothing(guarded: Guarded, ids: dict[str, str]) -> None:
    before = state(guarded, ids)
    with guarded.client() as client:
        client.headers |= guarded.browser("vera")
        read = [path for m, path in routes() if SECRET in ask(client, m, path, ids).text]
    assert "/api/2.0/mlflow/runs/get" in read and "/get-artifact" in read
    assert state(guarded, ids) == before


def test_graphql_tells_members_only(guarded: Guarded, ids: dict[str, str]) -> None:
    query = """query Q($data: MlflowGetRunInput!) {
      mlflowGetRun(input: $data) { run { data { params { key value } } } } }"""
    body = {"query": query, "operationName": "Q", "variables": {"data": {"runId": ids["run_id"]}}}
    search = """query S($data: MlflowSearchRunsInput!) {
      mlflowSearchRuns(input: $data) { runs { data { params { key value } } } } }"""
    data = {"experimentIds": [ids["experiment_id"]]}
    both = [body, {"query": search, "operationName": "S", "variables": {"data": data}}]
    with guarded.client() as client:
        for body in both:
            told = {
                name: SECRET
                in client.post("/graphql", json=body, headers=guarded.browser(name)).text
                for name in ("alice", "vera", "bob", "robot", "root")
            }
            assert told == dict.fromkeys(told, True) | {"bob": False, "robot": False}


def test_searches_find_only_what_is_ones_own(guarded: Guarded, ids: dict[str, str]) -> None:
    def names(who: str) -> set[str]:
        post, _ = sender(guarded, who)
        found = post("experiments/search", max_results=100).get("experiments", [])
        return {experiment["name"] for experiment in found}

    assert names("alice") == {ONE} and names("bob") == {TWO} and names("robot") == set()
    assert names("root") >= {ONE, TWO, "Default"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow-artifacts/artifacts/{two}/../{one}/{run}/artifacts/{file}",
        "/api/2.0/mlflow-artifacts/artifacts/{two}/%2e%2e/{one}/{run}/artifacts/{file}",
        "/api/2.0/mlflow-artifacts/artifacts/{two}%2f..%2f{one}/{run}/artifacts/{file}",
        "/api/2.0/mlflow-artifacts/artifacts/{two}/%252e%252e/{one}/{run}/artifacts/{file}",
        "/api/2.0/mlflow-artifacts/artifacts//{one}/{run}/artifacts/{file}",
        "/api/2.0/mlflow-artifacts/artifacts/../../../../../../../../etc/passwd",
        "/api/2.0/mlflow-artifacts/artifacts/%2fetc/passwd",
        "/api/2.0/mlflow-artifacts/artifacts?path=../../../../../../etc",
        "/api/2.0/mlflow-artifacts/artifacts?path={two}/../{one}/{run}/artifacts",
        "/get-artifact?run_id={run}&path=../../../../../../../../etc/passwd",
        "/get-artifact?run_id={run}&path=%2Fetc%2Fpasswd",
        "/static-files/../../../../../../../etc/passwd",
        "/static-files/%2e%2e/%2e%2e/server.log",
    ],
)
def test_no_path_leads_out(guarded: Guarded, ids: dict[str, str], path: str) -> None:
    _, get = sender(guarded, "bob")
    two = get("experiments/get-by-name", experiment_name=TWO)["experiment"]["experiment_id"]
    place = {"one": ids["experiment_id"], "two": two, "run": ids["run_id"], "file": SECRET + ".txt"}
    # To her own run the path to a file is open, so that only what lies outside is refused.
    who = "alice" if "run_id" in path else "bob"
    # As it stands: other clients would tidy the path up.
    connection = http.client.HTTPConnection(guarded.server.url.removeprefix("http://"))
    connection.request("GET", path.format(**place), headers=guarded.browser(who))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert 300 < answer.status < 500 and SECRET not in text and "root:" not in text


def test_mlflows_own_client_logs_in_with_a_key(
    guarded: Guarded, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = mlflow.MlflowClient(guarded.server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", guarded.keys["alice"])
    assert client.get_run(ids["run_id"]).data.params == {SECRET: SECRET}
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", guarded.keys["bob"])
    with pytest.raises(MlflowException, match="Permission denied"):
        client.get_run(ids["run_id"])
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "alice")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", guarded.keys["alice"])
    client.log_metric(ids["run_id"], "loss", 0.5)
    assert client.get_metric_history(ids["run_id"], "loss")[0].value == 0.5


def test_a_browser_is_asked_for_name_and_key(guarded: Guarded) -> None:
    with guarded.client() as client:
        refused = client.get("/")
        assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert client.get("/mlflow", headers=guarded.browser("robot")).status_code == 200


def test_admins_manage_accounts_with_the_command_alone(guarded: Guarded) -> None:
    with guarded.client() as client:
        client.headers |= guarded.browser("root")
        body = {"username": "new", "password": "a long enough one"}
        for method, path in (("POST", "users/create"), ("GET", "users/list")):
            answer = client.request(method, f"/api/2.0/mlflow/{path}", json=body)
            assert answer.status_code == 403 and "serve token" in answer.text
        assert client.get("/ajax-api/3.0/mlflow/assistant/config").status_code == 403
        made = client.post("/api/2.0/mlflow/experiments/create", json={"name": "an admin's"})
        assert made.status_code == 200
    assert "an admin's" not in str(sender(guarded, "alice")[0]("experiments/search", max_results=9))
