"""Signed tokens: what the client gets for its API token, and which ones are taken."""

import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import jwt
import pytest

from project.server.address import client_token
from project.server.auth import tokens
from project.server.auth.authorization import REFRESH_PATH
from project.server.errors import ApiError
from project.server.settings import Settings
from tests import forks
from tests.server.conftest import Server
from tests.server.guarded import Guarded

CONFIG = "/api/backend/v1/clients/config"
EXCHANGE = "/api/backend/v1/authorization/oauth-token"
ASKS = "/api/backend/v1/projects"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("", "", str(tmp_path / "own"), "http://runs.example.org", accounts=True)


def claims(**changed: Any) -> dict[str, Any]:
    good = {"sub": "ada", "key": "1", "typ": "access", "exp": int(time.time()) + 60}
    return {name: value for name, value in (good | changed).items() if value is not None}


def signing_key(settings: Settings) -> bytes:
    tokens.issue(settings, "ada", "1", "access")
    return (Path(settings.private) / "keys" / "signing").read_bytes()


def test_what_is_issued_is_verified_and_holds_what_the_client_reads(settings: Settings) -> None:
    token = tokens.issue(settings, "ada", "1", "access")
    assert tokens.verify(settings, token, "access")["key"] == "1"
    unverified = jwt.decode(token, options={"verify_signature": False})
    assert unverified["iss"] + "/protocol/openid-connect/token" == settings.url + REFRESH_PATH
    assert unverified["azp"] and unverified["exp"] > time.time() + 60


@pytest.mark.parametrize(
    "changed, kind",
    [
        ({"exp": int(time.time()) - tokens.LEEWAY - 10}, "AUTHORIZATION_TOKEN_EXPIRED"),
        ({"typ": "refresh"}, "UNAUTHORIZED"),
        ({"exp": None}, "UNAUTHORIZED"),
        ({"key": None}, "UNAUTHORIZED"),
    ],
)
def test_tokens_that_do_not_hold(settings: Settings, changed: dict[str, Any], kind: str) -> None:
    token = jwt.encode(claims(**changed), signing_key(settings), tokens.ALGORITHM)
    with pytest.raises(ApiError) as refused:
        tokens.verify(settings, token, "access")
    assert (refused.value.status, refused.value.kind) == (401, kind)


def test_only_our_key_and_algorithm_sign(settings: Settings) -> None:
    key = signing_key(settings)
    assert tokens.verify(settings, jwt.encode(claims(), key, "HS256"), "access")
    forged = [jwt.encode(claims(), b"x" * 32, "HS256"), jwt.encode(claims(), None, "none")]
    forged += [jwt.encode(claims(), key + key, "HS512"), "a.b.c", "..", ""]
    for token in forged:
        with pytest.raises(ApiError, match="valid token"):
            tokens.verify(settings, token, "access")


def test_a_client_whose_clock_is_minutes_behind_goes_on(settings: Settings) -> None:
    late = claims(exp=int(time.time()) - tokens.LEEWAY + 30)
    assert tokens.verify(settings, jwt.encode(late, signing_key(settings), "HS256"), "access")


def test_processes_that_start_together_share_one_private_key(tmp_path: Path) -> None:
    load = "import sys; from project.server.auth.tokens import _signing_key"
    code = f"{load}; print(_signing_key(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "own")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate()[0] for process in started}) == 1
    keys = tmp_path / "own" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert stat.S_IMODE((keys / "signing").stat().st_mode) == 0o600
    assert {path.name for path in keys.iterdir()} == {"lock", "signing"}


def test_the_clients_own_authenticator_logs_in_and_refreshes(server: Server) -> None:
    code = """
from neptune.internal.backends import hosted_client
from neptune.internal.credentials import Credentials
client, config = hosted_client.create_http_client_with_auth(Credentials.from_token(), True, {})
assert config.has_feature("multipart_upload") and config.has_feature("artifacts")
auth = client.authenticator.auth
auth._refresh_token()
print(config.api_url, auth.session.token["token_type"], auth.token_expires_at)
"""
    url, kind, expires = forks.told(["-c", code], server.environment).split()[-3:]
    assert (url, kind) == (server.url, "bearer")
    assert abs(int(expires) - time.time() - tokens.ACCESS) < 120


def test_an_api_token_is_good_for_signed_ones_that_refresh(guarded: Guarded) -> None:
    with guarded.client() as client:
        answer = client.get(EXCHANGE, headers={"X-Neptune-Api-Token": guarded.token("alice")})
        both = answer.json()
        assert both["username"] == "alice"
        form = {"grant_type": "refresh_token", "refresh_token": both["refreshToken"]}
        renewed = client.post(REFRESH_PATH, data=form).json()
        assert renewed["token_type"] == "bearer" and renewed["expires_in"] == tokens.ACCESS
        for token in (both["accessToken"], renewed["access_token"]):
            headers = {"Authorization": f"Bearer {token}"}
            assert client.get(ASKS, headers=headers).status_code == 200
        form["refresh_token"] = renewed["refresh_token"]
        assert client.post(REFRESH_PATH, data=form).status_code == 200
        # Each is for its own use.
        headers = {"Authorization": f"Bearer {both['refreshToken']}"}
        assert client.get(ASKS, headers=headers).status_code == 401
        form["refresh_token"] = both["accessToken"]
        answer = client.post(REFRESH_PATH, data=form)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "form, status",
    [
        ({}, 400),
        ({"grant_type": "password"}, 400),
        ({"grant_type": "refresh_token"}, 400),
        ({"grant_type": "refresh_token", "refresh_token": "x" * 20_000}, 413),
    ],
)
def test_other_requests_to_refresh_are_refused(
    guarded: Guarded, form: dict[str, str], status: int
) -> None:
    with guarded.client() as client:
        answer = client.post(REFRESH_PATH, data=form)
    assert answer.status_code == status and set(answer.json()) == {"error"}


@pytest.mark.parametrize("path", [CONFIG, EXCHANGE])
def test_unknown_api_tokens_are_refused_alike(guarded: Guarded, path: str) -> None:
    given: list[dict[str, str]] = [{}, {"X-Neptune-Api-Token": "x"}]
    given += [{"X-Neptune-Api-Token": client_token("http://x", "unknown")}]
    # Somebody's key under a name that isn't a key.
    given += [{"X-Neptune-Api-Token": guarded.keys["alice"]}]
    with guarded.client() as client:
        answers = [client.get(path, headers=headers) for headers in given]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_an_expired_token_is_told_apart_so_that_the_client_refreshes(guarded: Guarded) -> None:
    key = signing_key(guarded.settings)
    late = jwt.encode(claims(exp=1), key, tokens.ALGORITHM)
    with guarded.client() as client:
        answer = client.get(ASKS, headers={"Authorization": f"Bearer {late}"})
    assert answer.status_code == 401
    assert answer.json()["errorType"] == "AUTHORIZATION_TOKEN_EXPIRED"


def test_a_local_server_needs_no_account(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert client.get(ASKS).status_code == 200
        assert client.get(EXCHANGE).json()["username"] == "local"
