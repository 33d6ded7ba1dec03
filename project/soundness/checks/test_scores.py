"""Whether the recorded scores come out again, and are as good as demanded."""

from collections.abc import Callable

import numpy as np
import pytest

from project.provenance.record import read_record
from project.soundness.repeated import RepeatedTest
from project.words.names import some

# Flags by which a run tests some batches alone.
PARTS = ("limit_batches", "fast_dev_run")
# Of the recorded value: sums of floats depend on the device and its threads.
SUMS = 1e-4
# How far the two largest probabilities may be apart for either to win on another device.
NEAR_TIE = 1e-4


@pytest.fixture(autouse=True)
def whole(tested: RepeatedTest, request: pytest.FixtureRequest) -> None:
    """What a run found of some batches does not come out of all of them."""
    flags = read_record(tested.run)["flags"]
    of_a_part = any(flags.get(name) for name in PARTS)
    if of_a_part and "floor" not in request.fixturenames:
        pytest.skip("the run has tested some batches alone")


def test_recorded_scores(tested: RepeatedTest, found: Callable[[str], None]) -> None:
    """recorded test scores come out again."""
    recorded = tested.recorded_scores
    common = [name for name in tested.scores if name in recorded]
    if not common:
        pytest.skip("the run has none")
    bad = [n for n in common if not _is_close(tested.scores[n], recorded[n])]
    told = [f"{name} {tested.scores[name]:.4g}, not {recorded[name]:.4g}" for name in bad[:3]]
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    assert not bad, f"{'; '.join(told)}{more}"
    found(f"{len(common)} scores")


def test_recorded_predictions(tested: RepeatedTest, found: Callable[[str], None]) -> None:
    """recorded predictions come out again."""
    recorded, now = tested.recorded_columns, tested.columns
    known = "prediction" if "prediction" in recorded else "iou"
    if known not in recorded or known not in now:
        pytest.skip("the run has no table of them")
    same_samples = np.array_equal(recorded["index"], now["index"])
    assert same_samples, "the test has other samples than the run's"
    if known == "iou":
        differ = ~np.isclose(now[known], recorded[known], atol=1e-3, equal_nan=True)
    else:
        sure = "prob" if "prob" in recorded else "distance"  # that of embeddings
        ties = np.abs(now[sure] - recorded[sure]) < NEAR_TIE
        differ = (now[known] != recorded[known]) & ~(ties & _is_near_tie(now))
    n = int(differ.sum())
    assert (
        not n
    ), f"{n:,} of {len(differ):,} are others: samples {some([*map(str, now['index'][differ])])}"
    found(f"{len(differ):,} samples")


def test_floor(
    tested: RepeatedTest, floor: tuple[str, float], found: Callable[[str], None]
) -> None:
    """a score is as good as demanded."""
    name, least = floor
    scores = {n.removeprefix("test_"): v for n, v in tested.scores.items()}
    whole = {name: scores[name]} if name in scores else {}
    each = whole or {n: v for n, v in scores.items() if n.startswith(f"{name}/")}
    if not each:
        pytest.skip("only the run's own metrics, or its loss, give it")
    low = {n: v for n, v in each.items() if not v >= least}
    told = [f"{n} {v:.4g}" for n, v in sorted(low.items(), key=lambda item: item[1])[:5]]
    assert not low, f"{', '.join(told)}{f' and {len(low) - 5} more' if len(low) > 5 else ''}"
    worst = min(each, key=each.__getitem__)
    found(f"{worst} {each[worst]:.4g}")


def _is_close(value: float, recorded: float) -> bool:
    return np.isclose(value, recorded, rtol=SUMS, atol=SUMS, equal_nan=True)


def _is_near_tie(columns: dict[str, np.ndarray]) -> np.ndarray:
    if "margin" in columns:
        return np.abs(columns["margin"]) < NEAR_TIE
    probs = columns["probs"] if "probs" in columns else columns["top_prob"]
    two = np.sort(probs, 1)[:, -2:]
    return two[:, 1] - two[:, 0] < NEAR_TIE
