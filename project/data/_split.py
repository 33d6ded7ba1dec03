"""Which samples train, validate and test: stratified, a pure function of seed and targets."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from project.data._chosen_classes import numbers_of, of_classes
from project.data.order import permutation
from project.data.samples import Raw, Samples, Subset
from project.data.targets import Labels
from project.hyperparameters import Hyperparameters

SHOWN = 4  # classes
ALL = "the data set"  # of samples that are split by nothing


class Splits(NamedTuple):
    """The samples of each split; no sample is in two of them."""

    train: Subset
    val: Subset
    test: Subset


def split(raw: Raw, hparams: Hyperparameters) -> Splits:
    """Use the official splits and cut the missing ones off the training samples, class by class.

    `val_fraction` and `test_fraction` are shares of each class of `raw.train`. `train_fraction`
    then keeps a share of each class of what is left; a smaller one keeps a subset of what a larger
    one keeps. Masks have no class: all are taken alike, or by the strata that they come with. With
    `train_classes` the test is of all other classes, see `_apart`.

    Raises:
        ValueError: a class has too few samples to be in every split.
    """
    if hparams.train_classes:
        return _apart(raw, hparams)
    test_fraction = hparams.test_fraction if raw.test is None else 0.0
    val_fraction = hparams.val_fraction if raw.val is None else 0.0
    strata = raw.train.targets.strata()
    names = raw.classes if raw.kind == Labels.kind else _strata_names(strata)
    test, val, rest = cut(strata, names, (test_fraction, val_fraction), hparams.seed)
    train = torch.cat([kept[: _share(len(kept), hparams.train_fraction)] for kept in rest])
    return Splits(
        Subset(raw.train, train.sort().values),
        Subset(raw.train, val) if raw.val is None else _all(raw.val),
        Subset(raw.train, test) if raw.test is None else _all(raw.test),
    )


def _apart(raw: Raw, hparams: Hyperparameters) -> Splits:
    """Some classes train and validate, all others are tested: by their official test samples,

    or by all of them where there are none. The usual protocol of metric learning: Oh Song et al.,
    "Deep Metric Learning via Lifted Structured Feature Embedding", 2016, section 6.
    """
    trained = numbers_of(hparams.train_classes, raw.classes)
    others = [number for number in range(len(raw.classes)) if number not in trained]
    val_fraction = hparams.val_fraction if raw.val is None else 0.0
    strata = raw.train.targets.strata()
    _, val, rest = cut(strata, raw.classes, (0.0, val_fraction), hparams.seed, trained)
    train = torch.cat([kept[: _share(len(kept), hparams.train_fraction)] for kept in rest])
    return Splits(
        Subset(raw.train, train.sort().values),
        Subset(raw.train, val) if raw.val is None else of_classes(raw.val, trained, raw.classes),
        of_classes(raw.train if raw.test is None else raw.test, others, raw.classes),
    )


def cut(
    targets: Tensor,
    classes: Sequence[str],
    fractions: tuple[float, float],
    seed: int,
    among: Collection[int] | None = None,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Cut two shares off every class; a share that is not 0 has at least one sample of each class.

    Args:
        targets: `(n,)` int64.
        classes: names, by target.
        fractions: the two shares of each class.
        seed: of the choice.
        among: the targets that are cut; None: all.

    Returns:
        the sorted indices `(m,)` int64 of either share, and per class those of the rest, shuffled.

    Raises:
        ValueError: nothing of some classes would be left; the message names them.
    """
    too_few: dict[str, int] = {}
    shares: tuple[list[Tensor], ...] = ([], [], [])
    for target, name in enumerate(classes):
        if among is not None and target not in among:
            continue
        members = (targets == target).nonzero().flatten()
        first, second = (_share(len(members), fraction) for fraction in fractions)
        if first + second >= len(members):
            too_few[name] = len(members)
            continue
        shuffled = members[permutation(len(members), seed, "split", target)]
        pieces = shuffled.tensor_split([first, first + second])
        for share, piece in zip(shares, pieces, strict=True):
            share.append(piece)
    if too_few:
        raise ValueError(_too_few(too_few, fractions))
    return torch.cat(shares[0]).sort().values, torch.cat(shares[1]).sort().values, shares[2]


def _share(n: int, fraction: float) -> int:
    """`fraction` of n, rounded half up, but at least 1 unless the fraction is 0."""
    return max(1, int(n * fraction + 0.5)) if fraction > 0 else 0


def _too_few(sizes: Mapping[str, int], fractions: tuple[float, float]) -> str:
    flags = ("--test-fraction", "--val-fraction")
    cuts = [f"{flag} {share:g}" for flag, share in zip(flags, fractions, strict=True) if share]
    needed, after = len(cuts) + 1, f" after {' and '.join(cuts)}" if cuts else ""
    if len(sizes) == 1:
        ((name, n),) = sizes.items()
        samples = "1 sample" if n == 1 else f"{n} samples"
        whose = f"class {name!r}" if name != ALL else name
        told, each = f"{whose} has {samples}, too few", "it needs"
        them = "" if name == ALL else " or remove the class"
    else:
        named = [f"{name!r} ({n})" for name, n in sizes.items()]
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        told = f"{len(named)} classes have too few samples ({', '.join(named[:SHOWN])}{more})"
        each, them = "each needs", " or remove these classes"
    add = f"add samples ({each} {needed}){them}"
    fix = add if min(sizes.values()) < needed else "lower these shares"
    return f"{told} to leave any for training{after}; {fix}"


def _strata_names(strata: Tensor) -> list[str]:
    n = int(strata.max()) + 1
    return [ALL] if n == 1 else [f"stratum {i}" for i in range(n)]


def _all(samples: Samples) -> Subset:
    return Subset(samples, torch.arange(len(samples)))
