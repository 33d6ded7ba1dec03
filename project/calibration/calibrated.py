"""A run's model is calibrated: fitted on the validation samples, measured on the test's."""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from project.calibration.coverage import found_sets, measured
from project.calibration.measured import DECIDED, SCORES, measure, see
from project.calibration.temperature import fit
from project.cli.stage import stage
from project.files import json_text
from project.inference.asking import loaded
from project.inference.calibration import FILE, NAME, Sets
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.provenance import after
from project.words.paths import brief

SPLITS, LIKELIHOOD = ("val", "test"), "log_loss"
CHOSEN = (
    "the validation samples also chose the checkpoint, so what holds of others holds a little less"
    " of them"
)


@dataclass(frozen=True)
class Found:
    """What came out.

    Attributes:
        temperature: of the logits.
        n: validation samples, or pixels, by which it was found.
        scores: by split, `before` and `after`, by name.
        sets: each kind, with what it does on the test samples.
        per_class: whether each class has a threshold of its own.
    """

    temperature: float
    n: int
    scores: dict[str, dict[str, dict[str, float]]]
    sets: list[tuple[Sets, dict[str, Any]]]
    per_class: bool

    def describe(self, predictor: Predictor) -> dict[str, Any]:
        """As the file has it."""
        return {
            "weights": predictor.weights_hash,
            "temperature": self.temperature,
            "n_calibration": self.n,
            "scores": self.scores,
            "per_class": self.per_class,
            "sets": [kind.describe() | {"test": told} for kind, told in self.sets],
            "note": CHOSEN,
        }


def calibrate_run(run: Path, arguments: Namespace) -> int:
    """Calibrate, tell it, and keep it beside the run; returns the exit code.

    Raises:
        ValueError: the model or its data can't be had, or have no probabilities.
        OSError: likewise; or it can't be written.
    """
    stage("loading the model")
    predictor = loaded(run, arguments)
    splits = Splits.of_run(run, predictor.hparams, arguments.data_dir)
    with after.making(after.place(run, NAME), run, replace=True) as folder:
        found = calibrate(predictor, splits, arguments.coverage, arguments.per_class, folder)
        (folder / FILE).write_text(json_text(found.describe(predictor)))
    stage("")
    for line in lines(found, predictor.classes):
        print(line)
    print(f"kept in {brief(after.place(run, NAME))}; project.predict uses it: --calibrated")
    return 0


def calibrate(
    predictor: Predictor, splits: Splits, coverages: list[float], per_class: bool, folder: Path
) -> Found:
    """Fit on the validation samples and measure on the test's; draws what it was and is."""
    stage("calibrating")
    logits, targets = see(predictor, splits, "val").joined()
    temperature = fit(logits, targets)
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for split in SPLITS:
        scores[split] = {}
        for name, at in (("before", 1.0), ("after", temperature)):
            scores[split][name], tables = measure(predictor, splits, split, at)
            if split == "test":
                (folder / name).mkdir()
                predictor.task.report(tables, folder / name, f"test, {name} calibration")
    kinds = []
    if not predictor.task.of_pixels:
        kinds = _sets(predictor, splits, logits, targets, coverages, per_class)
    return Found(temperature, len(targets), scores, kinds, per_class)


def _sets(
    predictor: Predictor,
    splits: Splits,
    logits: torch.Tensor,
    targets: torch.Tensor,
    coverages: list[float],
    per_class: bool,
) -> list[tuple[Sets, dict[str, Any]]]:
    probs = predictor.task.probs(logits).numpy()
    test, truth = see(predictor, splits, "test").joined()
    of_test = predictor.task.probs(test).numpy(), truth.numpy()
    n = None if per_class else len(targets)
    return [
        (kind, measured(kind, *of_test, n))
        for coverage in coverages
        for kind in found_sets(probs, targets.numpy(), coverage, per_class)
    ]


def lines(found: Found, classes: tuple[str, ...]) -> Iterator[str]:
    """What is told of a calibration."""
    said = "too sure" if found.temperature > 1 else "not sure enough"
    if found.temperature == 1:
        said = "as right as a temperature can make them"
    yield f"temperature {found.temperature:.4g}, by {found.n:,}: probabilities were {said}"
    test = found.scores["test"]
    width = max(map(len, SCORES))
    for name in (name for name in (*SCORES, *DECIDED) if name in test["after"]):
        yield f"{name:<{width}}  " + "  ".join(_change(found, split, name) for split in SPLITS)
    if LIKELIHOOD in test["after"] and test["after"][LIKELIHOOD] > test["before"][LIKELIHOOD]:
        yield "on the test the log loss is not better: the splits differ, or are small"
    for kind, told in found.sets:
        yield from _of_sets(kind, told, classes, found.per_class)
    yield f"note: {CHOSEN}"


def _change(found: Found, split: str, name: str) -> str:
    before, later = (found.scores[split][when][name] for when in ("before", "after"))
    return f"{split} {before:.4f} -> {later:.4f}"


def _of_sets(
    kind: Sets, told: dict[str, Any], classes: tuple[str, ...], per_class: bool
) -> Iterator[str]:
    wanted = f"{100 * kind.coverage:g} %"
    text = (
        f"sets {kind.method} of {wanted}: hold the true class of {100 * told['covered']:.1f} % of"
        f" the test, {told['mean_size']:.2f} classes on average"
    )
    if told["empty"]:
        text += f", {100 * told['empty']:.1f} % of them empty"
    if ends := told["allowed"]:
        low, high = ends
        text += f"; {100 * low:.1f} to {100 * high:.1f} % are to be expected"
        text += "" if low <= told["covered"] <= high else ": THE SPLITS DIFFER"
    elif not per_class:
        text += "; there are too few samples for less than all classes"
    yield text
    if per_class:
        worst = min(told["each"], key=told["each"].__getitem__)
        yield f"  least {classes[worst]}: {100 * told['each'][worst]:.1f} %"
        if all_in := int(np.isinf(kind.thresholds).sum()):
            yield f"  {all_in} classes have too few validation samples, and are in each set"
