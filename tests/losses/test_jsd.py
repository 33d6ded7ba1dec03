"""The Jensen-Shannon divergence of views, and losses of which some read all views."""

from types import SimpleNamespace

import numpy as np
import torch
from scipy.special import log_softmax
from torch.nn import functional as F

from project import losses
from project.losses.jsd import divergence


def logits(n_views: int = 3, spread: float = 3.0) -> torch.Tensor:
    source = torch.Generator().manual_seed(0)
    return spread * torch.randn(50, n_views, 10, generator=source, dtype=torch.float64)


def formula(views: np.ndarray) -> np.ndarray:
    """Mean KL to the clamped mixture, from logits (b, V, K) in float64."""
    log_p = log_softmax(views, axis=2)
    log_m = np.log(np.clip(np.exp(log_p).mean(1), 1e-7, 1))
    return (np.exp(log_p) * (log_p - log_m[:, None])).sum(2).mean(1)


def test_jsd_is_the_papers_formula() -> None:
    jsd = losses.build(SimpleNamespace(loss=("jsd",)))
    for spread in (0.1, 3.0, 40.0):  # of the last, many probabilities are below the clamp
        views = logits(spread=spread).float()
        found = jsd(views, torch.zeros(50, dtype=torch.int64)).total
        assert found.shape == (50,) and found.dtype == torch.float32
        wanted = formula(views.double().numpy())
        # Float32 has 2e-7 of a logit's size.
        assert np.abs(found.numpy() - wanted).max() < 1e-6 * max(1, spread)
        assert np.abs(divergence(views.double()).numpy() - wanted).max() < 1e-12
    same = logits(1).expand(-1, 3, -1)
    assert divergence(same).abs().max() < 1e-12


def test_gradients_go_through_all_views() -> None:
    """By finite differences, in float64; none of the views is held back."""
    views = logits()[:4].requires_grad_()
    assert torch.autograd.gradcheck(divergence, views, eps=1e-6, atol=1e-7)
    (found,) = torch.autograd.grad(divergence(views).sum(), views)
    step, wanted = 1e-5, np.empty(views.shape)
    at = views.detach().numpy()
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place], down[place] = at[place] + step, at[place] - step
        wanted[place] = (formula(up) - formula(down)).sum() / (2 * step)
    assert np.abs(found.numpy() - wanted).max() < 1e-7
    assert (found.abs().amax((0, 2)) > 1e-3).all()


def test_other_losses_read_the_first_view_and_evaluation_knows_nothing_of_views() -> None:
    hparams = SimpleNamespace(loss=("cross-entropy", "jsd*12"), label_smoothing=0.0)
    objective = losses.build(hparams)
    views, targets = logits().float(), torch.arange(50) % 10
    total, terms = objective(views, targets)
    clean = F.cross_entropy(views[:, 0], targets, reduction="none")
    assert torch.equal(terms["cross_entropy"], clean)
    assert torch.allclose(total, clean + 12 * terms["jsd"])
    evaluated = objective(views[:, 0], targets)
    assert torch.equal(evaluated.total, clean) and not evaluated.terms
