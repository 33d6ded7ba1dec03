"""A real server with accounts, and the people of two projects, for the tests of access."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2 as httpx

from project.server.address import client_token
from project.server.api.access import Role
from project.server.auth import accounts, keys
from project.server.settings import Settings
from project.server.store.database import Database
from project.server.workspaces import projects
from tests.server.conftest import Server, end, start_server

ONE, TWO = "lab/one", "firm/two"
# Who has which role in lab/one; bob is a member of firm/two alone.
PEOPLE = {"alice": Role.MEMBER, "vera": Role.VIEWER, "max": Role.MANAGER}


@dataclass(frozen=True)
class Guarded:
    """The server, its store as this process sees it, and a key of everyone's."""

    server: Server
    settings: Settings
    database: Database
    keys: dict[str, str]
    exp_dir: Path

    def token(self, name: str) -> str:
        """Their NEPTUNE_API_TOKEN."""
        return client_token(self.server.url, self.keys[name])

    def client(self, name: str | None = None) -> httpx.Client:
        """Requests as this person, with the access token that their API token is good for."""
        client = httpx.Client(base_url=self.server.url, trust_env=False)
        if name is not None:
            client.headers["Authorization"] = f"Bearer {self.access(name)}"
        return client

    def access(self, name: str) -> str:
        """Their signed token."""
        headers = {"X-Neptune-Api-Token": self.token(name)}
        with httpx.Client(base_url=self.server.url, trust_env=False) as client:
            answer = client.get("/api/backend/v1/authorization/oauth-token", headers=headers)
        return answer.raise_for_status().json()["accessToken"]

    def browser(self, name: str, key: str | None = None) -> dict[str, str]:
        """The header that a browser sends once it has asked for name and password."""
        login = f"{name}:{self.keys[name] if key is None else key}"
        return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


@contextmanager
def guarded_server(exp_dir: Path) -> Iterator[Guarded]:
    """A running server; its people are added beside it, as the command does."""
    server = start_server(exp_dir, "--accounts")
    settings = replace(server.settings, accounts=True)
    with Database(settings.store) as database:
        yield Guarded(server, settings, database, populate(database), exp_dir)
    end(server)


def populate(database: Database) -> dict[str, str]:
    """Make the projects and the accounts; the key of each."""
    one, two = (projects.create(database, *name.split("/")) for name in (ONE, TWO))
    made = {}
    with database.write() as connection:
        for name in (*PEOPLE, "bob", "root", "robot"):
            accounts.add(database, connection, name, name == "root", name == "robot")
            made[name] = keys.make(connection, name)[1]
        for name, role in PEOPLE.items():
            accounts.join(database, connection, one.id, name, role)
        accounts.join(database, connection, two.id, "bob", Role.MEMBER)
    return made
