"""NNI's search spaces: each type is the same values as there."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from project.search.space import Dimension, Space, space_of


def read(tmp_path: Path, said: dict[str, Any]) -> Space:
    (tmp_path / "nni.json").write_text(json.dumps(said))
    return space_of([], [], tmp_path / "nni.json")


def one(tmp_path: Path, name: str, kind: str, *values: Any) -> Dimension:
    (found,) = read(tmp_path, {name: {"_type": kind, "_value": values}}).dimensions
    return found


def test_choices_and_uniform_types(tmp_path: Path) -> None:
    assert one(tmp_path, "lr", "choice", 0.1, 0.01).choices == (0.1, 0.01)
    assert one(tmp_path, "lr", "loguniform", 1e-4, 0.1).log
    assert one(tmp_path, "dropout", "uniform", 0.1, 0.5).high == 0.5
    # the upper end of randint is left out
    found = one(tmp_path, "hidden_dim", "randint", 16, 19)
    assert {found.at(i / 100) for i in range(100)} == {16, 17, 18}


def test_quniform_is_the_multiples_of_its_step(tmp_path: Path) -> None:
    found = one(tmp_path, "dropout", "quniform", 0.05, 0.5, 0.1)
    assert found.points() == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert {found.at(i / 100) for i in range(101)} == {*found.points()}


@pytest.mark.parametrize(
    "kind, values, expected",
    [
        # the middle: exp((log 0.01 + log 1) / 2) = 0.1
        ("qloguniform", (0.01, 1, 0.05), 0.1),
        # the multiple of 0.02 that is nearest to 0.049
        ("qnormal", (0.049, 0.01, 0.02), 0.04),
        ("normal", (0.25, 0.01), 0.25),
        ("lognormal", (math.log(0.25), 0.1), 0.25),
        ("qlognormal", (math.log(0.26), 0.1, 0.1), 0.3),
    ],
)
def test_the_middle_of_the_other_types(
    tmp_path: Path, kind: str, values: tuple[float, ...], expected: float
) -> None:
    found = one(tmp_path, "learning_rate", kind, *values)
    assert found.at(0.5) == pytest.approx(expected, abs=1e-9)


def test_a_normal_distribution_is_cut_off_where_its_flag_ends(tmp_path: Path) -> None:
    found = one(tmp_path, "dropout", "normal", 0.1, 0.2)
    assert found.low == 0 and found.high == pytest.approx(1, abs=1e-5) and found.high < 1
    values = [found.at((i + 0.5) / 1000) for i in range(1000)]
    assert min(values) >= 0 and max(values) < 1
    # of a normal distribution cut off at 0: P(x < 0.1 | 0 < x < 1) = 0.19146 / 0.69146
    assert sum(v < 0.1 for v in values) / 1000 == pytest.approx(0.19146 / 0.69146, abs=0.002)
    assert found.position(found.at(0.3)) == pytest.approx(0.3, abs=1e-5)


def test_nested_choices_are_conditions(tmp_path: Path) -> None:
    sgd = {"_name": "sgd", "momentum": {"_type": "uniform", "_value": [0.8, 0.9]}}
    said = {"optimizer": {"_type": "choice", "_value": [{"_name": "adamw"}, sgd]}}
    found = read(tmp_path, said)
    assert found.active({"optimizer": "adamw"}) == ("optimizer",)
    assert found.active({"optimizer": "sgd", "momentum": 0.8}) == ("optimizer", "momentum")


@pytest.mark.parametrize(
    "said, line",
    [
        ({"_type": "uniform", "_value": [1]}, "lr: uniform takes 2 numbers, not [1]"),
        ({"_type": "unifrom", "_value": [0, 1]}, "lr: unknown _type 'unifrom', did you mean"),
        ({"_type": "quniform", "_value": [0, 1, 0]}, "lr: the last number of quniform is a step"),
        ({"_type": "choice", "_value": 3}, "lr: _value is a list, not 3"),
        ({"_type": "choice"}, "lr: a flag of NNI's spaces has _type and _value, not a mapping"),
        ({"_type": "choice", "_value": []}, "learning_rate: has no choices"),
        ({"_type": "normal", "_value": [1, 0]}, "learning_rate: a normal distribution's spread"),
    ],
)
def test_mistakes_are_lines(tmp_path: Path, said: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(tmp_path, {"lr": said})
    assert str(caught.value).removeprefix(f"{tmp_path}/nni.json:1: ").startswith(line)
