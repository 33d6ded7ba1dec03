"""Runs that the Neptune client wrote to the disk, ours and others', and their way to a server."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests import forks
from tests.tracking.neptune_client import ROOT, Client, Sent, journal, points
from tests.tracking.neptune_server import PROJECT, Entry, Server

# A script of a person who uses the client directly; online, it sends nothing in time by itself.
SCRIPT = """
import signal, sys
import neptune
run = neptune.init_run(mode=sys.argv[1], git_ref=False, source_files=[], flush_period=1000,
    capture_hardware_metrics=False, capture_stdout=False, capture_stderr=False)
run["sys/name"] = "mine"
run["loss"].extend([0.5, 0.25], steps=[1, 2], timestamps=[1000.0, 1000.5])
if sys.argv[1] == "async":
    run.wait()
    run._op_processor.pause()  # else what follows may go with what was just sent
    run["late"].extend([1.0, 2.0], steps=[1, 2], timestamps=[1000.0, 1000.5])
    run.wait(disk_only=True)
    print("at", run.get_url(), flush=True)
    signal.pause()
run.stop()
"""


def command(*arguments: str, environment: dict[str, str], cwd: Path) -> str:
    """What a command of Python prints; it must succeed."""
    return forks.told(arguments, surroundings(environment), cwd)


def surroundings(environment: dict[str, str]) -> dict[str, str]:
    own = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"}
    return {**os.environ, **own, "OAUTHLIB_INSECURE_TRANSPORT": "1", **environment}


def test_offline_says_how_to_send_it_and_then_sends_all(
    client: Client, server: Server, run: Sent
) -> None:
    client.build({}, run.directory)
    offline = client("open", run.record)
    client("log", journal(0, 5))
    client("upload", "code.patch")
    where = client("where")
    logs = (run.directory / ".neptune").glob("offline/run__*/data-*.log")
    written = [json.loads(line)["obj"] for log in logs for line in log.read_text().splitlines()]
    client("close", run.outcome)
    client("release")
    (logged,) = [operation for operation in written if operation["type"] == "LogFloats"]
    assert [point["value"] for point in logged["values"]] == [s / 3 for s in range(5)]
    assert f"python -m project.sync {run.directory} --tracker neptune" in where
    assert "offline" in where and "NEPTUNE_API_TOKEN" in where

    client.build(server.environment, run.directory, offline)
    remote = client("open", run.record)
    assert remote["id"] != offline["id"]  # so the follower starts from the beginning
    client("log", journal(0, 5))
    client("close", run.outcome)
    client("release")
    assert Entry(remote["id"]).series("training/train_loss") == points(0, 5)
    # Or `neptune sync` would make a second run of it.
    assert not (run.directory / ".neptune").exists()


def test_offline_again_is_one_run_from_the_start(client: Client, run: Sent) -> None:
    ids = set()
    for _ in range(2):
        client.build({"NEPTUNE_API_TOKEN": "unused", "NEPTUNE_MODE": "offline"}, run.directory)
        ids.add(client("open", run.record)["id"])
        client("release")
    assert len(ids) == 2
    assert len(list((run.directory / ".neptune" / "offline").iterdir())) == 1


def test_sync_without_a_server_says_that_nothing_was_sent(run: Sent) -> None:
    run.log(0, 2)
    run.end()
    arguments = ["-m", "project.sync", "last", "--tracker", "neptune"]
    process = forks.python(arguments, surroundings({}), run.home)
    said, _ = process.communicate()
    assert process.returncode == 1
    name = run.directory.name
    assert f"{name}: 2 points and 5 files written, sent nowhere yet" in said
    assert "with NEPTUNE_API_TOKEN and NEPTUNE_PROJECT set" in said


def test_the_clients_own_command_sends_an_offline_run(
    client: Client, server: Server, run: Sent
) -> None:
    run.log(0, 1200)
    run.end()
    client.follow({}, run.directory, ended=True)
    script = str(Path(sys.executable).with_name("neptune"))
    arguments = [script, "sync", "--path", str(run.directory), "--project", PROJECT]
    said = command(*arguments, environment=server.environment, cwd=run.home)
    (number,) = {word for word in said.split() if word.startswith(f"{PROJECT}/RUN-")}
    entry = Entry(f"{server.url}/{PROJECT}/e/{number.rpartition('/')[2]}")
    assert entry.series("training/train_loss") == points(0, 1200)
    assert entry.values["run/run_id"] == run.record["run_id"]
    assert entry.file("code") == b"+ a line"
    assert entry.file("training/model/checkpoints/best") == b"weights"


def test_sync_also_sends_what_the_client_left(server: Server, tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    here = {"environment": server.environment, "cwd": tmp_path}
    command("-c", SCRIPT, "offline", **here)
    script = forks.python(["-c", SCRIPT, "async"], surroundings(server.environment), tmp_path)
    lines = iter(script.stdout.readline, "")
    address = next(line.split()[1] for line in lines if line.startswith("at "))
    said = command("-m", "project.sync", "--tracker", "neptune", **here)
    assert "left alone, as the process that logs it still runs" in said
    script.kill()
    script.communicate()
    own = next(line for line in said.splitlines() if "offline/" in line).rpartition(" ")[2]
    mine = Entry(f"{server.url}/{PROJECT}/e/{own.rpartition('/')[2]}")
    assert mine.values["sys/name"] == "mine"
    assert mine.series("loss") == [(1, 1_000_000, 0.5), (2, 1_000_500, 0.25)]

    command("-m", "project.sync", "--tracker", "neptune", **here)
    dead = Entry(address)
    assert dead.series("loss") == [(1, 1_000_000, 0.5), (2, 1_000_500, 0.25)]
    assert dead.series("late") == [(1, 1_000_000, 1.0), (2, 1_000_500, 2.0)]
    assert not list(tmp_path.glob(".neptune/*/*"))
    said = command("-m", "project.sync", "--tracker", "neptune", **here)
    assert said == "neptune: all runs below experiments are up to date\n"


@pytest.mark.parametrize("name", ["run__0__1__key", "model__0__999999999__key", "0", "run__0"])
def test_a_folder_that_no_process_is_at_is_not_left_alone(tmp_path: Path, name: str) -> None:
    from project.tracking.neptune.left import _is_open

    assert not _is_open(tmp_path / name)
