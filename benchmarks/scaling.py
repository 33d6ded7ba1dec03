"""Cost per sample over sizes of the data, and what a second process brings."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._processes import Finished, projects
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.training.runtime import WAITING

DATA = "--data synthetic --val-fraction 0.05 --test-fraction 0.05 --accelerator cpu".split()
# Samples, and epochs enough for a median.
SIZES = ((1_000, 40), (10_000, 10), (100_000, 3), (1_000_000, 2))
# What two processes share. The first meet once a step, to sum the gradients; the others twice for
# each normalisation besides, whose statistics are those of the whole batch.
WIDE = "--model mlp --hidden-dim 2048 --depth 3 --batch-size 1024 --synthetic-samples 30000"
NORMALISED = "--model cnn --batch-size 256 --synthetic-samples 14000"
TWO = ("--devices", "2")


def measure(quick: bool) -> Iterator[Result]:
    """A small MLP, where all but arithmetic shows; a wide one and a CNN, where little else does."""
    yield sizes(SIZES[:2] if quick else SIZES, quick)
    if not quick:
        yield processes("MLP of 2,048 units", WIDE, n=5)
        yield processes("CNN", NORMALISED, n=5)


def sizes(wanted: tuple[tuple[int, int], ...], quick: bool) -> Result:
    """Microseconds per trained sample, ours and the raw loop's, which has the same caches."""
    with Contestants(not quick, **WAITING) as start:
        cases = {}
        for name, function in (("project", "_ours:train"), ("raw loop", "peers.raw:train")):
            for samples, epochs in wanted:
                flags = [*DATA, "--model", "mlp", "--max-epochs", "1" if quick else str(epochs)]
                flags += ["--synthetic-samples", str(samples)]
                speed = start(f"benchmarks.{function}", flags)
                cases[f"{name}, {samples:,}"] = lambda speed=speed: 1e6 / speed()
        values = take_turns(cases, n=1 if quick else 3, warm_up=not quick)
    base = f"{wanted[1][0]:,}"
    goals = [
        Goal(f"project, {n:,}", f"project, {base}", below=1.15) for n, _ in wanted if n != 10_000
    ]
    goals += [Goal(f"raw loop, {n:,}", f"raw loop, {base}") for n, _ in wanted if n != 10_000]
    return Result("cost per sample, MLP", "us", values, tuple(goals))


def processes(name: str, model: str, n: int) -> Result:
    """Samples a second: one process, two of a run, two runs; each process with one thread."""
    flags = (*DATA, *model.split(), *"--synthetic-shape 1 28 28 --max-epochs 1".split())
    cases = {
        "one process": lambda: speed(flags, 1),
        "two processes": lambda: speed((*flags, *TWO), 1),
        "two runs at once": lambda: speed(flags, 2),
    }
    goals = (
        Goal("two processes", "one process", at_least=1.6),
        Goal("two runs at once", "one process"),
    )
    values = take_turns(cases, n, warm_up=0)
    note = "two runs that know nothing of each other are the machine's own limit"
    return Result(f"two processes, {name} on 28x28", "samples/s", values, goals, note)


def speed(flags: tuple[str, ...], count: int) -> float:
    """Samples a second of all runs together."""
    batch = int(flags[flags.index("--batch-size") + 1])
    runs = projects(flags, count, {"OMP_NUM_THREADS": "1"})
    return batch * sum(map(_steps_a_second, runs))


def _steps_a_second(run: Finished) -> float:
    # The steps of a block are logged together, at its end.
    first = min(run.times.values())
    done = sum(time > first for time in run.times.values())
    return done / (max(run.times.values()) - first)


if __name__ == "__main__":
    run(measure)
