"""Seconds that a checkpoint of 100 MB blocks the loop, beside a copy and Lightning's own."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.training.runtime import WAITING

# 25 million weights, and nothing else to save: SGD without momentum has no state.
FLAGS = (
    "--data synthetic --synthetic-samples 400 --batch-size 8 --max-epochs 5 --accelerator cpu"
    " --model mlp --hidden-dim 5000 --optimizer sgd --momentum 0"
)
QUICK = "--hidden-dim 500"
GOALS = (
    Goal("project", "memory copy", below=2),
    Goal("Lightning's ModelCheckpoint", "project", at_least=10),
)
# Steps between Lightning's; the project looks at the clock when a block of 32 batches ends, and
# here it is always time.
EVERY = 32


def measure(quick: bool) -> Iterator[Result]:
    """A checkpoint within an epoch, and those at the end of one."""
    flags = [*FLAGS.split(), *(QUICK.split() if quick else ())]
    with Contestants(not quick, **WAITING) as start:
        cases = {
            "memory copy": start("benchmarks.peers.raw:copy", flags),
            "project": start("benchmarks._ours:blocked", flags),
            "Lightning's ModelCheckpoint": start(
                "benchmarks.peers.lightning:blocked", flags, EVERY
            ),
        }
        both = take_turns(cases, n=1 if quick else 3, warm_up=not quick)
    for i, when in enumerate(("within an epoch (last.pt)", "at its end (last.pt, best.pt)")):
        values = {name: [pair[i] for pair in pairs] for name, pairs in both.items()}
        yield Result(f"loop blocked by checkpoints of 100 MB {when}", "s", values, GOALS)


if __name__ == "__main__":
    run(measure)
