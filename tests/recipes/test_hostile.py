"""Recipes that were mutated at random: a line for people, or one that works; never a traceback."""

import random
import re
from pathlib import Path

import pytest
import torch

from project.recipes.images import Images
from project.recipes.trying import check_tried
from tests.recipes.making import FILE, augmentation, recipe

SHIPPED = (Path(__file__).parents[2] / "configs" / "recipes").glob("*.yaml")
OWN = "preprocessing:\n  - resize: [12, 10]\n  - pad: {pixels: 2, value: 7}\n  - crop: 8\n"
OWN += "  - equalize\n  - normalise: {mean: 0.5, std: [0.2]}\n" + augmentation(
    *("blur: {kernel: 5}", "elastic: {points: 3, range: [0.5, 2]}", "mixup: 0.2"),
    *("erase: {ratio: [0.3, 3.3], fill: 0.0}", "one-of: {p: 0.5, of: [cutmix, flip]}"),
)
TOKENS = (
    "0 -1 1e9 99999 3 0.5 [ ] { } : - p range of depth null true ~ flip crop &a *a 1e308 nan -inf"
    " .inf ' \" !!python/object:os.system 999999999999999999999 views augmix group kernel points #"
).split() + ["\t", "\n", "  "]


def mutated(text: str, source: random.Random) -> str:
    for _ in range(source.randint(1, 4)):
        at, kind = source.randrange(len(text) + 1), source.random()
        words = list(re.finditer(r"[\w.\-]+", text))
        if kind < 0.3 or not words:
            text = text[:at] + source.choice(TOKENS) + text[at:]
        elif kind < 0.5:
            end = at + source.randint(1, 6)
            text = text[:at] + text[end:]
        else:
            word = source.choice(words)
            end = word.end()
            text = text[: word.start()] + source.choice(TOKENS) + text[end:]
    return text


@pytest.mark.parametrize("n", [60, pytest.param(2000, marks=pytest.mark.nightly)])
def test_a_mutated_recipe_is_told_in_lines_or_works(n: int) -> None:
    source = random.Random(n)
    texts = [OWN, *(path.read_text() for path in sorted(SHIPPED))]
    images = [(i, torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8)) for i in range(2)]
    outcomes = []
    for _ in range(n):
        text = mutated(source.choice(texts), source)
        try:
            made = recipe(text)
            made.check(Images("labels", (3, 16, 16), True))
            check_tried(made, images, seed=0)
            outcomes.append(True)
        except ValueError as error:
            assert all(line.startswith(f"{FILE}:") for line in str(error).splitlines()), text
            outcomes.append(False)
    assert 0.1 < sum(outcomes) / n < 0.9
