"""Metrics of a store: their names, last values and numbers of points."""

import math

from project.server.compare import listing, metrics
from project.server.compare.visible import Run
from tests.server.compare.stores import LOCAL, STARTED, Store


def test_names_are_shown_as_they_were_logged() -> None:
    assert metrics.title("acc:40:top1") == "acc@top1"
    assert metrics.title("a:0:b") == "a:0:b"  # no character that can be shown


def test_last_values_and_numbers_of_points(store: Store) -> None:
    run, other = store.add(1), store.add(2)
    huge = 1.7976931348623157e308
    logged = [(3.0, 0, STARTED, False), (1.0, 1, STARTED, False), (huge, 2, STARTED, False)]
    store.log(run, "val_loss", [*logged, (0.0, 3, STARTED, True)])
    store.log(other, "acc:40:top1", [(-huge, 0, STARTED + 7, False)])
    with store.database.read() as connection:
        first, second = metrics.listed(connection, [run, other], [])
        points = metrics.points(connection, [run, other])
        logged_at = metrics.last_logged(connection, [run, other])
    assert math.isnan(first.last[run.id]) and list(first.last) == [run.id]
    assert (second.name, second.last) == ("acc@top1", {other.id: -math.inf})
    assert points == {run.id: {"val_loss": 4}, other.id: {"acc:40:top1": 1}}
    assert logged_at == {run.id: STARTED, other.id: STARTED + 7}


def test_what_our_tracker_adds_for_mlflows_page_is_no_metric(store: Store) -> None:
    ours, other = store.add(1), store.add(2)
    log(store, ours, **{"best/val_loss": 0.25})
    log(store, other, **{"best/val_loss": 1.0})
    with store.database.read() as connection:
        (found,) = metrics.listed(connection, [ours, other], [ours.id])
    assert found.last == {other.id: 1.0}


def log(store: Store, run: Run, **last: float) -> None:
    for key, value in last.items():
        store.log(run, key, [(value, 9, STARTED, False)])


def test_the_list_of_runs_shows_the_same_and_says_what_is_a_last_value(store: Store) -> None:
    ours, training, other = store.add(1), store.add(2, status="RUNNING"), store.add(3)
    for run in (ours, training):
        log(store, run, val_loss=0.75, test_loss=0.5)
        store.log(run, "best/val_loss", [(0.25, 4, STARTED, False)])
        store.tag(run, best_step="4")
    log(store, other, **{"val_loss": 2.0, "best/val_loss": 1.0})
    with store.database.read() as connection:
        asked = listing.Question(sort="run_id", columns=["val_loss", "test_loss", "best/val_loss"])
        found = listing.answer(connection, LOCAL, asked)
    rows = {row["id"]: row for row in found["rows"]}
    three = [rows[run.id] for run in (ours, training, other)]
    assert [row["values"][0] for row in three] == [0.25, 0.75, 2.0]
    assert [0 in row["last"] for row in three] == [False, True, True]
    assert 1 not in three[0]["last"]
    assert [row["values"][2] for row in three] == [None, None, 1.0]
