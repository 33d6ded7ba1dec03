"""TLS by certificate and key: the unmodified client and the browser's address are https."""

from __future__ import annotations

import argparse
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from project import serve
from project.server.certificate import check_certificate
from tests import forks
from tests.certificates import self_signed
from tests.server.conftest import free_port
from tests.server.guarded import ONE

RUN = """
import neptune
run = neptune.init_run(mode="sync", monitoring_namespace="monitoring",
                       capture_hardware_metrics=False, source_files=[], git_ref=False)
run["loss"].extend([3.0, 2.0, 1.0])
run.wait()
print(run["loss"].fetch_last(), run.get_url())
run.stop()
"""
SEARCH = "import mlflow; print([e.name for e in mlflow.MlflowClient().search_experiments()])"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but itself vouches for, and its key."""
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def served(
    store_folder: Callable[[str], Path], certificate: tuple[Path, Path]
) -> Iterator[tuple[str, Path]]:
    """The address of a server with accounts and TLS, and the folder of its runs."""
    exp_dir, port = store_folder("tls"), free_port()
    options = ["--exp-dir", str(exp_dir), "--port", str(port), "--accounts"]
    options += ["--ssl-certfile", str(certificate[0]), "--ssl-keyfile", str(certificate[1])]
    with (exp_dir / "server.log").open("wb") as log:
        process = forks.python(["-m", "project.serve", *options], os.environ, log=log)
    url = f"https://127.0.0.1:{port}"
    with httpx.Client(verify=trusting(certificate[0]), trust_env=False) as client:
        while process.poll() is None:
            try:
                client.get(f"{url}/health").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.05)
    assert process.poll() is None
    yield url, exp_dir
    process.terminate()
    process.wait()


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def test_the_client_logs_over_tls(
    served: tuple[str, Path], certificate: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    url, exp_dir = served
    assert serve.main(["token", "create", "ada", "--project", ONE, "--exp-dir", str(exp_dir)]) == 0
    printed = dict(re.findall(r"([A-Z_]+)=(\S+)", capsys.readouterr().out))
    own = {"NEPTUNE_DATA_DIRECTORY": str(exp_dir / ".neptune"), "NO_PROXY": "127.0.0.1"}
    assert f"1.0 {url}/" in forks.told(["-c", RUN], printed | own, exp_dir)
    assert f"['{ONE}']" in forks.told(["-c", SEARCH], printed | own, exp_dir)
    # The system's own authorities, or those that REQUESTS_CA_BUNDLE names, vouch for it.
    del printed["NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE"]
    trust = {"REQUESTS_CA_BUNDLE": str(certificate[0]), "SSL_CERT_FILE": str(certificate[0])}
    assert f"1.0 {url}/" in forks.told(["-c", RUN], printed | own | trust, exp_dir)


def test_whether_clients_trust_a_certificate_is_found_out_beforehand(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = argparse.Namespace(ssl_certfile=certificate[0], ssl_keyfile=certificate[1])
    assert check_certificate(arguments) == str(certificate[0])
    # As if one of the authorities that `requests` knows had signed it.
    monkeypatch.setattr("certifi.where", lambda: str(certificate[0]))
    assert check_certificate(arguments) is None


def test_plain_http_gets_nothing(served: tuple[str, Path]) -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.TransportError):
        client.get(served[0].replace("https", "http"))


@pytest.mark.parametrize(
    "options, problem",
    [
        (["--ssl-keyfile", "{key}"], "--ssl-keyfile needs --ssl-certfile"),
        (["--ssl-certfile", "{cert}"], "--ssl-certfile"),
        (["--ssl-certfile", "missing.pem", "--ssl-keyfile", "{key}"], "missing.pem"),
        (["--ssl-certfile", "{key}", "--ssl-keyfile", "{key}"], "--ssl-certfile"),
    ],
)
def test_mistakes_are_told_in_a_line(
    tmp_path: Path,
    certificate: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    problem: str,
) -> None:
    files = {"cert": str(certificate[0]), "key": str(certificate[1])}
    argv = [option.format(**files) for option in options]
    assert serve.main([*argv, "--exp-dir", str(tmp_path), "--port", str(free_port())]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and errors[0].startswith("error: ") and problem in errors[0]
