"""Epochs of runs: logged as a series, told by the best one, or seen by the first validation."""

import numpy as np
import pytest

from project.server.compare import epochs
from project.server.compare.visible import Run
from tests.server.compare.stores import STARTED, Store


def find(store: Store, run: Run) -> epochs.Epochs | None:
    with store.database.read() as connection:
        return epochs.find(connection, run)


def test_a_series_of_epochs(store: Store) -> None:
    run = store.add()
    # Epoch 0 has the steps 0 to 9, epoch 1 10 to 19, epoch 2 began at 20.
    store.log(run, "epoch", [(step // 10, step, STARTED, False) for step in range(21)])
    found = find(store, run)
    np.testing.assert_allclose(found.at(np.array([0, 5, 10, 20, 30])), [0, 0.5, 1, 2, 3])
    assert found.step(2.5) == 25


def test_our_runs_know_the_length_of_an_epoch(store: Store) -> None:
    run = store.add()
    # After the fifth epoch, number 4, 50 steps are done: 10 each.
    store.tag(run, run_id="20261121-034512-7h3k", best_epoch="4", best_step="50")
    found = find(store, run)
    np.testing.assert_allclose(found.at(np.array([10, 50, 60])), [1, 5, 6])


def test_our_runs_validate_after_their_first_epoch(store: Store) -> None:
    run = store.add()
    store.tag(run, run_id="20261121-034512-7h3k")
    assert find(store, run) is None
    store.log(run, "val_loss", [(1.0, 8, STARTED, False), (0.5, 16, STARTED, False)])
    assert find(store, run).at(np.array([16]))[0] == pytest.approx(2)


def test_the_epochs_of_others_are_unknown(store: Store) -> None:
    run = store.add()
    store.log(run, "val_loss", [(1.0, 8, STARTED, False)])
    assert find(store, run) is None
