"""The page's questions and the answers, in the whole application."""

import plotly
import pytest
from mlflow import MlflowClient
from starlette.testclient import TestClient

from project.server.settings import Settings
from tests.tracking.runs import PNG


@pytest.fixture(scope="module")
def run(application: object, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run logged with MLflow's own client, without a tracker of ours."""
    settings = Settings.from_environment()
    mlflow = MlflowClient(settings.store, settings.store)
    folder = tmp_path_factory.mktemp("artifacts")
    experiment = mlflow.create_experiment("plain", folder.as_uri())
    run_id = mlflow.create_run(experiment, run_name="<b>bold</b>").info.run_id
    mlflow.log_param(run_id, "lr", "0.1")
    for step in range(100):
        mlflow.log_metric(run_id, "val_loss", 1 / (step + 1), step=step)
    sources = tmp_path_factory.mktemp("sources")
    for name, content in {"a.png": PNG, "b.svg": b"<svg/>", "c.txt": b"text"}.items():
        (sources / name).write_bytes(content)
        mlflow.log_artifact(run_id, str(sources / name), "figures")
    (sources / "code.patch").write_text("+ a line\n")
    mlflow.log_artifact(run_id, str(sources / "code.patch"))
    mlflow.set_terminated(run_id)
    return run_id


def test_the_page_lets_nothing_in_from_elsewhere(client: TestClient) -> None:
    page = client.get("/compare")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ") and "script" not in policy
    assert "http" not in page.text and "<script>" not in page.text


def test_the_plotting_library_is_kept_by_the_browser(client: TestClient) -> None:
    found = client.get("/compare/plotly.min.js")
    assert found.url.path == f"/compare/plotly-{plotly.__version__}.min.js"
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["content-encoding"] == "gzip" and len(found.content) > 10**6


def test_what_is_known_of_a_run_of_another_program(client: TestClient, run: str) -> None:
    found = client.get("/compare/api/content", params={"runs": f"{run},{'0' * 32}"}).json()
    (shown,) = found["runs"]
    assert (shown["name"], shown["status"]) == ("<b>bold</b>", "finished")
    assert shown["store"]["id"] == run and "artifact_uri" not in shown["store"]
    rows = {row["name"]: row["each"] for row in found["rows"]}
    assert rows["lr"] == ["0.1"]
    # All that is known of a score is what was logged last; 1 / 100.
    assert rows["val_loss (last)"] == [{"text": "0.01"}] and "val_loss" not in rows
    (metric,) = found["metrics"]
    assert (metric["key"], metric["better"], metric["last"]) == ("val_loss", "min", [0.01])
    assert found["problems"] == [f"there is no run {'0' * 32}, or not for you to see"]
    assert [row["name"] for row in found["images"]] == ["figures/a", "figures/b"]


def test_curves(client: TestClient, run: str) -> None:
    asked = {"runs": run, "metric": "val_loss", "points": 10}
    curve = client.get("/compare/api/curves", params=asked).json()[run]
    assert (curve["x"][0], curve["x"][-1], curve["points"]) == (0, 99, 100)
    zoomed = client.get("/compare/api/curves", params=asked | {"from": 4.5, "to": 6.5}).json()[run]
    assert zoomed["x"] == [4, 5, 6, 7] and zoomed["y"] == [1 / 5, 1 / 6, 1 / 7, 1 / 8]
    assert client.get("/compare/api/curves", params=asked | {"x": "epoch"}).json() == {run: None}
    points = client.get("/compare/api/points", params={"runs": run}).json()
    assert points == {run: {"val_loss": 100}}
    # The mean of a run and itself.
    both = client.get("/compare/api/curves", params=asked | {"runs": f"{run}~{run}"}).json()
    assert both[f"{run}~{run}"]["points"] == 100


def test_images(client: TestClient, run: str) -> None:
    image = client.get("/compare/api/image", params={"run": run, "path": "figures/a.png"})
    assert image.content == PNG and image.headers["content-type"] == "image/png"
    drawing = client.get("/compare/api/image", params={"run": run, "path": "figures/b.svg"})
    # An SVG file opened by itself could run scripts in our name.
    assert "sandbox" in drawing.headers["content-security-policy"]
    assert drawing.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["figures/c.txt", "none.png", "../x.png", "/etc/x.png", "..\\x.png", "a\0.png", "", "figures"],
)
def test_no_other_file_is_shown(client: TestClient, run: str, path: str) -> None:
    answer = client.get("/compare/api/image", params={"run": run, "path": path})
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "search, n", [("", 1), ("bold", 1), ("LR=0.1", 1), ("plain lr", 1), ("%", 0)]
)
def test_runs_are_found_by_words(client: TestClient, run: str, search: str, n: int) -> None:
    asked = {"search": search, "columns": "val_loss,lr"}
    found = client.get("/compare/api/list", params=asked).json()
    values = [row["values"] for row in found["rows"] if row["id"] == run]
    assert values == [[0.01, 0.1]] * n


def test_mlflows_page_is_opened_at_the_experiments_runs(client: TestClient, run: str) -> None:
    answer = client.get("/compare/mlflow", follow_redirects=False)
    assert answer.status_code == 303
    mlflow = MlflowClient(Settings.from_environment().store)
    experiment = mlflow.get_experiment(mlflow.get_run(run).info.experiment_id)
    assert answer.headers["location"] == (
        f"../mlflow#/experiments/{experiment.experiment_id}/runs"
        "?workflowType=machine_learning&viewStateShareKey=training"
    )
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "params.`learning_rate`" in experiment.tags["mlflow.sharedViewState.training"]
    assert client.get("/compare/mlflow?experiment=999", follow_redirects=False).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "content",
        "content?runs=",
        "content?runs=%00",
        "curves?runs={run}",
        "curves?runs={run}&metric=a&x=y",
        "curves?runs={run}&metric=a&from=nan",
        "curves?runs={run}&metric=a&points=0",
        "curves?runs={run}&metric=a&points=1e9",
        "list?page=0",
        "list?where=nothing%20==%201",
        "list?seeds=maybe",
        "image?run={run},{run}x&path=a.png",
        "points?runs=",
        "pulse?runs=",
    ],
)
def test_a_question_that_is_none(client: TestClient, run: str, path: str) -> None:
    assert 400 <= client.get(f"/compare/api/{path.format(run=run)}").status_code < 500


@pytest.mark.parametrize("edge", [1e300, -1e300, 1e18])
@pytest.mark.parametrize("x", ["step", "time"])
def test_a_range_far_away_is_no_fault(client: TestClient, run: str, x: str, edge: float) -> None:
    asked = {"runs": run, "metric": "val_loss", "x": x, "from": edge, "to": edge}
    assert client.get("/compare/api/curves", params=asked).status_code == 200
