"""By which names a server may be reached, and which pages may ask it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from project.server.auth.origins import HOSTS, ORIGINS, check_host, check_origin, shared
from project.server.errors import ApiError

URL = "https://runs.example.org"
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"


@pytest.mark.parametrize(
    "host",
    ["runs.example.org", "Runs.Example.org:443", "localhost:5000", "127.0.0.1", "[::1]:5000"],
)
def test_its_own_names_are_known(host: str) -> None:
    check_host(host, URL)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "10.0.0.1", "", "[x", "*"])
def test_any_other_name_is_refused_in_words_that_help(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with pytest.raises(ApiError, match="--url") as refused:
        check_host(host, URL)
    assert refused.value.status == 403 and repr(host) in refused.value.title
    monkeypatch.setenv(HOSTS, "other, *.example, *.example:5000")
    if host.startswith("evil"):
        check_host(host, URL)


def asked(host: str, origin: str | None) -> Headers:
    return Headers({"host": host} | ({} if origin is None else {"origin": origin}))


@pytest.mark.parametrize(
    "host, origin",
    [
        ("localhost:5000", None),
        ("localhost:5000", "http://localhost:5000"),
        ("Runs.example.org", "https://runs.example.org"),
        ("127.0.0.1:5000", URL),  # as a proxy passes it on
    ],
)
def test_its_own_pages_ask(host: str, origin: str | None) -> None:
    check_origin(asked(host, origin), URL)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:8888", "http://127.0.0.1:5001", "http://localhost", "null", "", "http://["],
)
def test_no_other_page_of_this_machine_asks(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    with pytest.raises(ApiError, match=r"other sites.* --url"):
        check_origin(asked("localhost:5000", origin), URL)
    monkeypatch.setenv(ORIGINS, "http://localhost:*")
    if origin == "http://localhost:8888":
        check_origin(asked("localhost:5000", origin), URL)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_other_pages_embed_is_refused_but_not_a_link(
    monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    asks = {"host": "localhost:5000", "sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    with pytest.raises(ApiError, match=site):
        check_origin(Headers(asks), URL)
    check_origin(Headers(asks | {"sec-fetch-mode": "navigate"}), URL)
    check_origin(Headers(asks | {"sec-fetch-site": "same-origin"}), URL)
    monkeypatch.setenv(ORIGINS, "http://localhost:8888")
    check_origin(Headers(asks), URL)


def test_where_any_host_is_taken_one_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOSTS, "*")
    check_host("", URL)
    for headers in ({}, {"host": ""}):
        with pytest.raises(ApiError):
            check_origin(Headers(headers | {"origin": "null"}), URL)


def test_pages_that_a_person_names_may_read_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"Origin": "https://lab.example.org"}

    def allowed(named: str) -> tuple[str | None, str | None]:
        monkeypatch.setenv(ORIGINS, named)
        app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("x"))])
        answer = TestClient(shared(app)).get("/", headers=page)
        names = ("access-control-allow-origin", "access-control-allow-credentials")
        return answer.headers.get(names[0]), answer.headers.get(names[1])

    assert allowed("") == (None, None)
    assert allowed("https://other.example.org")[0] is None
    assert allowed("https://*.example.org") == (page["Origin"], "true")
    assert allowed("*") == (page["Origin"], None)  # without the browser's login


@pytest.mark.parametrize("path", [SEARCH, "/compare/api/list"])
def test_runs_of_a_server_without_accounts_are_for_its_own_page(client: Any, path: str) -> None:
    assert client.get(path, headers={"Origin": "http://testserver"}).status_code == 200
    refused = client.get(path, headers={"Origin": "http://localhost:8888"})
    assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers
    assert "--url" in client.get(path, headers={"Host": "evil.example"}).json()["title"]


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/ajax-api/3.0/mlflow/assistant/config"),
        ("POST", "/ajax-api/3.0/mlflow/assistant/message"),
        ("POST", "/ajax-api/3.0/mlflow/jobs"),
        ("POST", "/api/3.0/mlflow/prompt-optimization/jobs"),
        ("POST", "/ajax-api/3.0/mlflow/scorer/invoke"),
        ("POST", "/ajax-api/2.0/mlflow/gateway-proxy"),
        ("GET", "/api/3.0/mlflow/gateway/secrets/list"),
        ("POST", "/gateway/x/mlflow/invocations"),
    ],
)
def test_what_acts_in_the_servers_name_is_closed_without_accounts_too(
    client: Any, method: str, path: str
) -> None:
    answer = client.request(method, path, json={})
    assert (answer.status_code, answer.json()["errorType"]) == (403, "ACCESS_DENIED")
