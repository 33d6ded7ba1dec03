"""The query language: what its documentation shows finds the runs that a plain reading finds."""

import time
from contextlib import contextmanager
from datetime import datetime

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.store.tracking.dbmodels.models import SqlMetric, SqlRun

from project.server.errors import ApiError
from project.server.query.nql import parse
from project.server.query.nql_sql import Filter
from project.server.settings import Settings
from project.server.start import prepare_store
from project.server.store.database import Database
from project.server.store.tables import attributes, containers
from tests.compat.postgres import binaries, postgres

MS = 1000
NOW = time.time() * MS
HOUR = 3_600_000
STATES = {"running": "running", "idle": "idle"}
# What each run has, by the attribute's type and path.
RUNS = {
    "a": {
        ("bool", "sys/trashed"): False,
        ("string", "sys/name"): "cunning-blobfish",
        ("stringSet", "sys/tags"): ["some tag", 'quo"te', ","],
        ("bool", "sys/failed"): True,
        ("float", "lr"): 0.01,
        ("int", "epochs"): 3,
        ("floatSeries", "acc"): [0.5, 0.9, 0.7],
        ("datetime", "sys/creation_time"): NOW - HOUR,
        ("experimentState", "sys/state"): "running",
        ("artifact", "data"): "abc123",
    },
    "b": {
        ("bool", "sys/trashed"): False,
        ("string", "sys/name"): "astute-carp",
        ("stringSet", "sys/tags"): ["other", "a,", ",b"],
        ("bool", "sys/failed"): False,
        ("float", "lr"): 0.1,
        ("int", "epochs"): 10,
        ("floatSeries", "acc"): [0.1, 0.2, 0.3],
        ("datetime", "sys/creation_time"): NOW - 5 * 24 * HOUR,
        ("experimentState", "sys/state"): "idle",
        ("stringSeries", "log"): "loss is nan",
    },
    "c": {
        ("bool", "sys/trashed"): False,
        ("string", "sys/name"): "Blob\\d O'Neill",
        ("float", "acc"): 2.2,
        ("int", "lr"): 1,
        ("file", "model"): "model.pt",
        ("string", "AND or (not) `"): "x",
    },
}


def write(connection, name, type_, path, value):
    row = {"container_id": name, "path": path, "type": type_, "text": None, "number": None}
    row["key"] = path
    if type_ == "stringSet":
        row["text"] = orjson.dumps(value).decode()
    elif type_ == "floatSeries":
        row["number"] = value[-1]
        metric = {"run_uuid": name, "key": path, "timestamp": 0, "is_nan": False}
        points = [metric | {"step": i, "value": v} for i, v in enumerate(value)]
        points.append(metric | {"step": len(value), "value": 0, "is_nan": True})
        connection.execute(SqlMetric.__table__.insert(), points)
    else:
        row |= {"text": value} if isinstance(value, str) else {"number": float(value)}
    connection.execute(attributes.insert(), row)


@contextmanager
def store(kind, tmp_path_factory):
    """The address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('nql')}/store.db"
    elif binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with postgres() as uri:
            yield uri


# A server of its own, for the same queries.
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.nightly)


@pytest.fixture(scope="module", params=["sqlite", POSTGRESQL])
def connection(request, tmp_path_factory):
    with store(request.param, tmp_path_factory) as uri:
        prepare_store(Settings(uri, "", "", "", accounts=True))
        with Database(uri) as database:
            with database.write() as connection:
                fill(connection)
            with database.read() as connection:
                yield connection


def fill(connection):
    for name, cells in RUNS.items():
        # Deleted in MLflow's own page, which knows nothing of `sys/trashed`.
        stage = "deleted" if name == "c" else "active"
        row = {"run_uuid": name, "lifecycle_stage": stage}
        connection.execute(SqlRun.__table__.insert(), row)
        run = {c.name: c.type.python_type() for c in containers.c if not c.nullable}
        run |= {"id": name, "run_uuid": name, "project_id": "p", "short_id": name}
        connection.execute(containers.insert(), run)
        for (type_, path), value in cells.items():
            write(connection, name, type_, path, value)


def find(connection, query):
    condition = Filter(connection, "p").condition(parse(query))
    rows = connection.execute(sa.select(containers.c.id).where(condition)).all()
    return "".join(sorted(row.id for row in rows))


FOUND = {
    # As the client writes its own conditions.
    '(`sys/name`:string = "astute-carp")': "b",
    "(`sys/failed`:bool = false)": "b",
    '(`sys/state`:experimentState = "running")': "a",
    '((`sys/name`:string = "astute-carp") OR (`sys/name`:string = "cunning-blobfish"))': "ab",
    '((`sys/failed`:bool = true) AND ((`sys/tags`:stringSet CONTAINS "some tag")))': "a",
    f'(`sys/creation_time`:datetime > "{datetime.fromtimestamp(NOW / MS - 7200)}")': "a",
    "(`epochs`:integer > 9)": "b",
    # As its documentation shows.
    '(`sys/tags`:stringSet CONTAINS "some tag") AND (`lr`:float >= 0.005)': "a",
    "(last(`acc`:floatSeries) > 0.6) AND (`lr`:float < 0.02)": "a",
    "average(`acc`:floatSeries) > 0.25": "a",
    "min(acc:floatSeries) >= 0.1 and max(acc:floatSeries) < 0.4": "b",
    "variance(`acc`:floatSeries) < 0.01": "b",
    '`sys/name`:string NOT CONTAINS "blobfish"': "bc",
    'NOT `sys/name`:string CONTAINS "blobfish"': "bc",
    "NOT (`sys/name`:string CONTAINS blobfish AND `sys/failed`:bool = True)": "bc",
    r'`sys/name`:string MATCHES "^[a-z]+-\\w+$"': "ab",
    r'`sys/name`:string NOT MATCHES "a.tute"': "ac",
    '`sys/creation_time`:datetime >= "-2h"': "a",
    '`sys/creation_time`:datetime < "-1d"': "b",
    '`sys/creation_time`:datetime >= "-1M"': "ab",
    "(sys/state: experimentState = idle)": "b",
    '`sys/state`:experimentState = "inactive"': "b",
    "`epochs`:int EXISTS": "ab",
    "`epochs`:int NOT EXISTS": "c",
    "`model`:file EXISTS": "c",
    "lr:float <= 50MB": "abc",  # an int is a float, too
    "lr:int = 1": "c",
    # The rest of what can be said.
    "acc:float = 2.2": "c",
    "acc:floatSeries = 0.3": "b",
    "epochs:int != 3": "bc",
    "epochs:int == 3": "a",
    "sys/tags:stringSet CONTAINS ','": "a",
    "sys/tags:stringSet CONTAINS 'a,'": "b",
    r"""sys/tags:stringSet CONTAINS "quo\"te" """: "a",
    r"""`sys/name`:string = 'Blob\d O\'Neill'""": "c",
    r"""`sys/name`:string CONTAINS "Blob\\d" """: "c",
    '`sys/name`:string CONTAINS "blob"': "a",  # letters are told apart by their size
    "sys/name:string > astute-carp": "a",  # as bytes compare
    "data:artifact = abc123": "a",
    "log:stringSeries CONTAINS nan": "b",
    "lr:float = 1 OR lr:float = 0.1 AND epochs:int = 3": "c",  # AND binds more
    "not epochs:int = 3 and lr:float exists": "bc",
    "NOT NOT epochs:int = 3": "a",
    "lr:float < inf": "abc",
    "(`sys/trashed`:bool = true)": "c",
    "(`sys/trashed`:bool = false)": "ab",
    "`sys/trashed`:bool EXISTS": "abc",
    "lr:float = 1e-2": "a",
}


# By number: one of them names the present time, and parallel workers must name tests alike.
@pytest.mark.parametrize("number", range(len(FOUND)))
def test_finds(connection, number):
    query, expected = list(FOUND.items())[number]
    assert find(connection, query) == expected


WRONG = {
    "key: float = (-_-)": 13,
    "key": 3,
    "key:float": 9,
    "key:float =": 11,
    "`key:float = 1": 0,
    'key:string = "x': 13,
    "key:float = 1)": 13,
    "(key:float = 1": 14,
    "key:float = 1 key:float = 2": 14,
    "key:float = one": 12,
    "key:complex = 1": 0,
    "key:bool = 1": 11,
    "key:bool > true": 0,
    "a:int = 1 AND key:experimentState = lost": 36,
    "key:datetime > yesterday": 15,
    "key:datetime > 99999-01-01": 15,
    "key:stringSet = a": 0,
    "key:file = a": 0,
    "last(key:float) = 1": 0,
    "median(key:floatSeries) = 1": 0,
    "key:string MATCHES '('": 19,
    r"key:string MATCHES '(a)\\1'": 19,  # no back references: they are what takes for ever
    "key:string MATCHES " + "a" * 2000: 19,
    "(" * 60: 51,
    "NOT " * 60 + "a:int EXISTS": 204,
    "a:int EXISTS " + "AND a:int EXISTS " * 500: 6800,
    "key\0:int = 1": 3,
}


@pytest.mark.parametrize("query", WRONG, ids=lambda query: query[:20].replace("\0", "NUL"))
def test_says_where_a_query_is_wrong(connection, query):
    with pytest.raises(ApiError) as raised:
        find(connection, query)
    # The client recognises the error by these two.
    assert (raised.value.status, raised.value.title) == (400, "Syntax error")
    assert raised.value.more["position"] == WRONG[query], raised.value.more
    assert raised.value.more["reason"]


def test_an_empty_query_is_none():
    assert parse("") is parse(" \n") is None


def test_takes_thousands_of_ids(connection):
    names = ["astute-carp", *(f"RUN-{i}" for i in range(5000))]
    query = " OR ".join(f'(`sys/name`:string = "{name}")' for name in names)
    assert find(connection, f"({query})") == "b"


def test_a_pattern_that_hangs_others_is_answered(connection):
    assert find(connection, "sys/name:string MATCHES '^(([a-z])+.)+[A-Z]([a-z])+$'") == ""


NUMBERS = st.sampled_from([0.01, 0.1, 1, 3, 10, 2.2])
NUMERIC = {"lr": "float", "epochs": "int"}


def holds(name, path, compare):
    """Whether the run has a number there, of which `compare` is true."""
    numbers = [v for (t, p), v in RUNS[name].items() if p == path and t in ("float", "int")]
    return any(compare(number) for number in numbers)


@st.composite
def queries(draw, depth=3):
    """A query, and the same as a function of a run's name."""
    kind = draw(st.sampled_from(["leaf", "not", "and", "or"] if depth else ["leaf"]))
    if kind == "leaf":
        path, type_ = draw(st.sampled_from(sorted(NUMERIC.items())))
        sign, value = draw(st.sampled_from(["=", "!=", ">", ">=", "<", "<="])), draw(NUMBERS)
        compare = {
            "=": lambda x: x == value,
            "!=": lambda x: x == value,
            ">": lambda x: x > value,
            ">=": lambda x: x >= value,
            "<": lambda x: x < value,
            "<=": lambda x: x <= value,
        }[sign]
        negated = sign == "!="
        return f"(`{path}`:{type_} {sign} {value})", lambda n: holds(n, path, compare) != negated
    text, left = draw(queries(depth=depth - 1))
    if kind == "not":
        return f"NOT ({text})", lambda name: not left(name)
    other, right = draw(queries(depth=depth - 1))
    both = {"and": lambda n: left(n) and right(n), "or": lambda n: left(n) or right(n)}
    return f"({text} {kind.upper()} {other})", both[kind]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(query=queries())
def test_any_nesting_means_what_it_says(connection, query):
    text, is_found = query
    assert find(connection, text) == "".join(name for name in RUNS if is_found(name))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(list(FOUND)).flatmap(lambda query: st.sampled_from(query.split(" "))),
        max_size=12,
    ).map(" ".join)
)
def test_any_text_is_read_or_refused(connection, text):
    try:
        query = parse(text)
        condition = Filter(connection, "p").condition(query) if query else sa.true()
        connection.execute(sa.select(containers.c.id).where(condition)).all()
    except ApiError as error:
        assert error.title == "Syntax error"
