"""Batches of operations as a client sends them, and what the API then reads, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

ROOT = "/api/leaderboard/v1"
TIME = 1_700_000_000_000
# Points (step, timestamp, value) as they are logged, which is the order of their steps.
CURVES = {
    "one after the other": [(s, TIME + s, s / 3) for s in range(250)],
    "with gaps": [(s * s, TIME + s, s / 3) for s in range(250)],
    "repeated steps": [(s // 7, TIME + s, s / 3) for s in range(250)],
    "fractional": [(s / 4, TIME, 0.5) for s in range(250)],
    "fractional in the end": [(s, TIME, 0.5) for s in range(200)] + [(199.5, TIME, 0.5)],
    "negative": [(s, TIME + s, -s / 3) for s in range(-125, 125)],
    "beyond 64 bits": [(s * 1e18, TIME, s / 3) for s in range(-20, 20)],
    "beyond 53 bits": [(2**62 + s, TIME + s, s / 3) for s in range(5)],
    "a clock that jumps": [(s, TIME - s * 10**6, s / 3) for s in range(250)],
}


@dataclass(frozen=True)
class Run:
    """A run of the application in this process."""

    client: TestClient
    id: str

    def post(self, content: Any) -> Any:
        """The response to this body of executeOperations."""
        where = f"{ROOT}/attributes/operations"
        return self.client.post(where, params={"experimentId": self.id}, json=content)

    def send(self, *operations: dict[str, Any]) -> list[str]:
        """The kinds of the errors in the answer."""
        answer = self.post(list(operations))
        assert answer.status_code == 200, answer.text
        return [error["errorType"] for error in answer.json()]

    def all(self) -> dict[str, Any]:
        """Path and value of all attributes, but those of `sys`."""
        answer = self.client.get(f"{ROOT}/attributes", params={"experimentId": self.id})
        return {
            attribute["name"]: _value(attribute)
            for attribute in answer.json()["attributes"]
            if not attribute["name"].startswith("sys/")
        }

    def page(self, path: str, kind: str = "float", **page: int) -> Any:
        """The response to a page of a series."""
        params = {"experimentId": self.id, "attribute": path, **page}
        return self.client.get(f"{ROOT}/attributes/series/{kind}", params=params)

    def series(self, path: str, kind: str = "float") -> list[tuple[float, int, Any]]:
        """All (step, timestamp, value) of a series."""
        found = self.page(path, kind).json()
        assert found["totalItemCount"] == len(found["values"])
        return [(v["step"], v["timestampMillis"], v["value"]) for v in found["values"]]


def make_run(client: TestClient) -> Run:
    """A new run."""
    creation = {"projectIdentifier": "local/runs", "type": "run"}
    return Run(client, client.post(f"{ROOT}/experiments", json=creation).json()["id"])


def do(path: str, name: str, **arguments: Any) -> dict[str, Any]:
    """An operation."""
    return {"path": path, name: arguments}


def log(path: str, *points: tuple[float | None, int, Any], name: str = "logFloats") -> dict:
    """An operation that logs (step, timestamp, value) points."""
    names = ("step", "timestampMilliseconds", "value")
    return do(path, name, entries=[dict(zip(names, point, strict=True)) for point in points])


def stepless(path: str, *values: Any, at: int = TIME, name: str = "logFloats") -> dict:
    """An operation that logs values without steps, a millisecond after the other."""
    return log(path, *((None, at + i, value) for i, value in enumerate(values)), name=name)


def _value(attribute: dict[str, Any]) -> Any:
    properties = attribute[f"{attribute['type']}Properties"]
    for name in ("value", "values", "last", "hash"):
        if name in properties:
            return properties[name]
    return None
