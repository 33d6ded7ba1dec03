"""The generators' states, told apart by their hashes."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from project.training.generators import hashes

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def former() -> Iterator[None]:
    """Other tests find the generators as they were."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def test_equal_seeds_give_equal_states() -> None:
    seed_all(3)
    first = hashes(CPU)
    seed_all(3)
    assert hashes(CPU) == first and set(first) == {"python", "numpy", "torch"}
    seed_all(4)
    assert not hashes(CPU).items() & first.items()


@pytest.mark.parametrize(
    "name, draw",
    [
        ("python", random.random),
        ("numpy", np.random.rand),
        ("numpy", np.random.randn),  # keeps its second number for the next call
        ("torch", lambda: torch.rand(1)),
    ],
)
def test_one_number_drawn_is_another_state(name: str, draw: Callable[[], object]) -> None:
    seed_all(3)
    first = hashes(CPU)
    draw()
    after = hashes(CPU)
    assert [key for key in first if first[key] != after[key]] == [name]
