"""AugMix with its consistency makes digits robust to corruptions that it doesn't draw."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from project import data
from project.inference.predictor import Predictor
from project.main import main

AUGMIX = "augmentation:\n  - views: 3\n  - augmix\n"
SEVERITIES = range(5)
# As ImageNet-C has them, for images of 8 x 8 pixels: noise in grey levels, blur in pixels.
NOISE, BLUR = (20, 40, 60, 80, 100), (0.4, 0.6, 0.8, 1.0, 1.2)
CONTRAST, SHIFT = (0.75, 0.5, 0.4, 0.3, 0.2), (1, 1, 1, 2, 2)


def noise(images: np.ndarray, severity: int) -> np.ndarray:
    drawn = np.random.default_rng(severity).standard_normal(images.shape)
    return images + NOISE[severity] * drawn


def blur(images: np.ndarray, severity: int) -> np.ndarray:
    return gaussian_filter(images, (0, 0, BLUR[severity], BLUR[severity]))


def contrast(images: np.ndarray, severity: int) -> np.ndarray:
    mean = images.mean((1, 2, 3), keepdims=True)
    return mean + CONTRAST[severity] * (images - mean)


def shift(images: np.ndarray, severity: int) -> np.ndarray:
    """To the right or the left, by whole pixels; what comes in is black."""
    by, moved = SHIFT[severity], np.zeros_like(images)
    if severity % 2:
        moved[..., by:] = images[..., :-by]
    else:
        moved[..., :-by] = images[..., by:]
    return moved


def accuracies(run: Path) -> dict[str, float]:
    """Of a run's test samples, clean and corrupted; of a corruption the mean of five severities."""
    predictor = Predictor.load(run)
    test = data.prepare(predictor.hparams).test
    images = test.samples.fetch(test.indices).numpy().astype(np.float64)
    targets = test.targets

    def accuracy(changed: np.ndarray) -> float:
        pixels = torch.from_numpy(changed.round().clip(0, 255).astype(np.uint8))
        return float((predictor.outputs(pixels).argmax(1) == targets).double().mean())

    found = {"clean": accuracy(images)}
    for corrupt in (noise, blur, contrast, shift):
        each = [accuracy(corrupt(images, severity)) for severity in SEVERITIES]
        found[corrupt.__name__] = float(np.mean(each))
    return found


def recipe(folder: Path) -> str:
    """The path of a file with AugMix's three views."""
    path = folder / "augmix.yaml"
    path.write_text(AUGMIX)
    return str(path)


def trained(folder: Path, seed: int, *flags: str) -> dict[str, float]:
    folder = folder / str(seed)
    argv = ["--data", "digits", "--model", "cnn", "--epochs", "15", "--seed", str(seed), *flags]
    argv += ["--exp-dir", str(folder), "--tracker", "none", "--accelerator", "cpu"]
    assert main([*argv, "--without", "progress", "reports"]) == 0
    (run,) = folder.glob("*/2*")
    return accuracies(run)


@pytest.mark.nightly
@pytest.mark.timeout(1800)  # ten runs
def test_augmix_with_its_consistency_withstands_corruptions_it_does_not_draw(
    tmp_path: Path,
) -> None:
    consistent = "--recipe", recipe(tmp_path), "--loss", "cross-entropy", "jsd*12"
    plain = [trained(tmp_path / "plain", seed) for seed in range(5)]
    augmix = [trained(tmp_path / "augmix", seed, *consistent) for seed in range(5)]
    gains = {
        name: 100 * np.array([b[name] - a[name] for a, b in zip(plain, augmix, strict=True)])
        for name in plain[0]
    }
    for name, each in gains.items():
        means = [100 * np.mean([one[name] for one in runs]) for runs in (plain, augmix)]
        told = f"{means[0]:.1f} % to {means[1]:.1f} %, by {each.mean():.1f} ({each.min():.1f} to"
        print(f"{name}: {told} {each.max():.1f}) points")
    # Not of shifts: AugMix draws them.
    corrupted = np.mean([gains[name] for name in ("noise", "blur", "contrast")], axis=0)
    print(f"noise, blur and contrast: by {corrupted.mean():.1f} points, each seed by {corrupted}")
    assert corrupted.mean() >= 3 and corrupted.min() > 0
    assert abs(gains["clean"].mean()) <= 1
    assert gains["shift"].mean() > -10


def test_views_are_trained_on_and_evaluated_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Training logs both terms of the loss; validation has the cross-entropy alone."""
    argv = ["--data", "digits", "--epochs", "1", "--limit-batches", "2", "--tracker", "none"]
    argv += ["--exp-dir", str(tmp_path), "--accelerator", "cpu", "--without", "progress", "reports"]
    argv += ["--recipe", recipe(tmp_path)]
    assert main([*argv, "--loss", "cross-entropy", "jsd*12"]) == 0
    (run,) = tmp_path.glob("*/2*")
    logged = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    known = {name for entry in logged for name in entry.get("metrics", {})}
    assert {"train_loss_jsd", "train_loss_cross_entropy", "val_loss"} <= known
    assert not {name for name in known if name.startswith("val_loss_")}
    assert main(argv) == 2
    assert "it makes 3 views of each image, and --loss cross-entropy" in capsys.readouterr().err
    assert list(tmp_path.glob("*/2*")) == [run]
