"""Recipes made of texts, and the random numbers of the first samples."""

import torch

from project.recipes.draws import Draws
from project.recipes.recipe import Recipe, made
from project.words.recipes import named

FILE = "a.yaml"


def recipe(text: str) -> Recipe:
    """Of a file of this text."""
    return made(named(FILE, text))


def augmentation(*steps: str) -> str:
    """The text of a recipe that changes training images by these steps."""
    return "augmentation:\n" + "".join(f"  - {step}\n" for step in steps)


def draws(n: int, seed: int = 0, epoch: int = 0) -> Draws:
    """Of samples 0 to n - 1."""
    return Draws.of(seed, epoch, torch.arange(n), torch.zeros(n, dtype=torch.int64))
