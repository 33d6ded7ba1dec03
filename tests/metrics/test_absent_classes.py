"""Scores from counts, of any logits, are those calls of scikit-learn's that they say, bit for bit.

Also where classes occur nowhere, in the targets alone, or in the predictions alone.
"""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics
from torch import Tensor

from project.metrics import classification

TOP = 5


def expected(logits: Tensor, targets: Tensor, n_classes: int) -> dict[str, object]:
    """What the docstrings say, one call for each score."""
    values, t = logits.double().numpy(), targets.numpy()
    p, labels = values.argmax(1), range(n_classes)
    found = {
        "accuracy": sklearn_metrics.accuracy_score(t, p),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(t, p),
        "cohen_kappa": sklearn_metrics.cohen_kappa_score(t, p),
        "matthews": sklearn_metrics.matthews_corrcoef(t, p),
        "confusion_matrix": sklearn_metrics.confusion_matrix(t, p, labels=labels),
    }
    for average in (None, "macro", "weighted"):
        each = sklearn_metrics.precision_recall_fscore_support(
            t, p, labels=labels, average=average, zero_division=0
        )
        for name, value in zip(("precision", "recall", "f1"), each, strict=False):
            found[f"{name}_{average}" if average else name] = value
    if n_classes > TOP:
        found[f"top{TOP}_accuracy"] = sklearn_metrics.top_k_accuracy_score(
            t, values, k=TOP, labels=labels
        )
    return found


def assert_equal(logits: Tensor, targets: Tensor, *, batch: int = 7, what: object = None) -> None:
    """All at once by scikit-learn, and in batches by ours."""
    n_classes = logits.shape[1]
    ours = classification(n_classes)
    for piece in zip(logits.split(batch), targets.split(batch), strict=True):
        ours.update(*piece)
    found = ours.compute()
    with warnings.catch_warnings():
        # Where a class does not occur, or there is one alone.
        warnings.simplefilter("ignore")
        reference = expected(logits, targets, n_classes)
    for name, value in reference.items():
        np.testing.assert_array_equal(found[name], value, err_msg=f"{name} {what}")


def some(rng: np.random.Generator, n_classes: int) -> np.ndarray:
    """A few of the classes, often one or two only."""
    n = min(n_classes, int(rng.choice([1, 2, 3, n_classes])))
    return rng.choice(n_classes, n, replace=False)


@pytest.mark.parametrize("seed", range(30))
def test_whichever_classes_occur(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_classes = int(rng.choice([2, 3, 6, 10, 17, 40]))
    n = int(rng.choice([1, 2, 9, 60, 300]))
    targets = rng.choice(some(rng, n_classes), n)
    preds = np.where(rng.random(n) < rng.random(), targets, rng.choice(some(rng, n_classes), n))
    # Rounded, so that many are equal.
    logits = rng.normal(size=(n, n_classes)).round(int(rng.integers(0, 3)))
    logits[np.arange(n), preds] += 2
    assert_equal(torch.tensor(logits, dtype=torch.float32), torch.tensor(targets), what=seed)


def test_a_thousand_classes_of_which_few_occur() -> None:
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(size=(300, 1000)), dtype=torch.float32)
    logits[:, 20:] -= 9
    assert_equal(logits, torch.tensor(rng.integers(0, 15, 300)), batch=64)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_floating_type(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(90, 8, generator=generator).to(dtype)
    assert_equal(logits, torch.randint(0, 5, (90,), generator=generator))


def transposed(values: Tensor) -> Tensor:
    return values.t().contiguous().t()


def sliced(values: Tensor) -> Tensor:
    wide = torch.full((2 * len(values), 3 * values.shape[1] + 1), torch.nan)
    wide[::2, 1::3] = values
    return wide[::2, 1::3]


def offset(values: Tensor) -> Tensor:
    longer = torch.cat([torch.zeros(1), values.flatten()])
    return longer[1:].view_as(values)


@pytest.mark.parametrize("view", [transposed, sliced, offset])
@pytest.mark.parametrize("n_classes", [2, 7])
def test_any_strides(view: Callable[[Tensor], Tensor], n_classes: int) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, n_classes, generator=generator)
    targets = torch.randint(0, n_classes, (50,), generator=generator)
    # Of every family: those of probabilities and of ranking, too.
    plain, strided = classification(n_classes), classification(n_classes)
    plain.update(logits, targets)
    strided.update(view(logits), targets.repeat_interleave(2)[::2])
    found, reference = strided.compute(), plain.compute()
    assert found.keys() == reference.keys()
    for name, value in reference.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_one_row_and_one_target_expanded_to_many() -> None:
    metric = classification(3)
    metric.update(torch.tensor([[0.0, 2.0, 1.0]]).expand(6, 3), torch.tensor(1).expand(6))
    metric.update(torch.tensor([[1.0], [2.0]]).expand(2, 3), torch.tensor([2, 0]))
    found = metric.compute()
    assert found["confusion_matrix"].tolist() == [[1, 0, 0], [0, 6, 0], [1, 0, 0]]


def test_other_integers_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"shape \(2,\) and torch.int32; they must be \(2,\) and"):
        classification(3).update(torch.zeros(2, 3), torch.zeros(2, dtype=torch.int32))
