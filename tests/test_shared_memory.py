"""What processes exchange in shared memory, against the same sums in one process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from project import shared_memory
from tests.exchanges import ROUNDS, own

ROOT = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.skipif(not shared_memory.is_possible(), reason="needs Linux on x86-64"),
    # Each push sums through it too, in `test_distributed.py`.
    pytest.mark.nightly,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tests.exchanges` leaves behind."""
    folder = tmp_path_factory.mktemp("exchanges")
    command = [sys.executable, "-m", "tests.exchanges", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(params=[2, 3])
def got(request: pytest.FixtureRequest, folder: Path) -> list[dict[str, Any]]:
    """What each process but the last, which was killed, got."""
    paths = [folder / str(request.param) / f"{rank}.pt" for rank in range(request.param - 1)]
    return [torch.load(path, weights_only=True) for path in paths]


def given(got: list[dict[str, Any]]) -> list[tuple[torch.Tensor, ...]]:
    """All processes' tensors of each kind, the killed one's too."""
    return list(zip(*(own(rank) for rank in range(len(got) + 1)), strict=True))


def test_sums_are_those_in_the_order_of_the_ranks(got: list[dict[str, Any]]) -> None:
    for each in got:
        for found, (first, *others) in zip(each["sums"], given(got), strict=True):
            for other in others:
                first = first + other
            assert torch.equal(found, first)


def test_each_process_gets_what_each_gave(got: list[dict[str, Any]]) -> None:
    for each in got:
        for found, parts in zip(each["gathered"], given(got), strict=True):
            assert torch.equal(found, torch.stack(parts))
        assert torch.equal(each["strided"], torch.stack([part.t() for part in given(got)[-1]]))


def test_exchanges_one_after_the_other_are_not_mixed_up(got: list[dict[str, Any]]) -> None:
    expected = 1000.0 * torch.arange(ROUNDS).view(-1, 1) + torch.arange(len(got) + 1)
    assert all(torch.equal(each["rounds"], expected) for each in got)


def test_one_that_does_not_come_is_named(got: list[dict[str, Any]]) -> None:
    last = len(got)
    for each in got:
        assert each["late"].startswith(f"process {last} has not come for ")
        assert each["left"] == each["killed"] == f"process {last} is gone"


def test_memory_that_one_process_does_not_get_is_refused_by_all(got: list[dict[str, Any]]) -> None:
    assert {each["refused"] for each in got} == {"[Errno 37] no locks here"}
