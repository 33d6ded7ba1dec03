"""Which samples train, validate and test."""

from collections import Counter
from collections.abc import Callable

import pytest
import torch

from project.data import Raw, Resident
from project.data._split import Splits, cut, split
from project.hyperparameters import Hyperparameters

COUNTS = {"ant": 100, "bee": 40, "cow": 3}


def resident(counts: dict[str, int], seed: int = 0) -> Resident:
    targets = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor([*counts.values()]))
    targets = targets[torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))]
    return Resident(torch.zeros(len(targets), 1, 1, 1, dtype=torch.uint8), targets)


def raw(test: bool = False, val: bool = False) -> Raw:
    official = resident({"ant": 2, "bee": 1, "cow": 1})
    return Raw(
        resident(COUNTS), official if test else None, tuple(COUNTS), official if val else None
    )


def members(splits: Splits) -> list[set[int]]:
    return [set(part.indices.tolist()) for part in splits]


def per_class(splits: Splits) -> list[list[int]]:
    return [[Counter(part.targets.tolist())[c] for c in range(3)] for part in splits]


def test_the_split_is_stratified_and_complete(hparams: Callable[..., Hyperparameters]) -> None:
    splits = split(raw(), hparams(test_fraction=0.2, val_fraction=0.1))
    # ant: 100 * .2 = 20 and 100 * .1 = 10; bee: 8 and 4; cow: .6 -> 1 and .3 -> 1, at least.
    assert per_class(splits) == [[70, 28, 1], [10, 4, 1], [20, 8, 1]]
    train, val, test = members(splits)
    assert train | val | test == set(range(143))
    assert len(train) + len(val) + len(test) == 143
    assert all(part.indices.tolist() == sorted(part.indices.tolist()) for part in splits)


def test_official_splits_are_used(hparams: Callable[..., Hyperparameters]) -> None:
    splits = split(raw(test=True), hparams())
    assert per_class(splits) == [[90, 36, 2], [10, 4, 1], [2, 1, 1]]
    splits = split(raw(test=True, val=True), hparams())
    assert per_class(splits) == [[100, 40, 3], [2, 1, 1], [2, 1, 1]]


def test_the_split_depends_on_the_seed_alone(hparams: Callable[..., Hyperparameters]) -> None:
    first = members(split(raw(), hparams()))
    others = {"batch_size": 7, "num_workers": 0, "devices": "2", "model": "mlp"}
    assert members(split(raw(), hparams(**others))) == first
    assert members(split(raw(), hparams(seed=1))) != first


def test_train_fraction_keeps_nested_stratified_parts_of_the_training_split(
    hparams: Callable[..., Hyperparameters],
) -> None:
    whole, val, test = members(split(raw(), hparams()))
    larger = whole
    # Of 70, 28 and 1 training samples, rounded half up, at least 1.
    for fraction, expected in ((0.5, [35, 14, 1]), (0.1, [7, 3, 1]), (0.001, [1, 1, 1])):
        splits = split(raw(), hparams(train_fraction=fraction))
        assert per_class(splits)[0] == expected
        smaller = members(splits)
        assert smaller[0] <= larger and smaller[1:] == [val, test]
        larger = smaller[0]


@pytest.mark.parametrize(
    "counts, fractions, message",
    [
        (
            {"ant": 9, "bee": 2},
            (0.2, 0.1),
            "class 'bee' has 2 samples, too few to leave any for training after --test-fraction 0.2"
            " and --val-fraction 0.1; add samples (it needs 3) or remove the class",
        ),
        (
            {"ant": 9, "bee": 1},
            (0.0, 0.1),
            "class 'bee' has 1 sample, too few to leave any for training after --val-fraction 0.1;"
            " add samples (it needs 2) or remove the class",
        ),
        (
            {"ant": 4, "bee": 90},
            (0.5, 0.4),
            "class 'ant' has 4 samples, too few to leave any for training after --test-fraction 0.5"
            " and --val-fraction 0.4; lower these shares",
        ),
        (
            {"ant": 4, "bee": 0},
            (0.0, 0.0),
            "class 'bee' has 0 samples, too few to leave any for training;"
            " add samples (it needs 1) or remove the class",
        ),
        (
            {"a": 2, "b": 9, "c": 1, "d": 2, "e": 1, "f": 1, "g": 1},
            (0.2, 0.1),
            "6 classes have too few samples ('a' (2), 'c' (1), 'd' (2), 'e' (1) and 2 more) to"
            " leave any for training after --test-fraction 0.2 and --val-fraction 0.1; add samples"
            " (each needs 3) or remove these classes",
        ),
    ],
)
def test_a_class_with_too_few_samples_is_named(
    counts: dict[str, int], fractions: tuple[float, float], message: str
) -> None:
    with pytest.raises(ValueError) as error:
        cut(resident(counts).targets.values, tuple(counts), fractions, seed=0)
    assert str(error.value) == message


def test_classes_that_train_leave_all_others_to_the_test(
    hparams: Callable[..., Hyperparameters],
) -> None:
    own = {"task": "embedding", "loss": ("triplet",), "val_fraction": 0.1, "test_fraction": 0.5}
    splits = split(raw(), hparams(train_classes=("ant", "cow"), **own))
    # ant: 10 of 100 validate; cow: .3 -> 1 of 3; all 40 of bee are tested, and nothing else is.
    assert per_class(splits) == [[90, 0, 2], [10, 0, 1], [0, 40, 0]]
    again = split(raw(), hparams(train_classes=("cow", "ant"), **own))
    assert members(again) == members(splits)
    # The official test has 1 of bee; the official validation 2 of ant and 1 of cow.
    official = split(raw(test=True, val=True), hparams(train_classes=("ant", "cow"), **own))
    assert per_class(official) == [[100, 0, 3], [2, 0, 1], [0, 1, 0]]
    ranged = split(raw(), hparams(train_classes=("ant-bee",), **own))
    assert per_class(ranged) == [[90, 36, 0], [10, 4, 0], [0, 0, 3]]


@pytest.mark.parametrize(
    "words, told",
    [
        (("ant", "bea"), "there is no class 'bea', did you mean 'bee'?"),
        (("ant-cow",), "these are all classes, and none is left for the test"),
    ],
)
def test_classes_that_are_not_there_are_told(
    words: tuple[str, ...], told: str, hparams: Callable[..., Hyperparameters]
) -> None:
    with pytest.raises(ValueError, match=f"^--train-classes: {told.replace('?', '.')}"):
        split(raw(), hparams(task="embedding", loss=("triplet",), train_classes=words))
