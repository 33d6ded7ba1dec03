"""Metrics of a store: their names, last and extreme values."""

from project.scores import FORMER
from project.server.compare import latest, metrics
from project.server.compare.documents import Documents
from project.server.compare.visible import Run
from tests.server.compare.stores import LOCAL, STARTED, Store


def test_names_are_shown_as_they_were_logged() -> None:
    assert metrics.title("acc:40:top1") == "acc@top1"
    assert metrics.title("a:0:b") == "a:0:b"  # no character that can be shown


def test_last_and_extreme_values(store: Store) -> None:
    run, other = store.add(1), store.add(2)
    huge = 1.7976931348623157e308
    logged = [(3.0, 0, STARTED, False), (1.0, 1, STARTED, False), (huge, 2, STARTED, False)]
    store.log(run, "val_loss", [*logged, (0.0, 3, STARTED, True)])
    with store.database.read() as connection:
        (listed,) = metrics.listed(connection, [run, other], [Documents(), Documents()])
        extremes = metrics.extremes(connection, run)
    assert listed["last"] == [{"value": "NaN", "step": 3}, None]
    assert extremes == {"val_loss": {"min": 1.0, "max": 3.0, "points": 4}}


RECORD = {"flags": {}, "scores": {"precision": "max", "loss": "min", "won_loss": "max"}}
OUTCOME = {
    "best": {"metrics": {"val_loss": 0.25, "val_won_loss": 3.0, "val_precision/gloss": "nan"}},
    "test": {"test_loss": 0.5},
}


def log(store: Store, run: Run, **last: float) -> None:
    for key, value in last.items():
        store.log(run, key, [(value, 9, STARTED, False)])


def test_a_score_is_the_best_checkpoints_and_its_direction_the_records(store: Store) -> None:
    ours, training, other = store.add(1), store.add(2, status="RUNNING"), store.add(3)
    for run in (ours, training):
        log(store, run, val_loss=0.75, val_won_loss=1.0, learning_rate=0.1)
        store.log(run, "best/val_loss", [(0.25, 4, STARTED, False)])
    log(store, ours, test_loss=0.5)
    log(store, other, **{"val_loss": 2.0, "val_precision/gloss": 0.5, "best/val_loss": 1.0})
    told = [Documents(RECORD, OUTCOME), Documents(RECORD, OUTCOME), Documents()]
    with store.database.read() as connection:
        found = metrics.listed(connection, [ours, training, other], told)
    rows = {row["key"]: row for row in found}
    # Last values stand beside the best; a run that goes on has no best, nor has another program's.
    assert rows["val_loss"]["best"] == [0.25, None, None]
    assert [last["value"] for last in rows["val_loss"]["last"]] == [0.75, 0.75, 2.0]
    assert rows["test_loss"]["best"] == [0.5, None, None]
    assert rows["val_precision/gloss"]["best"] == ["NaN", None, None]
    labels = {row["key"]: row["label"] for row in found}
    assert labels["val_loss"] == "val_loss" and labels["learning_rate"] == "learning_rate (last)"
    # What our tracker adds for MLflow's own page is no metric of its own; another program's is.
    assert rows["best/val_loss"]["last"] == [None, None, {"value": 1.0, "step": 9}]
    better = {row["key"]: row["better"] for row in found}
    assert better["val_won_loss"] == "max" and better["val_loss"] == "min"
    assert better["learning_rate"] is None and better["val_precision/gloss"] == "max"
    assert better["best/val_loss"] == "min"


def test_losses_of_other_losses_are_not_compared(store: Store) -> None:
    runs = [store.add(1), store.add(2), store.add(3)]
    for run in runs:
        log(store, run, val_loss=0.5, val_log_loss=0.5, learning_rate=0.1)
    told = [Documents({"flags": {"loss": loss}}, OUTCOME) for loss in ("cross-entropy", "focal")]
    with store.database.read() as connection:
        found = metrics.listed(connection, runs, [*told, Documents()])
        alike = metrics.listed(connection, runs, [told[1], told[1], Documents()])
    why = {row["key"]: row["why"] for row in found}
    assert why == {
        "val_loss": "the loss differs (loss cross-entropy, focal)",
        "val_log_loss": None,
        "learning_rate": None,
    }
    assert {row["why"] for row in alike} == {None}


def test_records_of_before_know_their_scores() -> None:
    assert Documents({"flags": {}, "schema": 2}).ways == FORMER
    for junk in ({}, {"flags": 3}, {"scores": {}}):
        assert Documents(junk, {"best": 3, "test": {"a": [], "b": True, "c": None}}).ways is None
        assert Documents(junk, {"best": {"metrics": []}, "test": {"a": "many"}}).scores == {}


def test_the_list_of_runs_shows_the_same_and_says_what_is_a_last_value(store: Store) -> None:
    ours, training, other = store.add(1), store.add(2, status="RUNNING"), store.add(3)
    for run in (ours, training):
        log(store, run, val_loss=0.75, test_loss=0.5)
        store.log(run, "best/val_loss", [(0.25, 4, STARTED, False)])
        store.tag(run, best_step="4")
    log(store, other, **{"val_loss": 2.0, "best/val_loss": 1.0})
    with store.database.read() as connection:
        found = latest.listed(connection, LOCAL, "", 0)
    keys = [metric["key"] for metric in found["metrics"]]
    place = keys.index("val_loss")
    values = {run.id: found["values"][run.id][place] for run in (ours, training, other)}
    assert list(values.values()) == [0.25, 0.75, 2.0]
    assert [found["last"][run.id][place] for run in (ours, training, other)] == [False, True, True]
    assert not found["last"][ours.id][keys.index("test_loss")]
    of_others = keys.index("best/val_loss")
    assert [found["values"][run.id][of_others] for run in (ours, other)] == [None, 1.0]
