"""The unmodified Neptune client, in its own process, against a server that keeps what it gets."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.fake_neptune import HANG, OPERATE, PROJECT, SECRET, UPLOAD, FakeNeptune
from tests.tracking.neptune_client import (
    OUTCOME,
    RECORD,
    RUN_ID,
    Client,
    ClientError,
    journal,
    points,
)


def started(folder: Path, **timeouts: str) -> Iterator[Client]:
    client = Client(folder / "client.log", timeouts)
    yield client
    client.end()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from started(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client for what is to fail: it gives up after one try of at most a second."""
    timeouts = {"NEPTUNE_REQUEST_TIMEOUT": "1", "NEPTUNE_RETRIES_TIMEOUT": "1"}
    yield from started(tmp_path_factory.mktemp("impatient"), **timeouts)


@pytest.fixture
def fake() -> Iterator[FakeNeptune]:
    with FakeNeptune() as server:
        yield server


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "confusion.png").write_bytes(b"pixels")
    (tmp_path / "figures" / "confusion.csv").write_bytes(b"1,0")
    (tmp_path / "code.patch").write_bytes(b"+ a line")
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    return tmp_path


def test_all_of_a_run_arrives(client: Client, fake: FakeNeptune, run_dir: Path) -> None:
    client.build(fake.environment, run_dir)
    remote = client("open", RECORD)
    client("log", journal(0, 3))
    client("log", journal(3, 250) + journal(250, 251, "val_recall/seven"))
    # Before anything is closed: had this process been killed here, nothing would be missing.
    run = fake.runs[RUN_ID]
    assert list(run.series["training/train_loss"]) == points(0, 250)
    assert list(run.series["training/val_recall/seven"]) == points(250, 251)

    for file in ("record.json", "code.patch", "figures/confusion.png"):
        client("upload", file)
    where = client("where")
    client("close", OUTCOME)
    client("release")
    assert run.values == {
        "sys/name": RUN_ID,
        "sys/description": "a first try",
        "sys/tags": ["cnn", "small"],
        "sys/failed": False,
        "training/hyperparams/learning_rate": 0.001,
        "training/hyperparams/gradient_clip": "None",
        "training/hyperparams/augment": '["flip"]',
        "training/hyperparams/compile": False,
        "training/model/name": "cnn",
        "training/model/n_parameters": 1234,
        "training/model/checkpoints/best.pt": "blake3:bb",
        "training/model/checkpoints/last.pt": "blake3:cc",
        "training/model/best_model_path": "checkpoints/best.pt",
        "source_code/git/sha": "4f0c",
        "source_code/git/branch": "main",
        "source_code/git/dirty": True,
        "source_code/git/remote": "https://host/repo.git",
        "data/name": "digits",
        "data/hash": "blake3:aa",
        "data/counts/test/total": 3,
        "data/counts/test/per_class": "[1, 2]",
        "environment/python": "3.11.7",
        "environment/packages/torch": "2.14.1",
        "run/schema": 1,
        "run/run_id": RUN_ID,
        "run/exp_name": "trial",
        "run/command": "python -m project.run --exp-name trial",
        "run/description": "a first try",
        "run/tags": '["cnn", "small"]',
        "run/seed": 2**32 - 1,
        "result/status": "finished",
        "result/duration": 12.5,
        "result/best/epoch": 4,
        "result/best/metrics/val_loss": 0.1,
        "result/test/test_accuracy": 0.98,
    }
    assert run.files == {
        "record.json": (run_dir / "record.json").read_bytes(),
        "code.patch": b"+ a line",
        "figures/confusion.png": b"pixels",
    }
    assert set(run.series) == {"training/train_loss", "training/val_recall/seven"}
    assert remote == {"id": f"{fake.url}/{PROJECT}/e/RUN-1"}
    assert where == f"neptune: {remote['id']}"
    assert not (run_dir / ".neptune").exists()


def test_more_points_than_go_at_once_keep_their_order(
    client: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    client.build(fake.environment, run_dir)
    client("open", RECORD)
    client("log", journal(0, 10_500))
    client("release")
    assert list(fake.runs[RUN_ID].series["training/train_loss"]) == points(0, 10_500)


def test_a_point_that_is_no_number_stands_beside_its_curve(
    client: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    values = [0.5, math.nan, math.inf, -math.inf, 0.25]
    records = [
        {"time": 7.0, "step": step, "epoch": 0, "metrics": {"grad_norm": value}}
        for step, value in enumerate(values)
    ]
    client.build(fake.environment, run_dir)
    client("open", RECORD)
    client("log", records)
    client("release")
    assert {path: list(series) for path, series in fake.runs[RUN_ID].series.items()} == {
        "training/grad_norm": [(0, 7000, 0.5), (4, 7000, 0.25)],
        "training/grad_norm_non_finite": [(1, 7000, "nan"), (2, 7000, "inf"), (3, 7000, "-inf")],
    }


@pytest.mark.parametrize("status", ["failed", "interrupted", "lost"])
def test_a_run_that_did_not_finish_is_marked_until_it_goes_on(
    client: Client, fake: FakeNeptune, run_dir: Path, status: str
) -> None:
    outcome = None if status == "lost" else {"status": status, "error": "no luck", "best": None}
    client.build(fake.environment, run_dir)
    remote = client("open", RECORD)
    client("log", journal(0, 5))
    client("close", outcome)
    client("release")
    run = fake.runs[RUN_ID]
    assert (run.values["sys/failed"], run.values["result/status"]) == (True, status)
    assert run.values.get("result/error") == (None if status == "lost" else "no luck")

    client.build(fake.environment, run_dir, remote)
    assert client("open", RECORD) == remote  # the same id: the follower goes on where it was
    assert run.values["sys/failed"] is False
    assert not [path for path in run.types if path.startswith("result")]
    client("log", journal(5, 9))
    client("close", OUTCOME)
    client("release")
    assert (run.values["sys/failed"], run.values["result/status"]) == (False, "finished")
    assert list(run.series["training/train_loss"]) == points(0, 9)


def test_a_batch_sent_again_is_the_same_points_of_the_same_run(
    client: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    for _ in range(2):  # the second time as after kill -9: nothing was remembered
        client.build(fake.environment, run_dir)
        client("open", RECORD)
        client("log", journal(0, 120))
        client("release")
    assert list(fake.runs) == [RUN_ID]
    assert fake.runs[RUN_ID].points_received == 2 * 120
    assert list(fake.runs[RUN_ID].series["training/train_loss"]) == points(0, 120)


def test_offline_says_how_to_send_it_and_then_sends_all(
    client: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    client.build({}, run_dir)
    offline = client("open", RECORD)
    client("log", journal(0, 5))
    client("upload", "code.patch")
    where = client("where")
    logs = (run_dir / ".neptune").glob("offline/run__*/data-*.log")
    written = [json.loads(line)["obj"] for log in logs for line in log.read_text().splitlines()]
    client("close", OUTCOME)
    client("release")
    (logged,) = [operation for operation in written if operation["type"] == "LogFloats"]
    assert [point["value"] for point in logged["values"]] == [s / 3 for s in range(5)]
    assert f"python -m project.sync {run_dir} --tracker neptune" in where
    assert "offline" in where and "NEPTUNE_API_TOKEN" in where

    client.build(fake.environment, run_dir, offline)
    assert (
        client("open", RECORD)["id"] != offline["id"]
    )  # so the follower starts from the beginning
    client("log", journal(0, 5))
    client("close", OUTCOME)
    client("release")
    assert list(fake.runs[RUN_ID].series["training/train_loss"]) == points(0, 5)
    assert not (run_dir / ".neptune").exists()  # or `neptune sync` would make a second run of it


def test_the_follower_brings_a_run_from_offline_over_an_outage_to_the_server(
    client: Client, impatient: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    def log(first: int, last: int) -> None:
        with open(run_dir / "journal.jsonl", "a") as file:
            file.writelines(json.dumps(record) + "\n" for record in journal(first, last))

    log(0, 100)
    files = ["record.json", "code.patch", "figures/confusion.csv", "figures/confusion.png"]
    assert client.follow({}, run_dir, ended=False) == {"points": 100, "files": len(files)}
    fake.broken["/"] = 503
    log(100, 110)
    with pytest.raises(ClientError, match="^ConnectionError"):
        impatient.follow(fake.environment, run_dir, ended=False)
    fake.broken.clear()
    log(110, 120)
    (run_dir / "outcome.json").write_text(json.dumps(OUTCOME))
    everything = {"points": 120, "files": len(files) + 1}
    assert client.follow(fake.environment, run_dir, ended=True) == everything
    run = fake.runs[RUN_ID]
    assert list(run.series["training/train_loss"]) == points(0, 120)
    assert run.files["figures/confusion_csv.csv"] == b"1,0"
    assert run.files["figures/confusion.png"] == b"pixels"
    assert run.values["result/status"] == "finished"
    assert client.follow(fake.environment, run_dir, ended=True) == {"points": 0, "files": 0}
    assert run.points_received == 120
    assert run.values["result/status"] == "finished"
    said = b"".join(path.read_bytes() for path in run_dir.rglob("*") if path.is_file())
    assert (
        SECRET.encode() not in said and fake.environment["NEPTUNE_API_TOKEN"].encode() not in said
    )


def test_offline_again_is_one_run_from_the_start(client: Client, run_dir: Path) -> None:
    ids = set()
    for _ in range(2):
        client.build({"NEPTUNE_API_TOKEN": "unused", "NEPTUNE_MODE": "offline"}, run_dir)
        ids.add(client("open", RECORD)["id"])
        client("release")
    assert len(ids) == 2
    assert len(list((run_dir / ".neptune" / "offline").iterdir())) == 1


def test_a_server_that_comes_up_later_gets_all(
    client: Client, impatient: Client, run_dir: Path
) -> None:
    with FakeNeptune() as fake:
        environment = fake.environment
    impatient.build(environment, run_dir)
    with pytest.raises(
        ClientError, match=rf"^ConnectionError: {fake.url} does not answer \(\w+\)$"
    ):
        impatient("open", RECORD)
    impatient("release")
    with FakeNeptune(port=int(fake.url.rpartition(":")[2])) as fake:
        client.build(environment, run_dir)
        client("open", RECORD)
        client("log", journal(0, 5))
        client("release")
        assert list(fake.runs[RUN_ID].series["training/train_loss"]) == points(0, 5)


def test_a_server_that_never_answers_is_given_up(
    impatient: Client, fake: FakeNeptune, run_dir: Path
) -> None:
    fake.broken["/"] = HANG
    impatient.build(fake.environment, run_dir)
    with pytest.raises(ClientError, match="^ConnectionError: .* does not answer"):
        impatient("open", RECORD)
    impatient("release")


@pytest.mark.parametrize(
    "path, trouble, call",
    [
        (OPERATE, 500, ("log", journal(3, 6))),
        (UPLOAD, HANG, ("upload", "code.patch")),
    ],
)
def test_what_a_server_did_not_take_is_an_error_and_can_be_sent_again(
    client: Client,
    impatient: Client,
    fake: FakeNeptune,
    run_dir: Path,
    path: str,
    trouble: int,
    call: tuple[Any, ...],
) -> None:
    impatient.build(fake.environment, run_dir)
    remote = impatient("open", RECORD)
    impatient("log", journal(0, 3))
    fake.broken[path] = trouble
    with pytest.raises(ClientError, match="^ConnectionError: .* took no data for 2 s$"):
        impatient(*call)
    impatient("release")
    assert not list(
        run_dir.glob(".neptune/async/*")
    )  # it is sent again from the journal, not from there

    fake.broken.clear()
    client.build(fake.environment, run_dir, remote)
    assert client("open", RECORD) == remote
    client("log", journal(3, 6))
    client("upload", "code.patch")
    client("release")
    assert list(fake.runs[RUN_ID].series["training/train_loss"]) == points(0, 6)
    assert fake.runs[RUN_ID].files == {"code.patch": b"+ a line"}


@pytest.mark.parametrize(
    "setting, broken, message",
    [
        (
            {"NEPTUNE_PROJECT": "lab/mnist"},
            {},
            "NEPTUNE_PROJECT lab/mnist is not on {url}: create it",
        ),
        ({}, {"/api/backend/v1/clients/config": 401}, "{url} refuses NEPTUNE_API_TOKEN: get a new"),
        ({}, {"/api/backend/v1/authorization/oauth-token": 401}, "{url} refuses NEPTUNE_API_TOKEN"),
    ],
)
def test_what_the_server_refuses_is_the_persons_mistake(
    client: Client,
    fake: FakeNeptune,
    run_dir: Path,
    setting: dict[str, str],
    broken: dict[str, int],
    message: str,
) -> None:
    fake.broken = broken
    client.build({**fake.environment, **setting}, run_dir)
    with pytest.raises(ClientError) as error:
        client("open", RECORD)
    client("release")
    assert str(error.value).startswith("ValueError: " + message.format(url=fake.url))
    assert "\n" not in str(error.value)


def test_no_token_is_written_anywhere(client: Client, fake: FakeNeptune, run_dir: Path) -> None:
    def written() -> bytes:
        files = [path for path in run_dir.rglob("*") if path.is_file()] + [client.log]
        return b"\n".join(path.read_bytes() for path in files)

    secrets = [SECRET, fake.environment["NEPTUNE_API_TOKEN"]]
    client.build(fake.environment, run_dir)
    remote = client("open", RECORD)
    client("log", journal(0, 5))
    assert list(run_dir.glob(".neptune/async/*"))  # the client's own files are looked at too
    said = written() + json.dumps([remote, client("where")]).encode()
    client("close", OUTCOME)
    client("release")
    run = fake.runs[RUN_ID]
    said += written() + repr([run.values, run.series]).encode() + b"".join(run.files.values())
    assert not [secret for secret in secrets if secret.encode() in said]
