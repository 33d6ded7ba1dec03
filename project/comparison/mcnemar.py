"""Whether two models that are right about different samples differ by more than chance."""

import math
from collections.abc import Mapping
from typing import Any

SIGN, MCNEMAR = "sign test", "McNemar's exact test"
_LEVEL = 0.05


def mcnemar(first_alone: int, second_alone: int) -> float:
    """The exact two-sided p of as uneven a split of the samples about which two differ (1947).

    Of n = b + c such samples each is on either side with probability 1/2:
    p = min(1, 2 sum_{k <= min(b, c)} C(n, k) / 2^n).
    """
    n = first_alone + second_alone
    each = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        for k in range(min(first_alone, second_alone) + 1)
    )
    return min(1.0, 2 * math.fsum(map(math.exp, each)))


def sentence(pair: Mapping[str, Any]) -> str:
    """What is said of a pair."""
    first, second, b, c = (pair[k] for k in ("first", "second", "first_alone", "second_alone"))
    of = f"of {pair['n']:,} test samples"
    if not b + c:
        return f"{of} none tells {first} from {second}"
    told = f"{of} {first} alone gets {b:,} right, {second} alone {c:,}"
    if pair["test"] == SIGN:
        told = f"{of} {first} is better on {b:,}, {second} on {c:,}"
    end = "by more than chance" if pair["p"] < _LEVEL else "no more than chance may do"
    return f"{told} ({pair['test']}, p = {pair['p']:.2g}): these two trained models differ {end}"
