"""The search for the largest batch, what a CPU's memory forbids, and which batch is the fastest."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from project.tuning import memory, pace
from project.tuning.batch_size import FIRST, PRECISION, Attempts, find, search

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@given(
    limit=st.integers(0, 5000),
    units=st.integers(1, 3000),
    unit=st.sampled_from([1, 4, 7]),
    first=st.integers(1, 300),
)
def test_the_size_found_fits_and_hardly_a_larger_one_does(
    limit: int, units: int, unit: int, first: int
) -> None:
    tried: list[int] = []
    bound = units * unit
    found = search(lambda size: tried.append(size) or size <= limit, first, bound, unit)
    assert all(size % unit == 0 and 0 < size <= bound for size in tried)
    assert len(tried) == len(set(tried)) <= 30
    if limit < unit:
        assert found is None
        return
    assert found is not None and found <= limit and found in tried
    largest = min(bound, limit // unit * unit)
    assert largest - found < max(unit, found // PRECISION)


def test_a_cpu_does_not_try_what_would_take_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample takes 1,000 bytes, and 80 % of what is there may be taken: 100,000 of 125,000."""
    used = {"peak": 0}
    monkeypatch.setattr(memory, "resident", lambda: 500)
    monkeypatch.setattr(memory, "available", lambda: 125_000)
    monkeypatch.setattr(memory, "peak", lambda: 500 + used["peak"])
    monkeypatch.setattr(memory, "forget_peak", lambda: None)

    def speed(size: int) -> float:
        assert size <= 100
        used["peak"] = 1000 * size
        return 10.0 * min(size, 60)

    found = find(Attempts(speed, CPU), 5000, 1, None, "")
    sizes = [size for size, speed, _ in found.rows if speed is not None]
    # 8 to 64 by doubling; 128 is not tried; 96 lies between; 112 and 104 would take too much; 100
    # is within a sixteenth of them.
    assert sizes == [8, 16, 32, 64, 96, 100]
    assert found.value == "64"  # 600 samples a second, as many as any
    assert "largest that fits: 100" in found.lines


def test_a_gpu_without_memory_is_asked_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 7)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))

    def speed(size: int) -> float:
        if size > 5:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return float(size)

    found = find(Attempts(speed, GPU), 100, 1, None, "")
    assert FIRST == 8 and [row[0] for row in found.rows] == [4, 5, 6, 8]
    assert found.value == "5" and len(emptied) == 2
    assert "batches of 6: does not fit, 7 B" in found.lines
    none = find(Attempts(lambda size: speed(size + 5), GPU), 100, 1, None, "")
    assert none.value is None and none.lines == ["not even a batch of 1 fits into memory"]


def test_the_smallest_of_those_that_are_as_fast_is_taken() -> None:
    assert pace.fastest({8: 10.0, 16: 95.0, 32: 94.9, 64: 100.0}) == 16


def test_a_containers_limit_counts_without_what_the_system_gives_up(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 600\ninactive_file 250\nactive_file 50\n")
    assert memory.available(tmp_path) == 1000 - 900 + 250
    (tmp_path / "memory.max").write_text("max\n")
    machine = memory.available(tmp_path / "none")
    assert machine is not None and abs(memory.available(tmp_path) - machine) < machine / 2
