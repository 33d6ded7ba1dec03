"""Reading attributes: every type as it was written, whichever way it is asked for."""

import pytest

ROOT = "/api/leaderboard/v1"
ATTRIBUTES = f"{ROOT}/attributes"
# The operation that writes it, the address that reads it, and what that answers.
VALUES = {
    "float": ("assignFloat", {"value": 0.1}, "floats", {"value": 0.1}),
    "int": ("assignInt", {"value": -(2**31)}, "integers", {"value": -(2**31)}),
    "bool": ("assignBool", {"value": False}, "booleans", {"value": False}),
    "string": ("assignString", {"value": "ä\n\"'\\ "}, "strings", {"value": "ä\n\"'\\ "}),
    "datetime": (
        "assignDatetime",
        {"valueMilliseconds": 1_700_000_000_007},
        "datetimes",
        # datetime.fromtimestamp(1_700_000_000, UTC) is 2023-11-14 22:13:20.
        {"value": "2023-11-14T22:13:20.007Z"},
    ),
    "artifact": ("assignArtifact", {"hash": "a" * 64}, "artifacts", {"hash": "a" * 64}),
    "floatSeries": (
        "logFloats",
        {
            "entries": [
                {"value": v, "timestampMilliseconds": 1, "step": s} for s, v in ((1, 3), (2.5, 4))
            ]
        },
        "floatSeries",
        {"last": 4, "lastStep": 2.5},
    ),
    "stringSeries": (
        "logStrings",
        {"entries": [{"value": "line", "timestampMilliseconds": 1, "step": None}]},
        "stringSeries",
        {"last": "line", "lastStep": 0},
    ),
}
FLOATS = [
    0.1,
    1 / 3,
    0.0,
    -0.0,
    1e23,
    5e-324,
    1.7976931348623157e308,
    -2.5e-100,
    123456789.12345679,
]


def make(client, *operations, project="local/runs"):
    """A new run on which these operations were done."""
    creation = {"projectIdentifier": project, "type": "run"}
    run = client.post(f"{ROOT}/experiments", json=creation).json()
    answer = client.post(
        f"{ATTRIBUTES}/operations", params={"experimentId": run["id"]}, json=list(operations)
    )
    assert (answer.status_code, answer.json()) == (200, []), answer.text
    return run


def read_all(client, run):
    """All attributes of the run, by path."""
    answer = client.get(ATTRIBUTES, params={"experimentId": run["id"]}).json()
    assert answer["id"] == run["id"]
    for attribute in answer["attributes"]:
        # The client's former API, `neptune.legacy`, reads the names there; the table, which is
        # long, leaves them out.
        members = attribute[f"{attribute['type']}Properties"]
        names = (members.pop("attributeName"), members.pop("attributeType"))
        assert names == (attribute["name"], attribute["type"])
    return {attribute["name"]: attribute for attribute in answer["attributes"]}


def read_table(client, run):
    """All attributes in the run's row of the table, by path."""
    query = f'`sys/id`:string = "{run["shortId"]}"'
    answer = client.post(
        f"{ROOT}/leaderboard/entries/search",
        params={"projectIdentifier": run["projectId"], "type": "run"},
        json={"query": {"query": query}},
    )
    (entry,) = answer.json()["entries"]
    assert entry["experimentId"] == run["id"]
    return {attribute["name"]: attribute for attribute in entry["attributes"]}


@pytest.fixture(scope="module")
def written(application):
    """A run with an attribute of each type, named after it."""
    from starlette.testclient import TestClient

    client = TestClient(application)
    return make(client, *({"path": f"my/{t}", v[0]: v[1]} for t, v in VALUES.items()))


@pytest.mark.parametrize("type_", VALUES)
def test_one_is_read_by_its_type(client, written, type_):
    *_, address, expected = VALUES[type_]
    asked = {"experimentId": written["id"], "attribute": f"my/{type_}"}
    answer = client.get(f"{ATTRIBUTES}/{address}", params=asked)
    names = {"attributeName": f"my/{type_}", "attributeType": type_}
    assert (answer.status_code, answer.json()) == (200, names | expected)


@pytest.mark.parametrize("read", [read_all, read_table])
def test_all_are_read_at_once(client, written, read):
    found = read(client, written)
    for type_, (*_, expected) in VALUES.items():
        path = f"my/{type_}"
        assert found[path] == {"name": path, "type": type_, f"{type_}Properties": expected}
    assert found["sys/trashed"]["boolProperties"] == {"value": False}


def test_the_former_api_finds_what_the_system_knows(client, written):
    answer = client.get(ATTRIBUTES, params={"experimentId": written["id"]}).json()
    known = answer["systemAttributes"]
    assert known["shortId"] == {
        "attributeName": "sys/id",
        "attributeType": "string",
        "value": written["shortId"],
    }
    assert (known["tags"]["values"], known["state"]["value"]) == ([], "running")


def test_the_former_api_sends_a_float_as_text(client):
    run = make(client, {"path": "parameters/rate", "assignFloat": {"value": "1e-05"}})
    assert read_all(client, run)["parameters/rate"]["floatProperties"]["value"] == 1e-05


def test_the_short_id_names_the_run_too(client, written):
    asked = {"experimentId": f"local/runs/{written['shortId']}", "attribute": "my/int"}
    assert client.get(f"{ATTRIBUTES}/integers", params=asked).json()["value"] == -(2**31)


def test_floats_are_exact(client):
    run = make(
        client, *({"path": f"f/{i}", "assignFloat": {"value": v}} for i, v in enumerate(FLOATS))
    )
    for read in (read_all, read_table):
        found = read(client, run)
        values = [found[f"f/{i}"]["floatProperties"]["value"] for i in range(len(FLOATS))]
        assert list(map(repr, values)) == list(map(repr, FLOATS))


def test_what_is_not_there_is_not_found(client, written):
    for attribute, run in (("no/such", written["id"]), ("my/int", "local/runs/RUN-99999")):
        asked = {"experimentId": run, "attribute": attribute}
        answer = client.get(f"{ATTRIBUTES}/integers", params=asked)
        assert answer.status_code == 404 and answer.json()["title"]
    assert client.get(ATTRIBUTES, params={"experimentId": "x"}).status_code == 404


def test_another_type_is_refused(client, written):
    asked = {"experimentId": written["id"], "attribute": "my/string"}
    answer = client.get(f"{ATTRIBUTES}/integers", params=asked)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "METADATA_INCONSISTENCY")
    assert "is of type string, not int" in answer.json()["title"]


def test_a_set_has_its_values(client):
    tags = {"path": "sys/tags", "insertStrings": {"values": ["b", "a,", '"']}}
    run = make(client, tags)
    asked = {"experimentId": run["id"], "attribute": "sys/tags"}
    answer = client.get(f"{ATTRIBUTES}/stringSets", params=asked).json()
    assert sorted(answer["values"]) == ['"', "a,", "b"]
    for read in (read_all, read_table):
        assert sorted(read(client, run)["sys/tags"]["stringSetProperties"]["values"]) == [
            '"',
            "a,",
            "b",
        ]
