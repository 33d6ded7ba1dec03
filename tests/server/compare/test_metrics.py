"""Metrics of a store: their names, last and extreme values."""

from project.server.compare import metrics
from tests.server.compare.stores import STARTED, Store


def test_names_are_shown_as_they_were_logged() -> None:
    assert metrics.title("acc:40:top1") == "acc@top1"
    assert metrics.title("a:0:b") == "a:0:b"  # no character that can be shown


def test_last_and_extreme_values(store: Store) -> None:
    run, other = store.add(1), store.add(2)
    huge = 1.7976931348623157e308
    logged = [(3.0, 0, STARTED, False), (1.0, 1, STARTED, False), (huge, 2, STARTED, False)]
    store.log(run, "val_loss", [*logged, (0.0, 3, STARTED, True)])
    with store.database.read() as connection:
        (listed,) = metrics.listed(connection, [run, other])
        extremes = metrics.extremes(connection, run)
    assert listed["last"] == [{"value": "NaN", "step": 3}, None]
    assert extremes == {"val_loss": {"min": 1.0, "max": 3.0, "points": 4}}
