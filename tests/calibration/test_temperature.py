"""The temperature of least negative log likelihood, beside SciPy's search."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from project.calibration.temperature import fit, nll


def probs(logits: np.ndarray, temperature: float) -> np.ndarray:
    scaled = logits / temperature
    each = np.exp(scaled - scaled.max(1, keepdims=True))
    return each / each.sum(1, keepdims=True)


@pytest.mark.parametrize("factor", [0.2, 1.0, 7.0])
def test_it_is_scipys_and_changes_no_decision(factor: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 6)) * 2
    targets = np.array([rng.choice(6, p=p) for p in probs(logits, 1.0)])
    given, truth = torch.from_numpy(logits * factor), torch.from_numpy(targets)
    found = fit(given, truth)

    def loss(log_t: float) -> float:
        return log_loss(targets, probs(logits * factor, np.exp(log_t)), labels=range(6))

    expected = minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
    assert found == pytest.approx(np.exp(expected.x), rel=1e-4)
    assert nll(given, truth, found) == pytest.approx(expected.fun, rel=1e-9)
    assert nll(given, truth, found) <= loss(0.0)
    assert torch.equal((given / found).argmax(1), given.argmax(1))


def test_where_all_is_right_or_nothing_is_there() -> None:
    right = 5.0 * torch.eye(3)
    found = fit(right, torch.arange(3))
    assert 0 < found < 1 and nll(right, torch.arange(3), found) < 1e-9
    with pytest.raises(ValueError, match="no validation samples"):
        fit(torch.empty(0, 3), torch.empty(0, dtype=torch.int64))
