"""The k best and k worst samples are those of an argsort over all, ties by index included."""

import numpy as np
import pytest
import torch

from project.training.extremes import Ends, Extreme, Extremes


def drawn(n: int, seed: int, ties: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Badness and indices of `n` samples, in the order in which an evaluation sees them."""
    rng = np.random.default_rng(seed)
    badness = rng.random(n).round(1 if ties else 8)
    badness[rng.random(n) < 0.1] = np.nan
    return torch.tensor(badness, dtype=torch.float32), torch.tensor(rng.permutation(n) * 3)


def kept_of(indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return indices * 2, torch.stack([indices, -indices], 1)


def fed(k: int, badness: torch.Tensor, indices: torch.Tensor, size: int) -> Extremes:
    extremes = Extremes(k)
    for some, own in zip(badness.split(size), indices.split(size), strict=True):
        extremes.add(some, own, kept_of(own))
        some.fill_(9)  # a caller may write into its own again
    return extremes


def sorted_out(badness: torch.Tensor, indices: torch.Tensor, k: int) -> list[list[int]]:
    """Indices by an argsort over all samples."""
    known = ~badness.isnan().numpy()
    values, own = badness.numpy()[known], indices.numpy()[known]
    orders = np.lexsort((own, values)), np.lexsort((own, -values))
    return [own[order][:k].tolist() for order in orders]


def assert_ends(ends: Ends, badness: torch.Tensor, indices: torch.Tensor, k: int) -> None:
    assert [[e.index for e in end] for end in ends] == sorted_out(badness, indices, k)
    of = dict(zip(indices.tolist(), badness.tolist(), strict=True))
    for extreme in (*ends.best, *ends.worst):
        assert extreme.badness == of[extreme.index]
        double, pair = extreme.kept
        assert int(double) == 2 * extreme.index and pair.tolist() == [extreme.index, -extreme.index]
        assert pair.untyped_storage().nbytes() == pair.nbytes  # not a view of its batch


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k, n", [(1, 50), (4, 7), (16, 300), (16, 5)])
def test_they_equal_an_argsort(k: int, n: int, ties: bool) -> None:
    for seed, size in enumerate((1, 3, 64, n)):
        badness, indices = drawn(n, seed, ties)
        extremes = fed(k, badness.clone(), indices, size)
        assert_ends(extremes.ends(), badness, indices, k)
        assert_ends(extremes.ends(), badness, indices, k)  # asking takes nothing away
        assert len(extremes._best) + len(extremes._worst) <= 2 * k


def test_images_of_many_sizes_and_no_samples() -> None:
    extremes = Extremes(2)
    assert extremes.ends() == ([], [])
    for index, side in enumerate((3, 5, 4)):
        extremes.add(torch.tensor([float(side)]), torch.tensor([index]), torch.ones(1, side, side))
    ends = extremes.ends()
    assert [(e.index, e.kept.shape) for e in ends.best] == [(0, (3, 3)), (2, (4, 4))]
    assert [e.index for e in ends.worst] == [1, 2]
    extremes.reset()
    extremes.add(torch.tensor([torch.nan]), torch.tensor([0]), torch.ones(1))
    assert extremes.ends() == ([], [])


def test_what_is_kept_of_a_sample_is_made_once_it_is_at_an_end() -> None:
    seen: list[tuple[int, ...]] = []
    extremes = Extremes(1, lambda leaf: (seen.append(leaf.shape), leaf.argmax(1))[1])
    badness = torch.tensor([0.5, 0.1, 0.9, 0.5])
    extremes.add(badness, torch.arange(4), torch.eye(4))
    best, worst = extremes.ends()
    assert [(int(e.kept), e.index) for e in (*best, *worst)] == [(1, 1), (2, 2)]
    assert set(seen) == {(1, 4)}


def test_none_are_kept_where_none_are_asked_for() -> None:
    assert fed(0, *drawn(20, 0, False), 5).ends() == Ends([], [])
    assert Extreme._fields == ("badness", "index", "kept")
