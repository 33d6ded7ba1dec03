"""The unmodified Neptune client, in a process of its own, sends runs to the project's server."""

import json
import math

import pytest

from tests.tracking.neptune_client import Client, ClientError, Sent, journal, points
from tests.tracking.neptune_server import OPERATIONS, PROJECT, SECRET, Entry, Server


def test_all_of_a_run_arrives(client: Client, server: Server, run: Sent) -> None:
    client.build(server.environment, run.directory)
    remote = client("open", run.record)
    client("log", journal(0, 3))
    client("log", journal(3, 250) + journal(250, 251, "val_recall/seven"))
    # Before anything is closed: had this process been killed here, nothing would be missing.
    entry = Entry(remote["id"])
    assert entry.series("training/train_loss") == points(0, 250)
    assert entry.series("training/val_recall/seven") == points(250, 251)

    for file in ("record.json", "code.patch", "figures/confusion.png", "figures/confusion.csv"):
        client("upload", file)
    where = client("where")
    client("close", run.outcome)
    client("release")
    run_id = run.record["run_id"]
    found = {path: value for path, value in entry.values.items() if not path.startswith("sys/")}
    assert found == {
        "training/hyperparams/learning_rate": 0.001,
        "training/hyperparams/gradient_clip": "None",
        "training/hyperparams/augment": '["flip"]',
        "training/hyperparams/compile": False,
        "training/model/name": "cnn",
        "training/model/n_parameters": 1234,
        "training/model/checkpoints/best.pt": "blake3:bb",
        "training/model/checkpoints/last.pt": "blake3:cc",
        "training/model/best_model_path": "checkpoints/best.pt",
        "training/model/best_model_score": 0.1,
        "source_code/git/sha": "4f0c",
        "source_code/git/branch": "main",
        "source_code/git/dirty": True,
        "source_code/git/remote": "https://host/repo.git",
        "data/name": "digits",
        "data/hash": "blake3:aa",
        "data/classes": '["zero", "one"]',
        "data/counts/test/total": 3,
        "data/counts/test/per_class": "[1, 2]",
        "environment/python": "3.11.7",
        "environment/packages/torch": "2.14.1",
        "run/schema": 1,
        "run/run_id": run_id,
        "run/exp_name": "trial",
        "run/command": "python -m project.run --exp-name trial",
        "run/description": "a first try",
        "run/tags": '["cnn", "small"]',
        "run/seed": 2**32 - 1,
        "result/status": "finished",
        "result/duration": 12.5,
        "result/ended": "2026-11-21T03:46:12+00:00",
        "result/best/epoch": 4,
        "result/best/step": 8,
        "result/best/value": 0.1,
        "result/best/metrics/val_loss": 0.1,
        "result/test/test_accuracy": 0.98,
    }
    sys = {name: entry.values[f"sys/{name}"] for name in ("name", "custom_run_id", "description")}
    assert sys == {"name": run_id, "custom_run_id": run_id, "description": "a first try"}
    assert sorted(entry.values["sys/tags"]) == ["cnn", "small"]
    assert entry.values["sys/failed"] is False
    assert {path: entry.file(path) for path, kind in entry.types.items() if kind == "file"} == {
        "record": json.dumps(run.record).encode(),
        "code": b"+ a line",
        "figures/confusion": b"pixels",
        "figures/confusion_csv": b"1,0",
        "training/model/checkpoints/best": b"weights",
    }
    series = {path for path, kind in entry.types.items() if kind.endswith("Series")}
    assert series == {
        *("training/train_loss", "training/val_recall/seven", "training/best/val_loss")
    }
    assert remote["id"].startswith(f"{server.url}/{PROJECT}/e/")
    assert where == f"neptune: {remote['id']}"
    assert not (run.directory / ".neptune").exists()


def test_more_points_than_go_at_once_keep_their_order(
    client: Client, server: Server, run: Sent
) -> None:
    client.build(server.environment, run.directory)
    remote = client("open", run.record)
    client("log", journal(0, 10_500))
    client("release")
    assert Entry(remote["id"]).series("training/train_loss") == points(0, 10_500)


def test_a_point_that_is_no_number_stands_beside_its_curve(
    client: Client, server: Server, run: Sent
) -> None:
    values = [0.5, math.nan, math.inf, -math.inf, 0.25]
    records = [
        {"time": 7.0, "step": step, "epoch": 0, "metrics": {"grad_norm": value}}
        for step, value in enumerate(values)
    ]
    client.build(server.environment, run.directory)
    entry = Entry(client("open", run.record)["id"])
    client("log", records)
    client("release")
    assert entry.series("training/grad_norm") == [(0, 7000, 0.5), (4, 7000, 0.25)]
    beside = entry.series("training/grad_norm_non_finite")
    assert beside == [(1, 7000, "nan"), (2, 7000, "inf"), (3, 7000, "-inf")]


@pytest.mark.parametrize("status", ["failed", "interrupted", "lost"])
def test_a_run_that_did_not_finish_is_marked_until_it_goes_on(
    client: Client, server: Server, run: Sent, status: str
) -> None:
    outcome = None if status == "lost" else {"status": status, "error": "no luck", "best": None}
    client.build(server.environment, run.directory)
    remote = client("open", run.record)
    client("log", journal(0, 5))
    client("close", outcome)
    client("release")
    entry = Entry(remote["id"])
    assert (entry.values["sys/failed"], entry.values["result/status"]) == (True, status)
    assert entry.values.get("result/error") == (None if status == "lost" else "no luck")

    client.build(server.environment, run.directory, remote)
    assert client("open", run.record) == remote  # the same id: the follower goes on where it was
    assert entry.values["sys/failed"] is False
    assert not [path for path in entry.types if path.startswith("result")]
    client("log", journal(5, 9))
    client("close", run.outcome)
    client("release")
    assert (entry.values["sys/failed"], entry.values["result/status"]) == (False, "finished")
    assert entry.series("training/train_loss") == points(0, 9)


def test_a_batch_sent_again_is_the_same_points_of_the_same_run(
    client: Client, server: Server, run: Sent
) -> None:
    found = set()
    for _ in range(2):  # the second time as after kill -9: nothing was remembered
        client.build(server.environment, run.directory)
        found.add(client("open", run.record)["id"])
        client("log", journal(0, 120))
        client("release")
    (address,) = found
    assert Entry(address).series("training/train_loss") == points(0, 120)


def test_the_best_checkpoint_is_sent_when_it_is_another(
    client: Client, server: Server, run: Sent
) -> None:
    path, remote = run.directory / "checkpoints" / "best.pt", {}
    for content, hash_, expected in (
        (b"first", "blake3:01", b"first"),
        (b"unread", "blake3:01", b"first"),
        (b"second", "blake3:02", b"second"),
    ):
        path.write_bytes(content)
        client.build(server.environment, run.directory, remote)
        client("open", run.record)
        client("close", {**run.outcome, "checkpoints": {"best.pt": hash_}})
        remote = client("remembered")
        client("release")
        assert Entry(remote["id"]).file("training/model/checkpoints/best") == expected


def test_what_the_server_refuses_is_told(client: Client, server: Server, run: Sent) -> None:
    client.build(server.environment, run.directory)
    client("open", run.record)
    server.broken({OPERATIONS: 400})
    with pytest.raises(ClientError, match=f"^OSError: {server.url} refuses what it was sent"):
        client("log", journal(0, 5))
    client("release")


def test_no_token_is_written_anywhere(client: Client, server: Server, run: Sent) -> None:
    def written() -> bytes:
        files = [path for path in run.directory.rglob("*") if path.is_file()] + [client.log]
        files += [path for path in server.folder.rglob("*") if path.is_file()]
        return b"\n".join(path.read_bytes() for path in files)

    secrets = [SECRET, server.environment["NEPTUNE_API_TOKEN"]]
    client.build(server.environment, run.directory)
    remote = client("open", run.record)
    client("log", journal(0, 5))
    assert list(run.directory.glob(".neptune/async/*"))  # the client's own files are looked at too
    said = written() + json.dumps([remote, client("where")]).encode()
    client("close", run.outcome)
    client("release")
    said += written()
    assert not [secret for secret in secrets if secret.encode() in said]


def test_a_run_goes_into_the_servers_trash(client: Client, server: Server, run: Sent) -> None:
    client.build(server.environment, run.directory)
    remote = client("open", run.record)
    client("close", run.outcome)
    client("release")
    entry = Entry(remote["id"])
    assert entry.values["sys/trashed"] is False
    client.build(server.environment, run.directory, remote)
    number = remote["id"].rpartition("/")[2]
    for _ in range(2):  # also where it is already
        said = client("delete", run.record)
        assert said == f"{number} is in the trash of {PROJECT} on {server.url}"
    assert entry.values["sys/trashed"] is True
    client.build(server.environment, run.directory, {"id": "https://other.example/a/b/e/RUN-1"})
    with pytest.raises(ClientError, match="it is on https://other.example: set NEPTUNE_API_TOKEN"):
        client("delete", run.record)
    client("release")
