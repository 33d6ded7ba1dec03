"""Any range: what is drawn is in it, stands where it was drawn, and is one that Optuna takes."""

import random

import pytest

from project.cli.fields import Field, flag
from project.search.order.study import distribution, encoded, frozen
from project.search.ranges.dimension import Dimension
from project.search.ranges.wish import Wish, dimension_of
from project.search.space import Space
from project.search.values import COMPLETE, Trial
from tests.search.order.executor import rules


def field(kind: type) -> Field:
    made = flag(kind(1), "any", bounds="[0, 1000000]")
    made.name, made.type = "flag", kind
    return made


def drawn(chance: random.Random) -> Dimension:
    """A range that a person may ask for: whole or real, with or without steps, of each scale."""
    while True:
        kind, log = chance.choice((int, float)), chance.random() < 0.4
        digits = 0 if kind is int else 3
        low, high = sorted(round(10 ** chance.uniform(-2, 4), digits) for _ in range(2))
        step = round(chance.uniform(0, high - low), digits) if chance.random() < 0.4 else None
        wish = Wish("flag", "", None, low, high, log, step)
        if chance.random() < 0.3:
            mean, spread = (chance.uniform(0, 5), 0.5) if log else (chance.uniform(0, 100), 9.0)
            wish = Wish("flag", "", None, log=log, step=step, mean=mean, spread=spread)
        made, problems = dimension_of(wish, field(kind))
        if made is not None:
            return made
        assert problems


def test_what_is_drawn_is_in_its_range_and_stands_where_it_was_drawn() -> None:
    """Warnings are errors here: Optuna's of ends between two steps is none of a person's."""
    chance = random.Random(0)
    for _ in range(400):
        each = drawn(chance)
        assert Dimension.from_json(each.to_json()) == each
        for position in (0.0, 1.0, chance.random()):
            value = each.at(position)
            assert type(value) is (int if each.kind == "int" else float)
            assert each.has(value) and each.snapped(value) == value
            again = each.at(each.position(value))
            assert again == pytest.approx(value, abs=1e-5 * (each.high - each.low), rel=1e-5)
            assert distribution(each)._contains(encoded(each, value))
            frozen(Trial(0, {"flag": value}, COMPLETE, (0.0,)), Space((each,)), rules())
        points = each.points()
        assert len({*points}) == len(points) and all(map(each.has, points))
        assert list(points) == sorted(points)


def test_each_of_a_few_values_is_as_likely() -> None:
    for each in (
        Dimension("depth", "choice", ("a", "b", "c", "d")),
        Dimension("depth", "int", (), 3, 6),
        Dimension("depth", "float", (), 0.1, 0.4, step=0.1),
    ):
        values = [each.at((i + 0.5) / 1000) for i in range(1000)]
        assert [values.count(value) for value in each.points()] == [250] * 4


def test_on_a_logarithmic_scale_equal_factors_are_as_likely() -> None:
    each = Dimension("learning_rate", "float", (), 1e-4, 1e-1, True)
    values = [each.at((i + 0.5) / 3000) for i in range(3000)]
    assert [sum(low <= v < 10 * low for v in values) for low in (1e-4, 1e-3, 1e-2)] == [1000] * 3
    whole = Dimension("width", "int", (), 1, 3, True)
    # of log(3.5 / 0.5): log(1.5 / 0.5), log(2.5 / 1.5) and log(3.5 / 2.5)
    values = [whole.at((i + 0.5) / 1000) for i in range(1000)]
    assert [values.count(v) for v in (1, 2, 3)] == [565, 262, 173]
