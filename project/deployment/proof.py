"""The proof of an exported file: the whole test split goes through it, in batches of any size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from project.cli.stage import count, stage
from project.deployment.accuracy import Drop
from project.deployment.recorded import Counted, beside_recorded
from project.deployment.runtimes import Answers, Runtime
from project.deployment.tally import Tally
from project.inference.predictor import Predictor
from project.inference.test_split import Held, Splits
from project.values import leaves

BATCHES = (1, 2, 7)
# Of how many images more are asked for at once than in the test, where pictures of many sizes come
# one by one.
REPEATED = 8


@dataclass
class Proof:
    """What came out.

    Attributes:
        runtime: that ran the file.
        precision: of the recorded test.
        tallies: one for each size of batches; the last is of the run's own.
        recorded: the float32 pass on this CPU beside the recorded test, see `beside_recorded`.
        drop: of the accuracy.
    """

    runtime: str
    precision: str
    tallies: list[Tally]
    drop: Drop
    recorded: dict[str, Any] | None = None

    @property
    def wrong(self) -> int:
        """The most decisions that changed, whatever the batches."""
        return max(tally.wrong for tally in self.tallies)

    @property
    def largest(self) -> float:
        """The largest difference of a probability."""
        return max(tally.largest for tally in self.tallies)

    def describe(self) -> dict[str, Any]:
        """As `proof.json` has it."""
        return {
            "runtime": self.runtime,
            "precision_of_the_test": self.precision,
            "batches": [tally.describe() for tally in self.tallies],
            "recorded": self.recorded,
            "accuracy": self.drop.describe(),
        }


def prove(
    run: Path, predictor: Predictor, splits: Splits, runtime: Runtime, others: bool = False
) -> Proof:
    """Let a file decide on all test samples, and compare with the model's float32 pass.

    Args:
        run: the directory.
        predictor: of the run, on the CPU.
        splits: of the run.
        runtime: of the file.
        others: whether the weights are not the run's, of which it has recorded no test.

    Raises:
        ValueError: there are no test samples, or the file can't take them.
        OSError: the data can't be read.
    """
    exact, total = replace(predictor, precision="32"), splits.count("test")
    if not total:
        raise ValueError(f"run {run.name} has no test samples to prove a file on")
    usual = splits.batch_size if splits.has_one_size("test") else 1
    tallies = {size: Tally(size) for size in (*BATCHES, usual)}
    counted, drop = Counted(len(predictor.classes)), Drop()
    stage("proving it on the test samples")
    done = 0
    for held in splits.batches("test"):
        expected, targets = _answers(exact, held.images), _numbers(held)
        if done < REPEATED:
            _repeat(tallies, usual, held, expected, runtime)
        found = _divide(tallies, usual, held, expected, runtime)
        counted.add(targets, expected[1], held.indices.numpy())
        drop.add(targets, expected[1], found[1])
        done += len(targets)
        count(done, total)
    stage("")
    how = predictor.hparams.precision
    recorded = None if others else beside_recorded(run, counted)
    return Proof(runtime.name, how, list(tallies.values()), drop, recorded)


def _divide(
    tallies: Mapping[int, Tally], usual: int, held: Held, expected: Answers, runtime: Runtime
) -> Answers:
    """Ask for a batch of the test in pieces, and as it is; returns the last."""
    for size in (*(size for size in BATCHES if size < usual), usual):
        found = _pieces(runtime, held.images.numpy(), size)
        tallies[size].add(expected, found)
    return found


def _repeat(
    tallies: Mapping[int, Tally], usual: int, held: Held, expected: Answers, runtime: Runtime
) -> None:
    """Ask for more images at once than the test did, in its order over and over."""
    for size in (size for size in BATCHES if size > usual):
        again = np.arange(size) % len(held.images)
        probs, decisions = (each[again] for each in expected)
        tallies[size].add((probs, decisions), _ask(runtime, held.images.numpy()[again]))


def _pieces(runtime: Runtime, images: np.ndarray, size: int) -> Answers:
    pieces = np.split(images, range(size, len(images), size))
    each = [_ask(runtime, piece) for piece in pieces]
    probs, decisions = (np.concatenate(parts) for parts in zip(*each, strict=True))
    return probs, decisions


def _ask(runtime: Runtime, images: np.ndarray) -> Answers:
    try:
        return runtime(images)
    except RuntimeError as error:
        raise ValueError(f"{runtime.name} can't take images {images.shape}: {error}") from error


def _answers(predictor: Predictor, images: Tensor) -> Answers:
    outputs = predictor.outputs(images)
    probs, decisions = predictor.task.probs(outputs), predictor.task.decisions(outputs)
    return probs.numpy(), decisions.numpy()


def _numbers(held: Held) -> np.ndarray:
    (targets,) = leaves(held.targets)
    return targets.numpy()
