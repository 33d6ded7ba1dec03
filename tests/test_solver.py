"""The solver against a plain PyTorch loop, and what ends training."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import seed_everything
from sklearn.metrics import jaccard_score
from torch import nn
from torch.nn.functional import cross_entropy

from project import data, losses, metrics, models
from project.callbacks.early_stopping import EarlyStopping
from project.hyperparameters import Hyperparameters
from project.solver import Solver
from project.tasks.classification import Classification
from project.tasks.segmentation import Segmentation
from project.training.saving import Checkpoints
from project.training.trainer import make_trainer


class Recorder:
    """Stands in for the logger."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, int], float] = {}

    def log(self, scores: dict[str, float], *, step: int, epoch: int) -> None:
        self.points |= {(name, step): value for name, value in scores.items()}

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def train(tmp_path: Path, *callbacks: Any, **flags: Any) -> tuple[Solver, Recorder]:
    hparams = Hyperparameters(model="mlp", hidden_dim=16, data_dir=str(tmp_path), **flags)
    seed_everything(hparams.seed, verbose=False)
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    loaders = {name: dataset.loader(name, hparams) for name in ("train", "val", "test")}
    loss = losses.build(hparams)
    parts = getattr(loss, "parts", ())
    solver = Solver(
        model,
        loss,
        metrics.classification(10),
        Classification(dataset.shape, dataset.classes),
        hparams,
        loaders["train"].steps,
        terms=[term.name for term, _ in parts] if len(parts) > 1 else (),
    )
    trainer = make_trainer(hparams)
    trainer.callbacks.extend(callbacks)
    trainer.logger = recorder = Recorder()
    trainer.fit(solver, loaders["train"], loaders["val"])
    return solver, recorder


class Exact(nn.Module):
    """A last layer in float32, whatever the precision of those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(10, 10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            return self.linear(inputs.float())


def raw_loop(
    tmp_path: Path, epochs: int, clip: float | None = None, mixed: bool = False
) -> nn.Module:
    """Nothing of ours but the data, the model and the default values of the flags."""
    hparams = Hyperparameters(model="mlp", hidden_dim=16, data_dir=str(tmp_path), dropout=0.5)
    seed_everything(hparams.seed, verbose=False)
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.999), weight_decay=1e-2, fused=True
    )
    loader = dataset.loader("train", hparams)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=1e-3,
        total_steps=epochs * loader.steps + 1,
        pct_start=0.3,
        base_momentum=0.81,
        max_momentum=0.9,
    )
    for epoch in range(epochs):
        model.train()
        loader.seek(epoch)
        for block in loader:
            for inputs, targets, size, _ in block:
                optimizer.zero_grad()
                with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                    loss = cross_entropy(model(inputs), targets, reduction="sum") / size
                loss.backward()
                if clip is not None:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
                schedule.step()
        # The solver evaluates here, which must not touch the generator that dropout draws from.
    return model


@pytest.mark.parametrize("clip", [None, 0.1])
def test_weights_equal_a_raw_loops_bit_for_bit(tmp_path: Path, clip: float | None) -> None:
    solver, _ = train(tmp_path, max_epochs=3, dropout=0.5, gradient_clip=clip)
    assert_same_weights(solver.model, raw_loop(tmp_path, 3, clip))


def test_so_they_do_in_mixed_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the forward pass and the loss are computed in it, in each step with new weights."""
    build = models.build
    monkeypatch.setattr(models, "build", lambda *args: nn.Sequential(build(*args), Exact()))
    solver, _ = train(tmp_path, max_epochs=2, dropout=0.5, precision="bf16-mixed")
    assert_same_weights(solver.model, raw_loop(tmp_path, 2, mixed=True))


def test_a_unets_weights_and_scores_are_those_of_a_raw_loop(tmp_path: Path) -> None:
    own = {"shapes_samples": 13, "shapes_size": (12, 9), "shapes_border": 1}
    flags = {"batch_size": 5, "max_epochs": 2, "plugs": {"shapes": own, "unet": {"levels": 1}}}
    hparams = Hyperparameters(data="shapes", model="unet", **flags)

    def start() -> tuple[Any, nn.Module, Any]:
        seed_everything(0, verbose=False)
        dataset = data.prepare(hparams)
        return dataset, models.build(dataset.shape, 5, hparams), dataset.loader("train", hparams)

    dataset, model, loader = start()
    task = Segmentation(dataset.shape, dataset.classes, hparams)
    measured = metrics.collected("segmentation", 5)
    solver = Solver(model, losses.build(hparams), measured, task, hparams, loader.steps)
    trainer = make_trainer(hparams)
    trainer.logger = Recorder()
    trainer.fit(solver, loader, dataset.loader("val", hparams))

    _, raw, loader = start()
    optimizer = torch.optim.AdamW(raw.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-3, total_steps=2 * 3 + 1, base_momentum=0.81, max_momentum=0.9
    )
    for epoch in range(2):
        loader.seek(epoch)
        for inputs, targets, size, _ in (batch for block in loader for batch in block):
            optimizer.zero_grad()
            each = cross_entropy(raw(inputs), targets, reduction="none", ignore_index=255)
            means = each.flatten(1).sum(1) / (targets != 255).flatten(1).sum(1)
            (means.sum() / size).backward()
            optimizer.step()
            schedule.step()
    assert_same_weights(solver.model, raw)

    (block,) = dataset.loader("val", hparams)
    (batch,) = block
    with torch.no_grad():
        preds = raw.eval()(batch.inputs).argmax(1)[batch.targets != 255]
    targets = batch.targets[batch.targets != 255]
    found = jaccard_score(targets, preds, average=None, labels=np.union1d(targets, preds))
    assert solver.scores["val_mean_iou"] == found.mean()


def assert_same_weights(model: nn.Module, reference: nn.Module) -> None:
    for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_accumulated_parts_make_the_same_step(tmp_path: Path) -> None:
    flags = {"max_epochs": 1, "dropout": 0.0, "batch_size": 100, "optimizer": "sgd"}
    whole, one = train(tmp_path, **flags)
    parts, four = train(tmp_path, accumulate=4, **flags)
    for ours, theirs in zip(parts.model.parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7)
    for key, value in one.points.items():
        if key[0] in ("train_loss", "grad_norm", "val_loss"):
            assert four.points[key] == pytest.approx(value, rel=1e-5)


def test_the_loss_is_the_mean_over_samples(tmp_path: Path) -> None:
    """179 validation samples in batches of 128 and 51: a mean of the two means would differ."""
    solver, recorder = train(tmp_path, max_epochs=1)
    hparams = solver.settings
    dataset = data.prepare(hparams)
    (block,) = dataset.loader("val", hparams)
    solver.model.eval()
    with torch.no_grad():
        each = [cross_entropy(solver(x).double(), y, reduction="none") for x, y, *_ in block]
    assert [len(losses) for losses in each] == [128, 51]
    expected = np.concatenate(each).mean()
    assert recorder.points["val_loss", 10] == pytest.approx(expected, rel=1e-6)
    assert abs(np.mean([losses.mean() for losses in each]) - expected) > 1e-6 * expected


def test_one_cycle_moves_rate_and_momentum_against_each_other(tmp_path: Path) -> None:
    _, recorder = train(tmp_path, max_epochs=4, batch_size=1259)  # one step an epoch
    rates = [recorder.points["learning_rate", step] for step in (1, 2, 3, 4)]
    assert rates[0] == pytest.approx(1e-3 / 25)  # OneCycleLR starts at a 25th of the peak
    assert max(rates) == rates[1] and rates[3] < rates[2]


def test_curves_have_a_point_each_so_many_steps(tmp_path: Path) -> None:
    """34 steps an epoch of 38 and, at its end, 5 samples, in blocks of 32 and 2 steps."""
    flags = {"max_epochs": 2, "batch_size": 38}
    (_, each), (_, some) = (train(tmp_path, log_every=n, **flags) for n in (1, 7))
    steps = {name: [s for n, s in some.points if n == name] for name, _ in some.points}
    assert steps["train_loss"] == [7, 14, 21, 28, 35, 42, 49, 56, 63]
    # Blocks end at 32, 34, 66 and 68; no seventh step lies in 33 to 34 and 67 to 68.
    assert steps["learning_rate"] == steps["grad_norm"] == steps["samples_per_second"] == [32, 66]
    assert steps["val_loss"] == [34, 68]
    for key, value in some.points.items():
        assert key[0] == "samples_per_second" or value == each.points[key]
    assert [s for n, s in each.points if n == "train_loss"] == list(range(1, 69))
    assert [s for n, s in each.points if n == "learning_rate"] == [32, 34, 66, 68]


def checkpoints(tmp_path: Path, monitor: str, better: str) -> Checkpoints:
    describe = {"hyperparameters": {}, "classes": [], "shape": [], "mean": [], "std": []}
    return Checkpoints(tmp_path, monitor, better, 60.0, describe)


def test_early_stopping_waits_for_its_patience(tmp_path: Path) -> None:
    """At a rate of 1e-12 the loss never improves visibly after the first epochs."""
    best = checkpoints(tmp_path, "val_accuracy", "max")
    flags = {"learning_rate": 1e-12, "schedule": "constant", "dropout": 0.0}
    solver, recorder = train(tmp_path, best, EarlyStopping(3, best), max_epochs=20, **flags)
    epochs = sum(name == "val_accuracy" for name, _ in recorder.points)
    assert best.best["epoch"] == 0
    assert epochs == 1 + 3
    assert torch.load(tmp_path / "last.pt", weights_only=True)["done"]


@pytest.mark.parametrize(
    "monitor, better, sign", [("val_loss", "min", 1), ("val_f1_macro", "max", -1)]
)
def test_best_is_least_for_losses_and_most_for_scores(
    tmp_path: Path, monitor: str, better: str, sign: int
) -> None:
    best = checkpoints(tmp_path, monitor, better)
    _, recorder = train(tmp_path, best, max_epochs=3, learning_rate=0.05)
    values = [value for (name, _), value in sorted(recorder.points.items()) if name == monitor]
    assert len(values) == 3
    assert best.best["value"] == sign * min(sign * value for value in values)
    json.dumps(best.best)  # plain values only


def test_a_nan_names_its_step_its_rate_and_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def nan_at_the_third(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        calls.append(None)
        each = cross_entropy(logits, targets, reduction="none")
        return each * float("nan") if len(calls) == 3 else each

    monkeypatch.setattr(losses, "build", lambda hparams: nan_at_the_third)
    with pytest.raises(FloatingPointError) as raised:
        train(tmp_path, max_epochs=2)
    # The rate before the third of 20 steps, from the scheduler itself.
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1e-3, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=21)
    for _ in range(2):
        optimizer.step()
        schedule.step()
    hparams = Hyperparameters(model="mlp", data_dir=str(tmp_path))
    (block,) = data.prepare(hparams).loader("train", hparams)
    message = str(raised.value)
    assert "the training loss is nan at step 3 (epoch 0" in message
    assert f"learning rate {schedule.get_last_lr()[0]:g})" in message
    assert message.endswith(f"samples {block.indices(2)}")


def test_terms_of_a_loss_are_logged_and_sum_up_to_what_is_minimised(tmp_path: Path) -> None:
    """Each as if it were alone, whatever a batch is cut into; the sum is that of one raw loss."""
    flags = {"loss": ("cross-entropy", "focal*0.5"), "max_epochs": 1, "batch_size": 200}
    flags["dropout"] = 0.0  # which would draw for each part anew
    solver, recorder = train(tmp_path, **flags)
    _, cut = train(tmp_path, **flags, accumulate=3)
    names = ("loss", "loss_cross_entropy", "loss_focal")
    for split, steps in (("train", range(1, 8)), ("val", [7])):
        for step in steps:
            total, entropy, focal = (recorder.points[f"{split}_{n}", step] for n in names)
            assert total == pytest.approx(entropy + 0.5 * focal, rel=1e-6)
            for name in names:
                key = f"{split}_{name}", step
                assert cut.points[key] == pytest.approx(recorder.points[key], rel=1e-4)
    assert recorder.points["val_loss_cross_entropy", 7] == pytest.approx(
        recorder.points["val_log_loss", 7], rel=1e-5
    )
    _, alone = train(tmp_path, **flags | {"loss": ("cross-entropy",)})
    assert alone.points["train_loss", 1] == recorder.points["train_loss_cross_entropy", 1]
    assert not [name for name, _ in alone.points if "loss_" in name and "log_loss" not in name]
