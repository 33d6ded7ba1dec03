"""Every random number of a recipe as a pure function of seed, epoch, sample and place.

Numbers are counted, not drawn one after another: the same come for any block, worker, rank and
resume, on any device, because they are computed in integers on the CPU.
"""

import numpy as np
from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_EXACT = np.uint64(11)  # of 64 bits, those that a float64 in [0, 1) has no room for
_BRANCH = np.uint64(2**63)  # numbers of branches are none of places


def mixed(values: np.ndarray) -> np.ndarray:
    """Whole numbers whose bits all depend on all bits of `values`, uint64; one to one.

    Source: the output of SplitMix64 (Steele, Lea and Flood, 2014), with Stafford's 13th mix.
    """
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


class Draws:
    """The random numbers of some samples, of one epoch.

    Args:
        keys: `(b,)` uint64, of each sample.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self._keys = keys

    @classmethod
    def of(cls, seed: int, epoch: int, samples: Tensor, again: Tensor) -> "Draws":
        """Those of a run's seed.

        Args:
            seed: of the run.
            epoch: counted from 0.
            samples: `(b,)` int64, indices into the data set.
            again: `(b,)` int64, how often each was there before in this epoch: other numbers come
                where a sample is drawn several times.
        """
        keys = mixed(np.array([seed], np.uint64))
        for word in (np.array([epoch]), samples.numpy(), again.numpy()):
            # Not of a mixed word: what is symmetric would give seed 1, epoch 2 those of 2 and 1.
            keys = mixed(keys ^ word.astype(np.uint64))
        return cls(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, rows: np.ndarray | slice) -> "Draws":
        """Those of samples at `rows`, `(n,)` int64."""
        return Draws(self._keys[rows])

    def branch(self, number: int) -> "Draws":
        """Others of the same samples: of a view, a chain, or a turn of something repeated."""
        return Draws(mixed(self._keys ^ (_BRANCH | np.uint64(number))))

    def uniform(self, place: int, n: int) -> np.ndarray:
        """Numbers `(b, n)` float64 in [0, 1).

        Args:
            place: number of the item in the recipe that they are for.
            n: how many for each sample; the first ones are the same for any n.
        """
        keys = mixed(self._keys ^ np.uint64(place))
        counted = keys[:, None] + _GOLDEN * np.arange(1, n + 1, dtype=np.uint64)
        return (mixed(counted) >> _EXACT).astype(np.float64) * 2.0**-53
