"""Notes and tags that are written on the page, as Neptune's API and MLflow's then have them."""

from typing import Any

import pytest
from mlflow import MlflowClient
from starlette.testclient import TestClient

from project.server.settings import Settings
from tests.server.batches import ROOT, do, make_run


def write(client: TestClient, run: str, **body: Any) -> Any:
    """The answer to a change."""
    answer = client.post("/compare/api/notes", json={"run": run, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(client: TestClient, run: str) -> dict[str, Any]:
    """What the list has of the run."""
    rows = client.get("/compare/api/list", params={"search": run}).json()["rows"]
    return {name: rows[0][name] for name in ("tags", "note")}


def of_mlflow(client: TestClient, run: str) -> dict[str, str]:
    """The run's tags as MLflow's API has them."""
    found = client.get("/api/2.0/mlflow/runs/get", params={"run_id": run}).json()
    return {tag["key"]: tag["value"] for tag in found["run"]["data"].get("tags", [])}


@pytest.fixture
def plain(client: TestClient) -> str:
    """A run of MLflow's client."""
    mlflow = MlflowClient(Settings.from_environment().store)
    made = mlflow.create_run("0", tags={"tags": "old, reproduces:20261121-034512-7h3k"})
    return made.info.run_id


def test_of_a_run_logged_to_mlflow(client: TestClient, plain: str) -> None:
    told = write(client, plain, tags=[" keep ", "keep", "paper"], note="try\nagain")
    assert told == {"tags": ["keep", "paper"], "note": "try\nagain", "replaced": None}
    assert shown(client, plain) == {"tags": ["keep", "paper"], "note": "try\nagain"}
    tags = of_mlflow(client, plain)
    # Which run it reproduces is kept, though nobody wrote it here.
    assert tags["tags"] == "reproduces:20261121-034512-7h3k, keep, paper"
    assert tags["mlflow.note.content"] == "try\nagain"
    write(client, plain, note="")
    assert "mlflow.note.content" not in of_mlflow(client, plain)
    assert shown(client, plain) == {"tags": ["keep", "paper"], "note": ""}


def test_of_a_run_logged_through_neptune(client: TestClient) -> None:
    run = make_run(client)
    run.send(do("sys/tags", "insertStrings", values=["old", "cnn"]))
    write(client, run.id, tags=["paper"], note="a note")
    query = {"experimentId": run.id}
    listed = client.get(f"{ROOT}/attributes", params=query).json()["attributes"]
    found = {attribute["name"]: attribute for attribute in listed}
    assert found["sys/tags"]["stringSetProperties"]["values"] == ["paper"]
    assert found["sys/description"]["stringProperties"]["value"] == "a note"
    tags = of_mlflow(client, run.id.replace("-", ""))
    assert (tags["tags"], tags["mlflow.note.content"]) == ("paper", "a note")
    # What the official client then changes, the page shows.
    run.send(do("sys/tags", "insertStrings", values=["late"]))
    assert shown(client, run.id.replace("-", ""))["tags"] == ["paper", "late"]


def test_the_last_one_has_the_word_and_is_told(client: TestClient, plain: str) -> None:
    seen = {"tags": ["old"], "note": ""}
    assert write(client, plain, note="hers", seen=seen)["replaced"] is None
    told = write(client, plain, note="his", tags=["old"], seen=seen)
    assert told == {"tags": ["old"], "note": "his", "replaced": {"note": "hers"}}
    assert shown(client, plain)["note"] == "his"


@pytest.mark.parametrize(
    "body, line",
    [
        ({"tags": ["a,b"]}, "tag 'a,b' holds a comma, which divides tags"),
        ({"tags": ["a\n"], "note": "x"}, None),
        ({"tags": [""]}, "tag '' is empty"),
        ({"tags": ["reproduces:x"]}, "tag 'reproduces:x' marks reproductions"),
        ({"tags": "a"}, "tags is no list of at most 100 texts"),
        ({"tags": ["\x1b[2J"]}, "which is not printed; leave it out"),
        ({"tags": ["x" * 5000]}, "the tags have more than 4,000 characters together"),
        ({"note": "x" * 8001}, "note is no text of at most 8000 characters"),
        ({"note": "\x07"}, "which is not printed; leave it out"),
        ([], "the body is no JSON object"),
    ],
)
def test_what_is_unfit_is_refused_whole(
    client: TestClient, plain: str, body: Any, line: str | None
) -> None:
    before = shown(client, plain)
    content = {"run": plain, **body} if isinstance(body, dict) else body
    answer = client.post("/compare/api/notes", json=content)
    if line is None:  # space around a tag is no part of it
        assert answer.status_code == 200
        return
    assert answer.status_code == 400 and line in answer.json()["title"]
    assert shown(client, plain) == before


def test_of_a_run_that_is_gone(client: TestClient, plain: str) -> None:
    MlflowClient(Settings.from_environment().store).delete_run(plain)
    answer = client.post("/compare/api/notes", json={"run": plain, "note": "late"})
    assert answer.status_code == 404
    assert answer.json()["title"] == f"there is no run {plain}"
