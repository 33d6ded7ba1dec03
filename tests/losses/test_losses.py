"""Losses: per-sample values against their formulas and torch's own functions."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from project import losses, plugs
from project.files.sources import literal
from project.losses.dice import dice
from project.plugs.weighted import ONLY_VIEWS
from project.values import IGNORED, Loss

WEIGHTS = torch.tensor([0.5, 2.0, 0.0, 1.0, 1.5])
SHAPES = {"classification": (7,), "segmentation": (3, 4, 5)}
SERVED = [
    (name, task)
    for name in plugs.names("loss")
    for task in literal(plugs.find("loss", name).path, "TASKS")
    # Those over pairs and views are of their own: test_pairs.py, test_jsd.py.
    if task in SHAPES and not plugs.says("loss", name, ONLY_VIEWS)
]


def settings(
    *loss: str, label_smoothing: float = 0.0, beta: float = 1.0, gamma: float = 2.0
) -> SimpleNamespace:
    own = SimpleNamespace(dice_beta=beta, focal_gamma=gamma)
    terms = loss or ("cross-entropy",)
    return SimpleNamespace(loss=terms, label_smoothing=label_smoothing, settings=lambda _: own)


def build(*loss: str, weights: torch.Tensor | None = None, **values: float) -> Any:
    """The losses of outputs and targets, as one tensor."""
    objective = losses.build(settings(*loss, **values), {"class_weights": weights})
    return lambda *batch: objective(*batch).total


def batch(task: str = "classification", n_classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and targets; of masks the last one ignores all pixels, another one some."""
    generator = torch.Generator().manual_seed(0)
    n, *pixels = SHAPES[task]
    logits = 3 * torch.randn(n, n_classes, *pixels, generator=generator)
    targets = torch.randint(n_classes, (n, *pixels), generator=generator)
    if pixels:
        targets[1, :, 2:] = IGNORED
        targets[-1] = IGNORED
    return logits, targets


@pytest.mark.parametrize("name, task", SERVED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_loss_gives_one_float32_per_sample_and_a_gradient(
    name: str, task: str, dtype: torch.dtype
) -> None:
    logits, targets = batch(task)
    logits = logits.to(dtype).requires_grad_()
    values = build(name)(logits, targets)
    assert values.shape == (len(targets),) and values.dtype == torch.float32
    values.sum().backward()
    assert logits.grad.isfinite().all() and logits.grad.abs().sum() > 0
    if task == "segmentation":
        assert values[-1] == 0 and (logits.grad.transpose(0, 1)[:, targets == IGNORED] == 0).all()


@pytest.mark.parametrize("name, task", SERVED)
def test_a_samples_loss_does_not_depend_on_its_batch(name: str, task: str) -> None:
    logits, targets = batch(task)
    loss = build(name)
    alone = torch.cat([loss(*one) for one in zip(logits.split(1), targets.split(1))])
    torch.testing.assert_close(loss(logits, targets), alone)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_is_the_mean_of_the_pixels_that_count(
    smoothing: float, weights: torch.Tensor | None
) -> None:
    logits, masks = batch("segmentation")
    loss = build(weights=weights, label_smoothing=smoothing)
    for picture, mask, value in zip(logits, masks, loss(logits, masks), strict=True):
        log_p = np.log(np.exp(picture.double().numpy()))
        log_p -= np.log(np.exp(log_p).sum(0))
        w, each = np.ones(5) if weights is None else weights.numpy(), []
        for row, column in zip(*np.nonzero(mask.numpy() != IGNORED), strict=True):
            target, own = int(mask[row, column]), log_p[:, row, column]
            hit = -(1 - smoothing) * w[target] * own[target]
            each.append(hit - smoothing / 5 * (w * own).sum())
        assert float(value) == pytest.approx(np.mean(each) if each else 0, rel=1e-5)


def test_classification_is_torchs_own_to_the_last_bit() -> None:
    logits, targets = batch()
    for weights in (None, WEIGHTS):
        expected = F.cross_entropy(logits, targets, weights, reduction="none", label_smoothing=0.1)
        assert build(weights=weights, label_smoothing=0.1)(logits, targets).equal(expected)


def test_class_255_of_labels_is_no_ignored_one() -> None:
    logits = torch.zeros(1, 300)
    for name in ("cross-entropy", "focal"):
        assert build(name)(logits, torch.tensor([IGNORED])) > 5


def test_cross_entropy_is_the_negative_log_probability() -> None:
    # Logits log 1, log 2, log 5 are probabilities 1/8, 2/8, 5/8.
    logits = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(2, 3)
    values = build()(logits, torch.tensor([2, 0]))
    torch.testing.assert_close(values, torch.tensor([-math.log(5 / 8), -math.log(1 / 8)]))


def test_focal_loss_is_cross_entropy_times_the_squared_error() -> None:
    # Probabilities 1/8, 2/8, 5/8: a loss of -(1 - 5/8)^2 log 5/8 for the last class.
    logits, targets = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(2, 3), torch.tensor([2, 0])
    expected = [-((3 / 8) ** 2) * math.log(5 / 8), -((7 / 8) ** 2) * math.log(1 / 8)]
    torch.testing.assert_close(build("focal")(logits, targets), torch.tensor(expected))
    # Of gamma 3 it is the cube; of 0, the cross-entropy.
    cubes = [expected[0] * 3 / 8, expected[1] * 7 / 8]
    torch.testing.assert_close(build("focal", gamma=3.0)(logits, targets), torch.tensor(cubes))
    plain = build("cross-entropy")(logits, targets)
    torch.testing.assert_close(build("focal", gamma=0.0)(logits, targets), plain)
    weighted = build("focal", weights=torch.tensor([4.0, 1.0, 0.5]))(logits, targets)
    torch.testing.assert_close(weighted, torch.tensor([0.5 * expected[0], 4 * expected[1]]))
    # As the two pixels of a picture, beside an ignored one.
    picture = torch.cat([logits.T, torch.full((3, 1), 9.0)], 1)[None, :, None]
    mask = torch.tensor([[[2, 0, IGNORED]]])
    torch.testing.assert_close(build("focal")(picture, mask), torch.tensor([sum(expected) / 2]))


def test_focal_loss_is_defined_for_certain_predictions() -> None:
    logits = torch.tensor([[100.0, 0.0], [100.0, 0.0]], requires_grad=True)
    values = build("focal")(logits, torch.tensor([0, 1]))
    # Right: log 1 = 0. Wrong: (1 - 0)^2 times 100.
    torch.testing.assert_close(values, torch.tensor([0.0, 100.0]))
    values.sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_dice_is_its_formula_over_each_picture(n_classes: int, beta: float) -> None:
    logits, masks = batch("segmentation", n_classes)
    found = build("dice", beta=beta)(logits, masks)
    for z, mask, value in zip(logits.double().numpy(), masks.numpy(), found, strict=True):
        p = np.exp(z) / np.exp(z).sum(0)
        if n_classes == 2:
            np.testing.assert_allclose(p[1], 1 / (1 + np.exp(z[0] - z[1])))
        each = []
        for c in range(n_classes):
            own, true = p[c][mask != IGNORED], (mask == c)[mask != IGNORED]
            tp, fn, fp = own[true].sum(), (1 - own[true]).sum(), own[~true].sum()
            above = (1 + beta**2) * tp
            each.append(1 - (above + 1) / (above + beta**2 * fn + fp + 1))
            if beta == 1:
                smooth = 1 - (2 * (own * true).sum() + 1) / (own.sum() + true.sum() + 1)
                assert each[-1] == pytest.approx(smooth)
        expected = each[1] if n_classes == 2 else np.mean(each)
        assert float(value) == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_dice_is_0_where_all_is_right_and_large_where_nothing_is() -> None:
    _, masks = batch("segmentation", 3)
    masks[0] = 1  # classes that are neither there nor predicted are right
    right = F.one_hot(masks.clamp(max=2), 3).movedim(-1, 1) * 200.0
    for beta in (0.3, 1.0, 2.0):
        assert build("dice", beta=beta)(right, masks).tolist() == [0, 0, 0]
    # All 20 pixels are of class 1, and class 0 is predicted: 1 - 1 / 21 for both, of 3 classes.
    wrong = F.one_hot(torch.zeros(1, 4, 5, dtype=torch.int64), 3).movedim(-1, 1) * 200.0
    assert float(build("dice")(wrong, masks[:1])) == pytest.approx(2 / 3 * 20 / 21)


def test_gradients_of_dice_are_those_of_finite_differences() -> None:
    logits, masks = batch("segmentation", 3)
    small = logits[:2, :, :2, 1:4].double().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: dice(z.softmax(1), masks[:2, :2, 1:4], 2.0), [small])


def test_a_sum_has_each_terms_own_value_and_one_term_alone_is_itself() -> None:
    pair = batch("segmentation")
    alone = {name: build(name)(*pair) for name in ("cross-entropy", "dice", "focal")}
    objective = losses.build(settings("cross-entropy", "dice*0.5", "focal*2"))
    total, terms = objective(*pair)
    assert terms.keys() == {"cross_entropy", "dice", "focal"}
    assert all(terms[name.replace("-", "_")].equal(value) for name, value in alone.items())
    expected = alone["cross-entropy"] + 0.5 * alone["dice"] + 2 * alone["focal"]
    torch.testing.assert_close(total, expected)
    single = losses.build(settings("dice"))(*pair)
    assert single.total.equal(alone["dice"]) and single.terms == {}
    assert losses.build(settings("dice*0.5"))(*pair).total.equal(0.5 * alone["dice"])


def test_a_loss_may_name_terms_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `Loss`, alone or beside others; a module among them is the objective's."""

    class Own(torch.nn.Module):
        def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> Loss:
            return Loss(outputs.sum(1), {"first": outputs[:, 0]})

    module = SimpleNamespace(build=lambda: Own())
    monkeypatch.setattr("project.losses.plugs.entry", lambda _, text: module.build)
    outputs, targets = batch()
    assert losses.build(settings("focal"))(outputs, targets).terms["first"].equal(outputs[:, 0])
    both = losses.build(settings("focal", "dice*3"))
    found = both(outputs, targets)
    assert found.terms.keys() == {"focal", "focal_first", "dice", "dice_first"}
    torch.testing.assert_close(found.total, 4 * outputs.sum(1))
    assert len([own for own in both.modules() if isinstance(own, Own)]) == 2


def test_class_weights_reach_a_loss_or_are_refused() -> None:
    pair = batch("segmentation")
    mixed = losses.build(settings("dice", "cross-entropy"), {"class_weights": WEIGHTS})(*pair)
    assert mixed.terms["cross_entropy"].equal(build(weights=WEIGHTS)(*pair))
    with pytest.raises(ValueError, match="^--class-weights: --loss dice does not ask for class_w"):
        losses.build(settings("dice"), {"class_weights": WEIGHTS})


def test_an_unknown_loss_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"^--loss 'focl' is unknown, did you mean 'focal'"):
        build("focl")
