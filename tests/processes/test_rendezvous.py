"""Processes meet within a bound, or say which address was not reached; a signal ends a wait."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch.distributed as dist

from project.experiment import gather
from project.main import main
from project.processes import interfaces, peers, rendezvous
from project.processes.rendezvous import Meeting, NotMet, meet
from tests import forks

ROOT = Path(__file__).parents[2]
TIMEOUT = timedelta(seconds=60)


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which nobody listens, and that is free to."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


def of_two(rank: int, port: int, limit: float) -> Meeting:
    return Meeting(rank, 2, 2, "gloo", ("127.0.0.1", port), limit)


def test_a_first_process_that_is_not_there_is_named_with_its_address(
    port: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendezvous, "SAY_SECONDS", 0)
    with pytest.raises(NotMet) as raised:
        meet(of_two(1, port, 0.3), TIMEOUT, None)
    assert str(raised.value) == (
        f"process 1 has not reached the first one at 127.0.0.1:{port} within 0.3 s: Connection"
        " refused; was it started, is that its address, and does a firewall let the port through?"
        " (--rendezvous-timeout waits longer)"
    )
    assert capsys.readouterr().err == (
        f"process 1 waits for up to 0.3 s for the first process at 127.0.0.1:{port} (Connection"
        " refused)\n"
    )


def test_processes_that_do_not_come_are_named(port: int) -> None:
    with pytest.raises(NotMet) as raised:
        meet(of_two(0, port, 0.3), TIMEOUT, None)
    assert str(raised.value) == (
        f"process 1 of 2 did not come to 127.0.0.1:{port} within 0.3 s: not started, still"
        " loading, or another MASTER_ADDR? (--rendezvous-timeout waits longer)"
    )


# One of two processes: meets, says what came of it, and stays until both have.
PAIR = """
import os, socket, sys
from datetime import timedelta

import torch.distributed as dist

from project.processes import interfaces, peers, rendezvous
from project.processes.rendezvous import Meeting, NotMet, meet
from tests import forks

rank, port, fifo, prepare = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
exec(prepare)
try:
    meet(Meeting(rank, 2, 2, "gloo", ("127.0.0.1", port), 20), timedelta(seconds=60), None)
    said = f"met as {dist.get_rank()} of {dist.get_world_size()}"
except NotMet as error:
    said = str(error)
    peers.tell(rank, said)
print("said", said, flush=True)
if rank == 0:
    open(fifo).read()
"""


def answers(folder: Path, port: int, prepare: str = "") -> list[str]:
    """What comes of it when two processes meet, after `prepare` in each of them."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    argv = [["-c", PAIR, str(rank), str(port), str(fifo), prepare] for rank in range(2)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    first, second = (forks.python(words, env) for words in argv)
    last = second.communicate()[0]
    with open(fifo, "w"):
        pass
    return [heard.rpartition("said ")[2].strip() for heard in (first.communicate()[0], last)]


def test_two_processes_meet(tmp_path: Path, port: int) -> None:
    assert answers(tmp_path, port) == ["met as 0 of 2", "met as 1 of 2"]


def test_an_address_that_means_each_machine_itself_is_named(tmp_path: Path, port: int) -> None:
    on_two_machines = """
interfaces._machine = lambda: f"machine {rank}"
interfaces.address = lambda: "127.0.0.1" if rank == 0 else "10.0.0.2"
socket.gethostname = lambda: "here"
"""
    first, second = answers(tmp_path, port, on_two_machines)
    assert first == second
    assert first == (
        "process 0, on here, is at 127.0.0.1, where no other machine reaches it: its host's name"
        " means that there; set GLOO_SOCKET_IFNAME on each machine to the network interface"
        " between them, such as eth0"
    )


def test_a_failure_of_another_process_ends_the_waiting(tmp_path: Path, port: int) -> None:
    fail_in_one = """
def fail(*_):
    raise NotMet("no luck")

if rank == 1:
    rendezvous._gather = fail
"""
    assert answers(tmp_path, port, fail_in_one) == ["process 1: no luck", "no luck"]


@pytest.mark.parametrize(
    "text, backend, expected",
    [
        (
            "Gloo connectFullMesh failed with [/pair.cc:152] timed out connecting: SO_ERROR:"
            " Connection refused, remote=[10.0.0.1]:62353$1",
            "gloo",
            "has not reached another one at 10.0.0.1:62353 (refused), though all met at"
            " 127.0.0.1:9; set GLOO_SOCKET_IFNAME on each machine",
        ),
        ("it took too long", "nccl", "; set NCCL_SOCKET_IFNAME on each machine"),
    ],
)
def test_an_unreached_address_is_named(
    monkeypatch: pytest.MonkeyPatch, text: str, backend: str, expected: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(dist, "init_process_group", fail)
    store = dist.HashStore()
    with pytest.raises(NotMet) as raised:
        rendezvous._connect(store, Meeting(1, 2, 2, backend, ("127.0.0.1", 9), 5), TIMEOUT, None)
    assert expected in str(raised.value)


def test_a_failure_is_heard_while_torch_waits_in_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client of the store does one thing at a time."""
    store = dist.TCPStore("127.0.0.1", 0, 2, True, TIMEOUT, wait_for_workers=False)
    other, ended = store.clone(), []

    def wait(*_: Any, store: dist.Store, **__: Any) -> None:
        try:
            store.wait(["address of process 1"], timedelta(seconds=10))
        finally:
            ended.append(True)

    monkeypatch.setattr(dist, "init_process_group", wait)
    other.set("failure of process 1", "no luck")
    with pytest.raises(NotMet, match="^process 1: no luck$"):
        rendezvous._connect(store, of_two(0, store.port, 60), TIMEOUT, None)
    assert not ended
    dist.PrefixStore("default_pg", other).set("address of process 1", "")


def test_what_a_process_left_before_torchruns_restart_is_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = dist.HashStore()
    peers.of_attempt(kept).set("failure of process 1", "no luck")
    assert peers.failure(peers.of_attempt(kept), 2) == "process 1: no luck"
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert peers.failure(peers.of_attempt(kept), 2) is None


@pytest.mark.parametrize("error", [NotMet("no luck"), ValueError("no such interface")])
def test_the_others_hear_why_a_process_does_not_come(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    left: list[tuple[int, str]] = []
    monkeypatch.setattr(peers, "tell", lambda *word: not left.append(word))
    strategy = SimpleNamespace(setup_environment=fail)
    trainer: Any = SimpleNamespace(world_size=2, global_rank=1, strategy=strategy)
    assert gather(trainer) == 2
    assert left == [(1, str(error))]


def test_a_signal_ends_what_torch_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its calls hear none; here one that would never return."""
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def wait_for_ever(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            silent.accept()

        monkeypatch.setattr(dist, "init_process_group", wait_for_ever)
        with pytest.raises(KeyboardInterrupt):
            rendezvous._connect(dist.HashStore(), of_two(0, 9, 60), TIMEOUT, None)


def test_the_interface_to_the_first_machine_is_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    monkeypatch.setattr(interfaces, "address", lambda: "127.0.1.1")
    monkeypatch.setattr(interfaces, "_way_to", {"first": "10.0.0.2", "self": "127.0.0.1"}.get)
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth7")])
    monkeypatch.setattr(interfaces, "_address_of", {"lo": "127.0.0.1", "eth7": "10.0.0.2"}.get)
    monkeypatch.setattr(socket, "gethostname", lambda: "here")
    interfaces.choose("self")
    assert "GLOO_SOCKET_IFNAME" not in os.environ
    interfaces.choose("first")
    assert os.environ.pop("GLOO_SOCKET_IFNAME") == "eth7"
    assert capsys.readouterr().err == (
        "note: the name of this host, here, means 127.0.1.1 here; others reach it at 10.0.0.2,"
        " through eth7 (GLOO_SOCKET_IFNAME chooses another interface)\n"
    )


def test_an_interface_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "eth99")
    with pytest.raises(ValueError, match=r"GLOO_SOCKET_IFNAME=eth99: no such .* \(there: .*lo"):
        interfaces.describe()
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    assert interfaces.address() == "127.0.0.1"


LOST = "the connection to it{} was lost ({}): does its machine run, and is the network up?"


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "[pair.cc:1] Connection closed by peer [10.0.0.2]:40",
            "it is gone: killed, or out of memory?",
        ),
        ("Connection reset by peer", "it is gone: killed, or out of memory?"),
        (
            "Read error [10.0.0.2]:4086: Connection timed out",
            LOST.format(" at 10.0.0.2", "timed out"),
        ),
        ("Timed out waiting 600000ms for recv operation", LOST.format("", "timed out")),
        ("writev [fd00::2]:9: No route to host", LOST.format(" at fd00::2", "no route to host")),
    ],
)
def test_a_cut_link_is_no_killed_process(text: str, expected: str) -> None:
    assert peers.gone(RuntimeError(f"gloo {text}"), "it") == expected


@contextmanager
def signalled(number: int, said: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the block the process gets a signal as soon as it says that it waits for `said`."""
    say = rendezvous._say

    def tell(who: Meeting, what: str) -> None:
        say(who, what)
        assert said in what
        os.kill(os.getpid(), number)

    monkeypatch.setattr(rendezvous, "_say", tell)
    monkeypatch.setattr(rendezvous, "SAY_SECONDS", 0)
    yield


@pytest.mark.parametrize(
    "node, said, code",
    [("0", "process 1 of 2 at 127.0.0.1:", 143), ("1", "the first process at 127.0.0.1:", 0)],
)
def test_a_signal_ends_a_run_that_waits_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int, node: str, said: str, code: int
) -> None:
    """Only the first process tells by its code; the launchers would take another's for a crash."""
    environ = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": node}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    flags = "--model mlp --hidden-dim 16 --tracker none --accelerator cpu --nodes 2".split()
    began = time.monotonic()
    with signalled(signal.SIGTERM, said, monkeypatch):
        assert main([*flags, "--exp-name", "two", "--exp-dir", str(tmp_path)]) == code
    assert time.monotonic() - began < 300  # and not the 600 of the bound
    assert not list(tmp_path.rglob("record.json"))
