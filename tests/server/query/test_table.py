"""The table of runs: found, sorted, paged, and only with the columns that are asked for."""

import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import forks
from tests.server.attributes.test_attributes import ROOT, make, read_all, read_table

SEARCH = f"{ROOT}/leaderboard/entries/search"
NAMES = f"{ROOT}/leaderboard/attributes/search"
# By each type: what three runs log, from the smallest to the greatest.
SORTED = {
    "float": ("assignFloat", [{"value": v} for v in (-1.5, 0.1, 20)]),
    "int": ("assignInt", [{"value": v} for v in (-3, 2, 10)]),
    "bool": ("assignBool", [{"value": v} for v in (False, True, True)]),
    "string": ("assignString", [{"value": v} for v in ("B", "a", "ä")]),
    "datetime": ("assignDatetime", [{"valueMilliseconds": v} for v in (-1, 5, 10**12)]),
    "floatSeries": (
        "logFloats",
        [
            {"entries": [{"value": v, "timestampMilliseconds": 0, "step": None} for v in values]}
            for values in ((9, 1), (0, 2), (3, 3))
        ],
    ),
}


@pytest.fixture(scope="module")
def project(application):
    """A project of this file's own."""
    from starlette.testclient import TestClient

    name = f"p{uuid.uuid4().hex[:8]}"
    body = {"name": name, "organizationId": "local", "visibility": "priv"}
    made = TestClient(application).post("/api/backend/v1/projects", json=body)
    assert made.status_code == 200, made.text
    return f"{made.json()['organizationName']}/{name}"


@pytest.fixture(scope="module")
def runs(application, project):
    """Three runs with a value of each type, and one without; their ids."""
    from starlette.testclient import TestClient

    client = TestClient(application)
    made = []
    for i in range(3):
        values = ({"path": f"by/{t}", name: v[i]} for t, (name, v) in SORTED.items())
        made.append(make(client, *values, project=project)["id"])
    return [*made, make(client, project=project)["id"]]


def search(client, project, types=("run",), **params):
    """What the search for entries answers."""
    asked = {"projectIdentifier": project, "type": types}
    answer = client.post(SEARCH, params=asked, json=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sorting(name, type_, direction="ascending", mode="none"):
    field = {"name": name, "type": type_}
    return {"dir": direction, "aggregationMode": mode, "sortBy": field}


def ids(answer):
    return [entry["experimentId"] for entry in answer["entries"]]


@pytest.mark.parametrize("type_", SORTED)
def test_sorts_by_any_type(client, project, runs, type_):
    found = ids(search(client, project, sorting=sorting(f"by/{type_}", type_)))
    # A stable order of equal ones, and those without a value last, both ways.
    expected = [runs[0], runs[2], runs[1], runs[3]] if type_ == "bool" else runs
    assert found == expected
    found = ids(search(client, project, sorting=sorting(f"by/{type_}", type_, "descending")))
    expected = [runs[2], runs[1], runs[0], runs[3]]
    assert found == expected


def test_sorts_by_more_than_the_last_value(client, project, runs):
    for mode, order in {"min": [1, 0, 2], "max": [1, 2, 0], "average": [1, 2, 0]}.items():
        by = sorting("by/floatSeries", "floatSeries", mode=mode)
        assert ids(search(client, project, sorting=by)) == [runs[i] for i in (*order, 3)]


def test_the_newest_come_first(client, project, runs):
    by = sorting("sys/creation_time", "datetime", "descending")
    assert ids(search(client, project)) == ids(search(client, project, sorting=by)) == runs[::-1]


def test_pages_hold_each_row_once(client, project, runs):
    by = sorting("by/bool", "bool")
    pages = [
        ids(search(client, project, sorting=by, pagination={"limit": 1, "offset": offset}))
        for offset in range(5)
    ]
    assert sorted(sum(pages, [])) == sorted(runs) and pages[4] == []


def test_counts_without_a_page(client, project, runs):
    answer = search(client, project, query={"query": "by/int:int EXISTS"}, pagination={"limit": 0})
    assert answer == {"entries": [], "matchingItemCount": 3, "totalItemCount": 4}


def test_sends_the_columns_that_are_asked_for(client, project, runs):
    columns = [{"path": "by/int"}, {"path": "sys/trashed"}, {"path": "no/such"}]
    for entry in search(client, project, attributeFilters=columns)["entries"]:
        names = {attribute["name"] for attribute in entry["attributes"]}
        assert names == {"by/int", "sys/trashed"} - (
            {"by/int"} if entry["experimentId"] == runs[3] else set()
        )


def test_rows_tell_whose_they_are(client, project, runs):
    entry = search(client, project)["entries"][0]
    workspace, name = project.split("/")
    assert (entry["organizationName"], entry["projectName"]) == (workspace, name)
    assert entry["type"] == "run"


def test_models_are_not_runs(client, project, runs):
    body = {"projectIdentifier": project, "type": "model", "key": "M"}
    model = client.post(f"{ROOT}/experiments", json=body).json()
    body = {"projectIdentifier": project, "type": "modelVersion", "parentId": model["id"]}
    version = client.post(f"{ROOT}/experiments", json=body).json()
    assert ids(search(client, project, ["model"])) == [model["id"]]
    query = f'`sys/model_id`:string = "{model["shortId"]}"'
    assert ids(search(client, project, ["modelVersion"], query={"query": query})) == [version["id"]]
    assert search(client, project)["totalItemCount"] == len(runs)


def test_what_is_deleted_in_mlflow_is_trashed(client, project):
    run = make(client, project=project)
    query = {"query": f'`sys/id`:string = "{run["shortId"]}" AND `sys/trashed`:bool = true'}
    assert ids(search(client, project, query=query)) == []
    body = {"run_id": run["id"].replace("-", "")}
    assert client.post("/api/2.0/mlflow/runs/delete", json=body).status_code == 200
    assert ids(search(client, project, query=query)) == [run["id"]]
    for read in (read_all, read_table):
        assert read(client, run)["sys/trashed"]["boolProperties"]["value"] is True


def test_lists_names_and_types(client, project, runs):
    asked = {"projectIdentifier": project, "type": "run", "search": "by/"}
    found = client.post(NAMES, params=asked, json={}).json()["entries"]
    assert {(e["name"], e["type"]) for e in found} == {(f"by/{t}", t) for t in SORTED}
    # Not by/floatSeries, too: the client would sort numbers as texts.
    asked |= {"search": "by/float"}
    found = client.post(NAMES, params=asked, json={}).json()["entries"]
    assert found == [{"name": "by/float", "type": "float"}]


WRONG = [
    [],
    "x",
    {"query": "x"},
    {"query": {"query": 1}},
    {"query": {"query": "a:int ="}},
    {"pagination": {"limit": -1}},
    {"pagination": {"limit": 10**6}},
    {"pagination": {"offset": True}},
    {"pagination": {"offset": 1e300}},
    {"attributeFilters": {}},
    {"attributeFilters": ["a"]},
    {"attributeFilters": [{"path": "a\0"}]},
    {"sorting": {"sortBy": {"name": "a", "type": "color"}}},
    {"sorting": {"sortBy": {"name": "a"}, "dir": "sideways"}},
    {"sorting": {"sortBy": {"name": ["a"]}}},
]


@pytest.mark.parametrize("params", WRONG, ids=json.dumps)
def test_a_wrong_request_is_told_so(client, project, params):
    answer = client.post(SEARCH, params={"projectIdentifier": project}, json=params)
    assert answer.status_code == 400 and answer.json()["title"]


def test_an_unknown_project_or_type_is_told_so(client, project):
    for address in (SEARCH, NAMES):
        for asked, status in (
            ({"projectIdentifier": "no/such"}, 404),
            ({"projectIdentifier": project, "type": "experiment"}, 400),
        ):
            assert client.post(address, params=asked, json={}).status_code == status


TEXTS = st.text(max_size=20).filter(lambda text: "\0" not in text)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=5),
    floats=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20),
    times=st.lists(st.integers(-62_135_596_800_000, 253_402_300_799_999), max_size=5),
)
def test_the_store_writes_what_python_writes(client, texts, floats, times):
    """The table's JSON is made in SQL, that of one run's attributes in Python."""
    operations = [{"path": f"t/{i}", "assignString": {"value": t}} for i, t in enumerate(texts)]
    operations += [{"path": f"f/{i}", "assignFloat": {"value": f}} for i, f in enumerate(floats)]
    operations += [
        {"path": f"d/{i}", "assignDatetime": {"valueMilliseconds": d}} for i, d in enumerate(times)
    ]
    run = make(client, *operations)
    assert read_table(client, run) == (found := read_all(client, run))
    assert [found[f"f/{i}"]["floatProperties"]["value"] for i in range(len(floats))] == floats
    assert [found[f"t/{i}"]["stringProperties"]["value"] for i in range(len(texts))] == texts


SCRIPT = """
import json, sys, neptune
tag, found = sys.argv[1], {}
for i in range(3):
    quiet = dict.fromkeys(("stdout", "stderr", "hardware_metrics", "traceback"), False)
    quiet = {f"capture_{name}": value for name, value in quiet.items()}
    with neptune.init_run(tags=[tag], source_files=[], **quiet) as run:
        run["metrics/accuracy"] = 0.1 * i
        run["metrics/loss"].extend([1.0, 0.5 - i])
        run["params"] = {"name": "abc"[i], "on": bool(i), "n": i}
with neptune.init_project(mode="read-only") as project:
    def names(**options):
        rows = project.fetch_runs_table(progress_bar=False, **options).to_rows()
        return "".join(row.get_attribute_value("params/name") for row in rows)
    found["tag"] = names(tag=tag, sort_by="params/n", ascending=True)
    here = f"(`sys/tags`:stringSet CONTAINS '{tag}')"
    for query in ("`params/on`:bool = True", "last(`metrics/loss`:floatSeries) >= -0.5"):
        found[query] = names(query=f"{here} AND {query}", sort_by="metrics/accuracy")
    found["limit"] = names(query=here, sort_by="params/name", ascending=True, limit=2)
    rows = project.fetch_runs_table(tag=tag, columns=["metrics/loss"], progress_bar=False).to_rows()
    found["columns"] = sorted(row.get_attribute_value("metrics/loss") for row in rows)
    try:
        names(query="key: float = (-_-)")
    except neptune.exceptions.NeptuneInvalidQueryException as error:
        found["error"] = "invalid"
print(json.dumps(found))
"""


def test_the_client_fetches_tables(server, tmp_path):
    tag = uuid.uuid4().hex
    found = forks.told(["-c", SCRIPT, tag], server.environment, tmp_path)
    assert json.loads(found.splitlines()[-1]) == {
        "tag": "abc",
        "`params/on`:bool = True": "cb",  # descending, which is the client's default
        "last(`metrics/loss`:floatSeries) >= -0.5": "ba",
        "limit": "ab",
        "columns": [-1.5, -0.5, 0.5],
        "error": "invalid",
    }
