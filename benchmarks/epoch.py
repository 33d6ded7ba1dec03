"""Where a short epoch of the digits goes: each of its steps, ours beside a raw loop's."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from benchmarks import _ours
from benchmarks._contestants import Contestants
from benchmarks._turns import take_turns
from benchmarks.training import REST
from project.training.runtime import WAITING

# Enough epochs that a median is one of a process that has all it needs.
FLAGS = "--model mlp --max-epochs 100 --accelerator cpu".split()
TURNS = 9


def of_raw(rest: float, busy: bool = False) -> list[float]:
    """As `_parts`, of a raw loop with such a pause after each epoch."""
    from benchmarks.peers import raw

    return _parts(lambda: raw.train(FLAGS, rest=rest, busy=busy))


def of_ours() -> list[float]:
    """As `_parts`, of a run as the command does it."""
    _ours.load_as_the_command_does()
    return _parts(lambda: _ours.train(FLAGS))


def _parts(train: Callable[[], float]) -> list[float]:
    """Medians over epochs, ms: of all but the steps that follow, then of the 2nd, 3rd, ... step.

    The first of them holds the first step, and what is before it and after the last one.

    Args:
        train: trains by FLAGS; returns the samples a second of the median epoch.
    """
    from torch.optim.optimizer import register_optimizer_step_post_hook

    from benchmarks.peers._task import task

    ends: list[float] = []
    hook = register_optimizer_step_post_hook(lambda *_: ends.append(time.perf_counter()))
    speed = train()
    hook.remove()
    given = task(FLAGS)
    epochs = np.reshape(ends, (given.hparams.max_epochs, -1))
    steps = np.median(np.diff(epochs), axis=0)
    return [1e3 * float(part) for part in (given.trained / speed - steps.sum(), *steps)]


def main() -> None:
    """Print the medians over turns of each part of an epoch, and of the whole."""
    with Contestants() as start, Contestants(**WAITING) as alike:
        cases = {
            "raw loop": alike("benchmarks.epoch:of_raw", 0.0),
            "that rests for 1 ms": alike("benchmarks.epoch:of_raw", 1e-3),
            f"that rests for {REST * 1e3:g} ms": alike("benchmarks.epoch:of_raw", REST),
            "that is busy so long": alike("benchmarks.epoch:of_raw", REST, busy=True),
            "project": start("benchmarks.epoch:of_ours"),
        }
        found = take_turns(cases, n=TURNS)
    medians = {name: [median(part) for part in zip(*turns)] for name, turns in found.items()}
    n_steps = len(medians["project"])
    heads = ["1st and the rest", *map(str, range(2, n_steps + 1)), "in all"]
    print(f"digits, MLP, ms of an epoch by its steps, n={TURNS}")
    print(" " * 20, *(f"{head:>6}" for head in heads))
    for name, parts in medians.items():
        cells = [f"{parts[0]:>{len(heads[0])}.2f}", *(f"{ms:6.2f}" for ms in parts[1:])]
        print(f"{name:<20}", *cells, f"{sum(parts):6.2f}")


if __name__ == "__main__":
    main()
