"""What a U-Net learns of digits on textures: the project beside a raw loop of the same steps."""

from collections.abc import Iterator
from statistics import mean

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result

FLAGS = (
    "--data digits-segmentation --model unet --loss cross-entropy --max-epochs 20 --accelerator cpu"
)
QUICK = "--digits-samples 60 --digits-size 16 16 --batch-size 8 --max-epochs 4"
SEEDS = (0, 1, 2)
WITHIN = 0.02  # of the raw loop's mean IoU, at most so much less


def measure(quick: bool) -> Iterator[Result]:
    """Mean IoU of the test: of the best epoch by validation; of the raw loop's last one."""
    values: dict[str, list[float]] = {"raw loop": [], "project": []}
    for seed in SEEDS[:1] if quick else SEEDS:
        flags = [*FLAGS.split(), *(QUICK.split() if quick else ()), "--seed", str(seed)]
        with Contestants(not quick) as start:
            values["raw loop"].append(start("benchmarks.peers.raw:learned", flags)())
            values["project"].append(start("benchmarks._ours:learned", flags)())
    less = mean(values["raw loop"]) - mean(values["project"])
    met = "met" if less <= WITHIN else "NOT met"
    note = f"mean over seeds: {-less:+.4f} beside the raw loop, at least -{WITHIN:g}: {met}"
    title = "test mean IoU, digits on textures, UNet"
    yield Result(title, "IoU", values, (Goal("project", "raw loop"),), note)


if __name__ == "__main__":
    run(measure)
