"""Neptune's settings and layout, without its client: which server, which values, which mistakes."""

import base64
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from project.cli.command import load_private_settings
from project.server.address import client_token
from project.trackers.neptune import build
from project.tracking.neptune import layout, settings
from project.tracking.neptune.client import reach
from tests.tracking.neptune_server import SECRET

PROJECT = "lab/digits"


def token(address: str) -> str:
    return client_token(address, SECRET)


@pytest.mark.parametrize(
    "value, project, message",
    [
        (token("https://host"), "", "NEPTUNE_PROJECT is not set: set it to WORKSPACE/PROJECT"),
        ("s3cret words", PROJECT, "NEPTUNE_API_TOKEN is not a Neptune token"),
        (base64.b64encode(b"{}").decode(), PROJECT, "NEPTUNE_API_TOKEN is not a Neptune token"),
        (
            token("http://host:80"),
            PROJECT,
            "NEPTUNE_API_TOKEN names http://host:80, where it would",
        ),
        (token("http://127.0.0.1.host"), PROJECT, "NEPTUNE_API_TOKEN names http://127.0.0.1.host"),
    ],
)
def test_settings_that_cannot_work_are_told_before_the_client_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, project: str, message: str
) -> None:
    monkeypatch.setenv("NEPTUNE_API_TOKEN", value)
    monkeypatch.setenv("NEPTUNE_PROJECT", project)
    monkeypatch.setitem(sys.modules, "neptune", None)  # an import of it would raise
    with pytest.raises(ValueError) as error:
        build(tmp_path, {})
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value) and value not in str(error.value)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_server_that_is_away_is_told_before_the_client_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("NEPTUNE_API_TOKEN", token(address))
    monkeypatch.setenv("NEPTUNE_PROJECT", PROJECT)
    monkeypatch.setitem(sys.modules, "neptune", None)  # an import of it would raise
    with pytest.raises(ConnectionError, match=f"^{address} does not answer"):
        build(tmp_path, {}).open({"run_id": "r"})


def test_behind_a_proxy_only_the_client_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    reach(address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(ConnectionError):
        reach(address)


@pytest.mark.parametrize(
    "url, server",
    [
        ("https://user:" "pass@host:8443", "https://host:8443"),
        ("host.example", "https://host.example"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_the_servers_address_is_known_without_credentials(
    monkeypatch: pytest.MonkeyPatch, url: str, server: str
) -> None:
    monkeypatch.setenv("NEPTUNE_API_TOKEN", f" {token(url)}\n")
    monkeypatch.setenv("NEPTUNE_PROJECT", PROJECT)
    assert settings.server() == server


@pytest.mark.parametrize(
    "mode, given, server",
    [
        ("", False, None),
        ("", True, "https://host"),
        ("offline", True, None),
        ("offline", False, None),
        ("async", True, "https://host"),
        ("sync", True, "https://host"),
    ],
)
def test_the_mode_and_the_token_say_whether_there_is_a_server(
    monkeypatch: pytest.MonkeyPatch, mode: str, given: bool, server: str | None
) -> None:
    monkeypatch.setenv("NEPTUNE_MODE", mode)
    monkeypatch.setenv("NEPTUNE_API_TOKEN", token("https://host") if given else "")
    monkeypatch.setenv("NEPTUNE_PROJECT", PROJECT)
    assert settings.server() == server


@pytest.mark.parametrize(
    "mode, message",
    [
        ("async", "mode async needs a server: set NEPTUNE_API_TOKEN"),
        ("debug", "NEPTUNE_MODE=debug sends nothing: for that use --tracker none"),
        ("read-only", "NEPTUNE_MODE=read-only sends nothing"),
    ],
)
def test_a_mode_that_cannot_be_is_told(
    monkeypatch: pytest.MonkeyPatch, mode: str, message: str
) -> None:
    monkeypatch.setenv("NEPTUNE_MODE", mode)
    with pytest.raises(ValueError, match=f"^{message}"):
        settings.server()


def test_a_timeout_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_RETRIES_TIMEOUT", "soon")
    with pytest.raises(
        ValueError, match="^NEPTUNE_RETRIES_TIMEOUT=soon is not a number of seconds"
    ):
        settings.patience()


@pytest.mark.parametrize(
    "value, field",
    [
        (True, True),
        (2**31 - 1, 2**31 - 1),
        (2**31, 2.0**31),  # a float holds it exactly
        (2**53 + 1, "9007199254740993"),  # and not this
        ("nan", "nan"),
        (None, "None"),
        (["a", "ü"], '["a", "ü"]'),
    ],
)
def test_values_neptune_has_no_type_for(value: Any, field: Any) -> None:
    ((path, found),) = layout.leaves("a", {"b": value})
    assert (path, found, type(found)) == ("a/b", field, type(field))


def test_the_project_has_another_name_in_other_projects(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEPTUNE_API_TOKEN", token("https://host"))
    monkeypatch.setenv("NEPTUNE_PROJECT", "")
    monkeypatch.delenv("NEPTUNE_PROJECT")
    monkeypatch.setenv("NEPTUNE_PROJECT_NAME", "")
    monkeypatch.delenv("NEPTUNE_PROJECT_NAME")
    (tmp_path / ".env").write_text("NEPTUNE_PROJECT_NAME=team/digits\n")
    load_private_settings()
    assert os.environ["NEPTUNE_PROJECT"] == "team/digits" and settings.server() == "https://host"
    monkeypatch.setenv("NEPTUNE_PROJECT", "team/other")
    load_private_settings()
    told = "NEPTUNE_PROJECT is team/other and NEPTUNE_PROJECT_NAME team/digits: unset one"
    with pytest.raises(ValueError, match=told):
        settings.server()
