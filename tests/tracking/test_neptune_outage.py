"""Neptune servers that are away, late, slow or unwilling: what is told, and that all arrives."""

import socket
from typing import Any

import pytest

from project.server.address import client_token
from tests.tracking.neptune_client import Client, ClientError, Sent, journal, points
from tests.tracking.neptune_server import HANG, OPERATIONS, Entry, Server

UPLOAD = "/api/leaderboard/v1/attributes/storage/file/upload"


def test_a_server_that_comes_up_later_gets_all(
    client: Client, impatient: Client, coming: Server, run: Sent
) -> None:
    impatient.build(coming.environment, run.directory)
    told = rf"^ConnectionError: {coming.url} does not answer \(\w+\)$"
    with pytest.raises(ClientError, match=told):
        impatient("open", run.record)
    impatient("release")
    coming.start()
    client.build(coming.environment, run.directory)
    remote = client("open", run.record)
    client("log", journal(0, 5))
    client("release")
    assert Entry(remote["id"]).series("training/train_loss") == points(0, 5)


def test_a_server_that_never_answers_is_given_up(impatient: Client, run: Sent) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        token = client_token(address, "key")
        impatient.build(
            {"NEPTUNE_API_TOKEN": token, "NEPTUNE_PROJECT": "lab/digits"}, run.directory
        )
        with pytest.raises(ClientError, match="^ConnectionError: .* does not answer"):
            impatient("open", run.record)
        impatient("release")


@pytest.mark.parametrize(
    "path, trouble, call",
    [
        (OPERATIONS, 500, ("log", journal(3, 6))),
        pytest.param(UPLOAD, HANG, ("upload", "code.patch"), marks=pytest.mark.nightly),
    ],
)
def test_what_a_server_did_not_take_is_an_error_and_can_be_sent_again(
    client: Client,
    impatient: Client,
    server: Server,
    run: Sent,
    path: str,
    trouble: int,
    call: tuple[Any, ...],
) -> None:
    impatient.build(server.environment, run.directory)
    remote = impatient("open", run.record)
    impatient("log", journal(0, 3))
    server.broken({path: trouble})
    with pytest.raises(ClientError, match="^ConnectionError: .* took no data for 2 s$"):
        impatient(*call)
    impatient("release")
    # It is sent again from the journal, not from there.
    assert not list(run.directory.glob(".neptune/async/*"))

    server.broken()
    client.build(server.environment, run.directory, remote)
    assert client("open", run.record) == remote
    client("log", journal(3, 6))
    client("upload", "code.patch")
    client("release")
    entry = Entry(remote["id"])
    assert entry.series("training/train_loss") == points(0, 6)
    assert entry.file("code") == b"+ a line"


def test_a_project_that_is_not_there_is_the_persons_mistake(
    client: Client, server: Server, run: Sent
) -> None:
    client.build({**server.environment, "NEPTUNE_PROJECT": "lab/mnist"}, run.directory)
    message = f"^ValueError: NEPTUNE_PROJECT lab/mnist is not on {server.url}: create it[^\n]*$"
    with pytest.raises(ClientError, match=message):
        client("open", run.record)
    client("release")


@pytest.mark.parametrize(
    "path", ["/api/backend/v1/clients/config", "/api/backend/v1/authorization/oauth-token"]
)
def test_a_token_that_is_refused_is_the_persons_mistake(
    client: Client, server: Server, run: Sent, path: str
) -> None:
    server.broken({path: 401})
    # The client remembers what it was answered for a token.
    token = client_token(server.url, f"for {path}")
    client.build({**server.environment, "NEPTUNE_API_TOKEN": token}, run.directory)
    message = f"^ValueError: {server.url} refuses NEPTUNE_API_TOKEN: get a new[^\n]*$"
    with pytest.raises(ClientError, match=message):
        client("open", run.record)
    client("release")


@pytest.mark.nightly
def test_the_follower_brings_a_run_from_offline_over_an_outage_to_the_server(
    client: Client, impatient: Client, server: Server, run: Sent
) -> None:
    run.log(0, 100)
    files = ["record.json", "code.patch", "figures/confusion.csv", "figures/confusion.png"]
    sent = {"points": 100, "files": len(files)}
    assert client.follow({}, run.directory, ended=False) == sent
    server.broken({OPERATIONS: 503})
    run.log(100, 110)
    with pytest.raises(ClientError, match="^ConnectionError"):
        impatient.follow(server.environment, run.directory, ended=False)
    server.broken()
    run.log(110, 120)
    run.end()
    everything = {"points": 120, "files": len(files) + 1}
    assert client.follow(server.environment, run.directory, ended=True) == everything
    for _ in range(2):
        entry = Entry(run.remembered()["id"])
        assert entry.series("training/train_loss") == points(0, 120)
        assert entry.file("figures/confusion_csv") == b"1,0"
        assert entry.values["result/status"] == "finished"
        nothing = {"points": 0, "files": 0}
        assert client.follow(server.environment, run.directory, ended=True) == nothing
