"""How many decisions change where pictures change a little."""

from collections.abc import Callable

import pytest

from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.soundness import changes
from project.soundness.limits import Limits


def test_invariance(
    predictor: Predictor,
    test_split: Splits,
    demanded: Limits,
    change: str,
    found: Callable[[str], None],
) -> None:
    """decisions stay."""
    if not predictor.task.decides:
        pytest.skip(f"task {predictor.task.name} decides for no class")
    changed = total = 0
    for held in test_split.batches("test"):
        altered = changes.BY_NAME[change](held.images)
        if altered is None:
            pytest.skip("it is of pictures of bytes, grey or RGB")
        before = predictor.task.decisions(predictor.outputs(held.images))
        after = predictor.task.decisions(predictor.outputs(altered))
        if change == "flip" and before.ndim > 1:  # a mirrored picture has a mirrored mask
            after = after.flip(-1)
        changed, total = changed + int((before != after).sum()), total + before.numel()
    share, limit = changed / total, demanded.invariant.get(change)
    told = f"{100 * share:.3g} % of {total:,} change"
    assert limit is None or share <= limit, f"{told}, more than {100 * limit:.3g} %"
    found(told)
