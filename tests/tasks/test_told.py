"""What a test pass asks of each sample at once is what it would be asked one after the other."""

from typing import Any

import pytest
import torch
from torch import Tensor

from project.tasks import Task
from project.tasks.classification import Classification
from project.tasks.segmentation import Segmentation

CLASSES = ("a", "b", "c")


def samples(kind: type[Task]) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(3)
    more = (6, 5) if issubclass(kind, Segmentation) else ()
    outputs = torch.randn(40, 3, *more, generator=source)
    targets = torch.randint(0, 3, (40, *more), generator=source)
    if more:
        targets[0], targets[1, :2] = 255, 255
    return outputs, targets


def check(task: Task, given: tuple[Tensor, Tensor]) -> None:
    badness, columns = task.told(*given)
    apart = {"badness": task.badness(*given), **task.columns(*given)}
    found = {"badness": badness, **columns}
    assert found.keys() == apart.keys()
    assert all(torch.equal(found[k].nan_to_num(-1), apart[k].nan_to_num(-1)) for k in apart)


@pytest.mark.parametrize("kind", [Classification, Segmentation])
def test_badness_and_columns_are_the_same_together(kind: type[Task]) -> None:
    check(kind((3, 6, 5), CLASSES), samples(kind))


@pytest.mark.parametrize("base", [Classification, Segmentation])
@pytest.mark.parametrize("name", ["badness", "columns"])
def test_what_a_subclass_says_counts(base: type[Task], name: str) -> None:
    def other(self: Any, outputs: Tensor, targets: Tensor) -> Any:
        values = torch.arange(len(outputs)).float()
        return values if name == "badness" else {"own": values}

    kind = type("Own", (base,), {name: other})
    task, given = kind((3, 6, 5), CLASSES), samples(base)
    check(task, given)
    badness, columns = task.told(*given)
    assert torch.equal(badness if name == "badness" else columns["own"], torch.arange(40.0))
