"""Verdicts on real trainings of settings that are equal, as far as chance goes."""

from typing import Any

import pytest

from project.build import build
from project.comparison.verdict import Setting, verdict
from project.comparison.verdict_text import sentence
from project.hyperparameters import Hyperparameters
from project.plan import Plan
from project.training import generators
from project.training.trainer import make_trainer

PAIRS, SEEDS = 40, 5


class Silent:
    """Stands in for the logger."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def score(seed: int, order: int) -> float:
    """The balanced accuracy in the test of a small net on digits, their pixels in some order.

    Before training its weights are drawn alike for every pixel, so that no order is better.
    """
    asked = {"data": "tests.comparison.shuffled:load", "description": str(order), "seed": seed}
    hparams = Hyperparameters(model="mlp", hidden_dim=32, max_epochs=3, batch_size=64, **asked)
    trainer = make_trainer(hparams)
    seeded = generators.begin(seed, trainer.strategy.root_device)
    setup = build(Plan(hparams, {}, ()), None, trainer, seeded)
    trainer.logger = Silent()
    trainer.fit(setup.solver, setup.loaders["train"], setup.loaders["val"])
    trainer.test(setup.solver, setup.loaders["test"], verbose=False)
    return setup.solver.scores["test_balanced_accuracy"]


@pytest.mark.nightly
def test_of_forty_pairs_of_equal_settings_few_are_told_apart() -> None:
    """Twenty share their seeds, so their splits, and order the pixels otherwise; twenty share none.

    2 of 40 are expected at 5 %; more than 5 come by chance in 1.4 % (binomial), never here, as the
    seeds are fixed.
    """
    told = []
    for pair in range(PAIRS):
        seeds = range(2 * SEEDS * pair, 2 * SEEDS * pair + SEEDS)
        first = {seed: score(seed, order=pair) for seed in seeds}
        shared = pair % 2 == 0
        others = seeds if shared else range(seeds.stop, seeds.stop + SEEDS)
        second = {seed: score(seed, order=pair + PAIRS * shared) for seed in others}
        told.append(verdict(Setting("A", first), Setting("B", second), "max"))
    assert [found.kind for found in told] == ["paired", "welch"] * (PAIRS // 2)
    assert all(found.mean for found in told[::2])  # another order does compute something else
    better = [sentence(found) for found in told if found.better]
    assert len(better) <= 5, better
