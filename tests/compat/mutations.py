"""Requests that no client would send: drawn from the Swagger documents, and mutated real ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import orjson

from tests.compat.junk import HEADERS, METHODS, NUMBERS, RAW, STRINGS
from tests.compat.traffic import Sent


class Mutations:
    """Draws requests; the same ones for the same seed.

    Args:
        seed: of the draw.
        documents: the Swagger documents.
        sent: real requests.
        pool: values that mean something to the server, by the parameter's name; it may grow.
        spared: operations that are never given values of the pool, as they would destroy it.
    """

    def __init__(
        self,
        seed: int,
        documents: list[dict[str, Any]],
        sent: list[Sent],
        pool: dict[str, list[str]],
        spared: set[str],
    ) -> None:
        self.random = random.Random(seed)
        self.sent, self.pool = sent, pool
        self.operations = [
            (path, method.upper(), operation)
            for document in documents
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        self.spared = {(p, m) for p, m, o in self.operations if o["operationId"] in spared}
        bodies = [node for one in sent for node in _nodes(_json(one.body))]
        self.keys = sorted({key for node in bodies if type(node) is dict for key in node})
        self.values = [node for node in bodies if type(node) not in (dict, list)]

    def draw(self) -> Sent:
        """The next request."""
        drawers = [self._from_schema, self._from_traffic, self._from_traffic]
        return self.random.choice(drawers)()

    def _from_schema(self) -> Sent:
        path, method, operation = self.random.choice(self.operations)
        spared = (path, method) in self.spared
        query, headers, body = [], [], b""
        for parameter in operation["parameters"]:
            name, place = parameter["name"], parameter["in"]
            if self.random.random() < 0.08:
                continue
            if place == "body":
                headers.append(("content-type", "application/json"))
                body = self._body(path, method)
            elif place == "path":
                path = path.replace(f"{{{name}}}", _segment(self._value(name, spared)))
            elif place == "header":
                headers.append((name, self.random.choice(HEADERS)))
            else:
                query += [(name, self._value(name, spared))] * self.random.choice([1, 1, 1, 2])
        if not body and method != "GET" and self.random.random() < 0.5:
            body = self.random.randbytes(self.random.randrange(2000))
        return Sent(method, path, urlencode(query), tuple(headers), body)

    def _body(self, path: str, method: str) -> bytes:
        """A body that was sent there, mutated, or one of known names and values."""
        known = [one.body for one in self.sent if (one.path, one.method) == (path, method)]
        if known and self.random.random() < 0.7:
            return self._mutated_body(self.random.choice(known))
        return json.dumps(self._tree(3)).encode()

    def _from_traffic(self) -> Sent:
        one = self.random.choice(self.sent)
        spared = (one.path, one.method) in self.spared
        changes: list[Callable[[], Sent]] = [
            lambda: replace(one, query=self._mutated_query(one.query, spared)),
            lambda: replace(one, body=self._mutated_body(one.body)),
            lambda: replace(one, body=self._mutated_body(one.body)),
            lambda: replace(one, headers=tuple((k, self._header(v)) for k, v in one.headers)),
            lambda: one,
        ]
        if not spared:
            changes.append(lambda: replace(one, method=self.random.choice(METHODS)))
            changes.append(lambda: replace(one, path=self._mutated_path(one.path)))
        for _ in range(self.random.choice([1, 1, 2])):
            one = self.random.choice(changes)()
        return one

    def _value(self, name: str, spared: bool) -> str:
        known = [] if spared else self.pool.get(name, [])
        if known and self.random.random() < 0.75:
            return self.random.choice(known)
        return str(self.random.choice([*STRINGS, *NUMBERS]))

    def _header(self, value: str) -> str:
        return self.random.choice([value, *HEADERS])

    def _mutated_query(self, query: str, spared: bool) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        if not pairs:
            return urlencode([("x", self.random.choice(STRINGS))])
        chosen = self.random.randrange(len(pairs))
        name, _ = pairs[chosen]
        action = self.random.choice(["replace", "replace", "replace", "drop", "double"])
        if action == "drop":
            del pairs[chosen]
        elif action == "double":
            pairs.append((name, self._value(name, spared)))
        else:
            pairs[chosen] = (name, self._value(name, spared))
        return urlencode(pairs)

    def _mutated_path(self, path: str) -> str:
        parts = path.split("/")
        parts[self.random.randrange(1, len(parts))] = "x" + self.random.choice(["", "..", "%00"])
        return "/".join(parts)

    def _mutated_body(self, body: bytes) -> bytes:
        tree = _json(body)
        if tree is None or self.random.random() < 0.15:
            cut = self.random.randrange(len(body) + 1)
            return self.random.choice([*RAW, body[:cut], body[cut:], body + body])
        for _ in range(self.random.choice([1, 1, 2, 5])):
            tree = self._mutated(tree)
        return json.dumps(tree).encode()

    def _mutated(self, tree: Any) -> Any:
        """The tree with one node changed, dropped, doubled or replaced."""
        inner = [node for node in _nodes(tree) if type(node) in (dict, list) and node]
        if not inner or self.random.random() < 0.05:
            return self._tree(2)
        node = self.random.choice(inner)
        keys = list(node) if type(node) is dict else range(len(node))
        key = self.random.choice(keys)
        action = self.random.random()
        if action < 0.2:
            del node[key]
        elif action < 0.3 and type(node) is dict:
            node[self.random.choice(self.keys or STRINGS)] = node[key]
        elif action < 0.4 and type(node) is list:
            node += [node[key]] * self.random.choice([1, 3, 500])
        else:
            node[key] = self._tree(2)
        return tree

    def _tree(self, depth: int) -> Any:
        kind = self.random.random()
        if depth and kind < 0.15:
            return [self._tree(depth - 1) for _ in range(self.random.randrange(4))]
        if depth and kind < 0.4:
            names = [self.random.choice(self.keys or STRINGS) for _ in range(4)]
            return {name: self._tree(depth - 1) for name in names}
        if kind < 0.5:
            return self.random.choice([None, True, False])
        if kind < 0.65:
            number = self.random.choice(NUMBERS)
            return number if type(number) is float or -(2**63) <= number < 2**64 else float(number)
        if kind < 0.85 and self.values:
            return self.random.choice(self.values)
        return self.random.choice(STRINGS)


def _segment(value: str) -> str:
    """One part of a path; in `members/..` the library that sends it would see `..` and obey."""
    return quote(value, safe="").replace(".", "%2E") or "x"


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _nodes(tree: Any) -> list[Any]:
    """All nodes of a JSON tree."""
    inner = tree.values() if type(tree) is dict else tree if type(tree) is list else ()
    return [tree, *(node for part in inner for node in _nodes(part))]
