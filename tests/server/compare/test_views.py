"""Views kept by name: of an account or of a workspace, and nowhere else than on the page."""

from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.server.guarded import Guarded

PATH = "/compare/api/views"
ADDRESS = "compare?where=val_accuracy%20%3E%200.9&sort=-test_accuracy"


def names(client: Any) -> list[tuple[str, str | None]]:
    """What an account may open."""
    return [(view["name"], view["workspace"]) for view in client.get(PATH).json()["views"]]


def save(client: Any, name: str, address: str = ADDRESS, workspace: str = "") -> httpx.Response:
    """The answer."""
    return client.post(PATH, json={"name": name, "address": address, "workspace": workspace})


def test_a_view_is_kept_opened_replaced_and_forgotten(client: TestClient) -> None:
    assert save(client, " good ").json() == {"replaced": False}
    assert save(client, "good", "compare").json() == {"replaced": True}
    (view,) = client.get(PATH).json()["views"]
    assert (view["name"], view["address"], view["mine"]) == ("good", "compare", True)
    assert client.delete(PATH, params={"name": "good"}).status_code == 200
    assert client.delete(PATH, params={"name": "good"}).status_code == 404
    assert client.get(PATH).json() == {"views": [], "workspaces": []}


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "javascript:alert(1)", "compare#/x", "../mlflow"]
    + ["compare?a=<b>", "compare\n", "", "compare?" + "a" * 20_000, "comparex", "compare/../x"],
)
def test_no_address_leads_elsewhere(client: TestClient, address: str) -> None:
    assert save(client, "bad", address).status_code == 400
    assert names(client) == []


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, 3])
def test_a_name_is_a_line(client: TestClient, name: Any) -> None:
    assert client.post(PATH, json={"name": name, "address": "compare"}).status_code == 400


def test_who_has_which_views(guarded: Guarded) -> None:
    people = ("alice", "vera", "bob", "robot", "root")
    clients = {name: guarded.client(name) for name in people}
    statuses = {n: save(c, "shared", workspace="lab").status_code for n, c in clients.items()}
    assert statuses == {"alice": 200, "vera": 403, "bob": 404, "robot": 404, "root": 200}
    # One of one's own is anybody's right, and nobody else's business.
    assert {save(c, f"of {n}").status_code for n, c in clients.items()} == {200}
    seen = {name: names(client) for name, client in clients.items()}
    shared = [("shared", "lab")]
    assert seen == {
        "alice": [("of alice", None), *shared],
        "vera": [("of vera", None), *shared],
        "bob": [("of bob", None)],
        "robot": [("of robot", None)],
        "root": [("of root", None), *shared],
    }
    gone = {"name": "shared", "workspace": "lab"}
    statuses = {n: clients[n].delete(PATH, params=gone).status_code for n in ("vera", "bob")}
    assert statuses == {"vera": 403, "bob": 404}
    assert clients["alice"].delete(PATH, params=gone).status_code == 200
    assert clients["bob"].delete(PATH, params={"name": "of alice"}).status_code == 404
    for client in clients.values():
        client.close()
