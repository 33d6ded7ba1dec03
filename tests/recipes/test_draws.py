"""Random numbers of recipes: uniform, and of the place that they are counted from alone."""

import numpy as np
import torch
from scipy import stats

from project.recipes.draws import Draws, mixed

N = 500


def draws(seed: int, epoch: int, n: int = N, again: int = 0) -> Draws:
    samples = torch.arange(n)
    return Draws.of(seed, epoch, samples, torch.full_like(samples, again))


def test_the_mix_is_splitmix64s() -> None:
    """The first numbers of SplitMix64 from 1234567, as published with its test vectors."""
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + i * golden) % 2**64 for i in range(3)], np.uint64)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert mixed(states).tolist() == expected


def test_numbers_are_uniform_and_none_comes_twice() -> None:
    """Whatever is counted: two seeds, epochs, samples, turns or places share no number."""
    found = []
    for seed, epoch, again, place in np.ndindex(6, 6, 2, 3):
        some = draws(seed, epoch, again=again)
        found += [some.uniform(place, 2), some.branch(place).uniform(1, 2)]
    values = np.concatenate(found).ravel()
    assert len(np.unique(values)) == len(values) == 6 * 6 * 2 * 3 * 2 * N * 2
    counts, _ = np.histogram(values, 1000, (0, 1))
    assert stats.chisquare(counts).pvalue > 1e-3
    assert 0 <= values.min() and values.max() < 1
    pairs = np.stack([values[:-1], values[1:]])
    assert abs(np.corrcoef(pairs)[0, 1]) < 4 / np.sqrt(len(values))


def test_a_samples_numbers_do_not_depend_on_the_others() -> None:
    whole = draws(3, 5)
    rows = np.array([7, 400, 2])
    assert len(whole[rows]) == 3
    expected = whole.uniform(2, 4)[rows]
    assert np.array_equal(whole[rows].uniform(2, 4), expected)
    samples = torch.from_numpy(rows)
    alone = Draws.of(3, 5, samples, torch.zeros_like(samples))
    assert np.array_equal(alone.uniform(2, 4), expected)
    # Nor on how many are asked for.
    assert np.array_equal(alone.uniform(2, 9)[:, :4], expected)
    assert np.array_equal(alone.branch(1)[[0]].uniform(2, 4), alone[[0]].branch(1).uniform(2, 4))
