"""AugMix of 32x32 images, ours of a block and torchvision's one by one: images for a CPU second."""

import time
from collections.abc import Callable

import torch
from torchvision.transforms.v2 import AugMix

from benchmarks._turns import compare
from project.recipes.operators import OPERATORS

BLOCK, SINGLE, TURNS = 1024, 200, 9


def speed(n: int, work: Callable[[], object]) -> float:
    """Images for a second of this thread's work, so that others on the machine count less."""
    began = time.process_time()
    work()
    return n / (time.process_time() - began)


def main() -> None:
    """Both with the paper's nine operators, three chains of one to three, severity 3."""
    # One thread each: threads that wait for each other on a busy machine would count as work.
    torch.set_num_threads(1)
    source = torch.Generator().manual_seed(0)
    coarse = torch.rand(BLOCK, 3, 4, 4, generator=source) * 255
    images = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear").to(torch.uint8)
    strength = torch.full((BLOCK,), 3.0, dtype=torch.float64)
    theirs, ours = AugMix(severity=3, all_ops=False), OPERATORS["augmix"].apply

    def one_by_one() -> None:
        for image in images[:SINGLE]:
            theirs(image)

    def at_once() -> None:
        draws = torch.rand(BLOCK, 1, dtype=torch.float64, generator=source)
        ours(images.float(), strength, draws)

    compare(
        {
            "torchvision": lambda: speed(SINGLE, one_by_one),
            "project": lambda: speed(BLOCK, at_once),
        },
        n=TURNS,
    )


if __name__ == "__main__":
    main()
