"""The server's root is the list of runs; MLflow's page stands beside it, without its assistant."""

from starlette.testclient import TestClient

from project.server.mlflow.front import BUILD, HERE


def test_the_root_is_the_list_of_runs(client: TestClient) -> None:
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "compare")


def test_mlflows_page_never_takes_itself_to_be_at_home(client: TestClient) -> None:
    page = client.get("/mlflow")
    assert page.headers["content-type"].startswith("text/html")
    (entry,) = [word for word in page.text.split('"') if "/main." in word and ".js" in word]
    shown = client.get(f"/{entry}").content
    own = (BUILD / entry.partition("?")[0].removeprefix("static-files/")).read_bytes()
    # A version of MLflow that asks otherwise must be looked at anew: then the first line fails.
    assert own.count(HERE) == 1 and own.count(b"window.location.hostname") == 1
    assert shown == own.replace(b'"localhost"===e||"127.0.0.1"===e||"::1"===e', b"!1")
    assert b"mlflow.assistant" in own


def test_what_the_assistant_asks_is_refused(client: TestClient) -> None:
    assert client.get("/ajax-api/3.0/mlflow/assistant/config").status_code == 403
    # Of language models there are none; a refusal here would be told over the table of runs.
    assert client.get("/ajax-api/2.0/mlflow/gateway-proxy").json() == {"endpoints": []}
    assert client.post("/ajax-api/2.0/mlflow/gateway-proxy", json={}).status_code == 403
