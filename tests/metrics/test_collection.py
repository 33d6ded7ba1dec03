"""All metrics of the folder as one: state is shared, scores have names of their own."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from project.metrics import Collection, Metric, classification, families
from project.metrics.top_k import TopKAccuracy


def test_a_collection_gives_what_its_metrics_give_alone(draw, updated, assert_same):
    samples = draw(500, 8)
    alone = {}
    for family in families():
        alone |= updated(family(8), samples.batches(3)).compute()
    assert_same(updated(classification(8), samples.batches(3)).compute(), alone)


def test_a_collection_counts_each_kind_of_state_once():
    collection = classification(10)
    kinds = [accumulator.kind for accumulator in collection.accumulators]
    assert len(set(kinds)) == len(kinds)
    assert {type(a) for m in collection.metrics for a in m.accumulators} == {k[0] for k in kinds}


def test_metrics_of_a_collection_compute_from_the_shared_state(draw, updated, assert_same):
    collection = updated(classification(5), [draw(40, 5)])
    scores = collection.compute()
    for metric in collection.metrics:
        own = metric.compute()
        assert_same(own, {name: scores[name] for name in own})


def test_every_score_has_its_own_name(draw, updated):
    names = [n for f in families() for n in updated(f(7), [draw(50, 7)]).compute()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_every_metric_says_the_names_of_its_scores(n_classes, draw, updated):
    for family in families():
        metric = updated(family(n_classes), [draw(50, n_classes)])
        scores = metric.compute()
        told = {n: score.of_classes for n, score in metric.declared().items()}
        assert told == {n: np.ndim(v) == 1 for n, v in scores.items() if np.ndim(v) < 2}, family
        assert set(family.tables) == {n for n, v in scores.items() if np.ndim(v) > 1}, family


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_no_metric_of_the_package_needs_to_be_tried(task):
    """Before a run is opened, only those are that don't say which scores they have."""
    assert all(family(5).tells() for family in families(task))


def test_every_score_is_documented_where_it_is_defined(draw, updated):
    for family in families():
        doc = family.__doc__
        for name in updated(family(7), [draw(50, 7)]).compute():
            parts = [name, *(f"<name>{name[i:]}" for i, letter in enumerate(name) if letter == "_")]
            assert any(f"`{part}`" in doc for part in parts), (family, name)


def test_a_metric_may_lie_outside(tmp_path: Path, monkeypatch, draw, updated):
    (tmp_path / "error_rate.py").write_text(
        "from project.metrics import Metric\n"
        "from project.metrics.confusion_matrix import ConfusionMatrix\n\n\n"
        "class ErrorRate(Metric):\n"
        "    state = ConfusionMatrix.state\n\n"
        "    def score(self, totals):\n"
        "        return {'error_rate': 1 - totals.matrix.trace() / totals.matrix.sum()}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    further = import_module("error_rate").ErrorRate
    scores = updated(classification(4, {"error_rate:ErrorRate": further}), [draw(100, 4)]).compute()
    monkeypatch.delitem(sys.modules, "error_rate")
    assert scores["error_rate"] == pytest.approx(1 - scores["accuracy"], abs=1e-15)


def test_metrics_of_unlike_settings_do_not_share_state(draw, updated):
    both: list[Metric] = [TopKAccuracy(9, k=2), TopKAccuracy(9, k=3)]
    scores = updated(Collection(both), [draw(200, 9)]).compute()
    assert scores["top2_accuracy"] < scores["top3_accuracy"]
