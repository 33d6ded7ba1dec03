"""What is known of a machine: which workers have died there, and which GPUs it has."""

import os
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from project.search.supervision import devices, neighbours
from project.search.supervision.devices import gpus
from project.search.supervision.neighbours import begun, machine, presume_dead
from tests.search.supervision.fakes import NAME, agenda, opened


def dead() -> int:
    """The number of a process that has ended."""
    if (pid := os.fork()) == 0:
        os._exit(0)
    assert begun(pid) is None or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert begun(pid) is None  # ended, and not waited for: it is dead all the same
    os.waitpid(pid, 0)
    return pid


def test_those_that_have_died_here_are_told_of_and_no_others(tmp_path: Path) -> None:
    here, own = machine(), begun(os.getpid())
    pids = {"lives": os.getpid(), "died": dead(), "followed": os.getpid(), "elsewhere": dead()}
    about = {
        "lives": {"machine": here, "begun": own},
        "died": {"machine": here, "begun": "1"},
        "followed": {"machine": here, "begun": "1"},  # another process has its number by now
        "elsewhere": {"machine": "another", "begun": "1"},
    }
    with opened(tmp_path) as storage:
        agenda(storage)
        ids = {name: storage.join(NAME, "host", pids[name], **about[name]) for name in pids}
        presume_dead(storage, NAME)
        gone = {each.id for each in storage.workers(NAME) if each.gone}
        assert gone == {ids["died"], ids["followed"]}
        presume_dead(Mock(workers=storage.workers, presume_dead=Mock(side_effect=KeyError)), NAME)


def test_a_machine_is_the_same_for_all_its_processes() -> None:
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(write, neighbours.machine().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read() == machine()


@pytest.mark.parametrize(
    "accelerator, environ, expected",
    [
        ("cpu", {"CUDA_VISIBLE_DEVICES": "0"}, ()),
        ("auto", {"CUDA_VISIBLE_DEVICES": "0, 3"}, ("0", "3")),
        ("gpu", {"CUDA_VISIBLE_DEVICES": ""}, ()),
        ("auto", {"CUDA_VISIBLE_DEVICES": "-1"}, ()),
        ("auto", {}, ("0", "1")),
    ],
)
def test_gpus_are_those_that_may_be_seen(
    monkeypatch: pytest.MonkeyPatch,
    accelerator: str,
    environ: dict[str, str],
    expected: tuple[str, ...],
) -> None:
    told = (
        "GPU 0: NVIDIA A (UUID: GPU-1)\n  MIG 1g.5gb Device 0: x\nGPU 1: NVIDIA A (UUID: GPU-2)\n"
    )
    run = Mock(return_value=SimpleNamespace(stdout=told))
    monkeypatch.setattr(devices.subprocess, "run", run)
    assert gpus(accelerator, environ) == expected


def test_a_machine_without_nvidia_smi_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.subprocess, "run", Mock(side_effect=FileNotFoundError))
    assert gpus("auto", {}) == ()
