"""Messages of whole runs with `--notify`, to stand-ins of Telegram, of a mail server, of more."""

import json
import os
import re
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import forks
from tests.certificates import self_signed
from tests.notification import stand_in

TG_TOKEN = "123" "456789:AAHk-tg_token_secret_ab12cd34ef56gh7"
ADDRESS_TOKEN = "add" "ress-secret-5d1e"
MAIL_PASSWORD = "mai" "l-passw0rd-91c4"
SECRETS = (TG_TOKEN, MAIL_PASSWORD, ADDRESS_TOKEN)
RUN = "from tests.notification import stand_in; stand_in.run()"
TINY = "--exp-name trial --data synthetic --synthetic-samples 60 --synthetic-classes 3 --model mlp"
TINY += " --hidden-dim 4 --batch-size 16 --num-workers 0 --tracker none --without reports progress"
LOSS = """
calls = 0
def build(hparams):
    def loss(logits, targets):
        global calls
        calls += 1
        if calls > 8:
            raise RuntimeError("boom")
        return logits.float().sum(1)
    return loss
"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """An HTTP server, one of mails, and the environment of runs that send to them."""
    certificate, key = self_signed(tmp_path_factory.mktemp("certificate"))
    http, mails = stand_in.Http(), stand_in.Mails(certificate, key)
    env = {stand_in.TELEGRAM: f"http://{http.address}/bot", "SSL_CERT_FILE": str(certificate)}
    env |= {"TG_TOKEN": TG_TOKEN, "TG_CHAT_ID": "4711", "NO_PROXY": "127.0.0.1"}
    env |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mails.port), "SMTP_USER": "ada"}
    env |= {"SMTP_PASSWORD": MAIL_PASSWORD, "SMTP_FROM": "ada@example.org"}
    env |= {"SMTP_TO": "bob@example.org", "PYTHONPATH": str(stand_in.ROOT)}
    with stand_in.session():
        env |= {"PYTEST_XDIST_TESTRUNUID": os.environ["PYTEST_XDIST_TESTRUNUID"]}
        yield SimpleNamespace(http=http, mails=mails, env={**os.environ, **env})
    http.close()
    mails.close()


def notify(services: SimpleNamespace) -> list[str]:
    """To Telegram, by mail, and to a service that is there."""
    there = f"json://ada:{ADDRESS_TOKEN}@{services.http.address}/there"
    return ["--notify", "telegram", "mail", there]


def received(services: SimpleNamespace) -> dict[str, tuple[str, str]]:
    """Title and text of the one message that each service has got since."""
    got, mails = services.http.got[:], services.mails.got[:]
    services.http.got.clear()
    services.mails.got.clear()
    found: dict[str, list[tuple[str, str]]] = {"telegram": [], "there": [], "mail": []}
    for path, content in got:
        if path == f"/bot{TG_TOKEN}/sendMessage":
            assert isinstance(content, dict) and content["chat_id"] in (4711, "4711")
            title, _, text = content["text"].replace("\r", "").partition("\n")
            found["telegram"].append((re.sub("</?b>", "", title), text))
        elif path == "/there":
            assert isinstance(content, dict)
            found["there"].append((content["title"], content["message"]))
    for mail in mails:
        assert mail["To"] == "bob@example.org" and "ada@example.org" in mail["From"]
        text = mail.get_body(("plain",)).get_content()
        found["mail"].append((mail["Subject"], text.replace("\r\n", "\n").strip()))
    assert {name: len(every) for name, every in found.items()} == dict.fromkeys(found, 1)
    return {name: every[0] for name, every in found.items()}


def start(services: SimpleNamespace, folder: Path, *argv: str, **env: str) -> forks.Fork:
    words = ["-c", RUN, *TINY.split(), "--exp-dir", "exp", *argv]
    return forks.python(words, services.env | env, folder)


def only_run(folder: Path) -> Path:
    (run,) = (folder / "exp" / "trial").iterdir()
    return run


def assert_no_secret(folder: Path, *texts: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            texts += (path.read_bytes().decode("latin-1"),)
    for secret in SECRETS:
        assert not any(secret in text for text in texts), secret


def weights(run: Path) -> Mapping[str, Any]:
    outcome = json.loads((run / "outcome.json").read_text())
    return {"weights": outcome["weights"], "test": outcome["test"], "status": outcome["status"]}


def test_a_finished_run_and_services_that_are_dead(
    services: SimpleNamespace, tmp_path: Path
) -> None:
    folders = [tmp_path / "without", tmp_path / "with"]
    for folder in folders:
        folder.mkdir()
    former = start(services, folders[0], "--max-epochs", "2")
    assert former.communicate() and former.returncode == 0
    dead = [
        f"json://{services.http.address}/dead/{ADDRESS_TOKEN}",
        f"ntfy://{ADDRESS_TOKEN}@127.0.0.1:9/x",
    ]
    ended = start(services, folders[1], "--max-epochs", "2", *notify(services), *dead)
    said, _ = ended.communicate()
    assert ended.returncode == 0, said
    run = only_run(folders[1])
    assert weights(run) == weights(only_run(folders[0]))
    got = received(services)
    assert len({text for _, text in got.values()}) == 1
    title, text = got["there"]
    short = run.name.rpartition("-")[2]
    assert title == f"finished: trial {short}" == got["telegram"][0] == got["mail"][0]
    test = json.loads((run / "outcome.json").read_text())["test"]
    lines = text.splitlines()
    assert lines[0] == f"test_balanced_accuracy {test['test_balanced_accuracy']:.4f}"
    assert any(re.fullmatch(r"2 epochs, the best [12]; \d+\.\d s", line) for line in lines)
    assert any(line.startswith(str(run)) for line in lines)
    (line,) = [line for line in said.splitlines() if line.startswith("message not sent")]
    assert "json://*** (2) (" in line and "ntfy://***" in line and "telegram" not in line
    log = (run / "tracking" / "messages.log").read_text()
    assert "\ttelegram\tfinished\tsent\n" in log and "error=500" in log
    assert json.loads((run / "record.json").read_text())["flags"]["notify"] == [
        *("telegram", "mail", "json://***", "ntfy://***")
    ]
    assert_no_secret(folders[1], said)


def test_a_run_that_fails(services: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(LOSS)
    ended = start(services, tmp_path, "--loss", "bad:build", *notify(services))
    said, _ = ended.communicate()
    assert ended.returncode == 1, said
    title, text = received(services)["mail"]
    assert title.startswith("failed: trial ")
    assert text.splitlines()[0] == "error: RuntimeError: boom (bad.py:8)"
    assert "message sent: telegram, mail, json://***" in said
    assert_no_secret(tmp_path, said)


@pytest.mark.parametrize("number, about", [("SIGINT", "interrupted"), ("SIGKILL", "lost")])
def test_a_run_that_is_ended(
    services: SimpleNamespace, tmp_path: Path, number: str, about: str
) -> None:
    process = start(services, tmp_path, "--max-epochs", "100000", *notify(services))
    while not list(tmp_path.glob("exp/trial/*/checkpoints/last.pt")):
        assert process.poll() is None
    run = only_run(tmp_path)
    process.send_signal(getattr(signal, number))
    said, _ = process.communicate()
    assert process.returncode == (-9 if about == "lost" else 130), said
    while sum(p.read_text().count("\tsent\n") for p in run.glob("tracking/messages.log")) < 3:
        pass  # the watcher outlives it
    title, text = received(services)["telegram"]
    assert title.startswith(f"{about}: trial ")
    assert f"python -m project.run --resume {run.name} --exp-dir exp" in text
    assert_no_secret(tmp_path, said)
