"""What `--notify` takes, what it says of mistakes, and what is recorded of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from project.cli.addresses import masked, with_masks
from project.cli.flags import parse
from project.main import main
from project.notification.every import Every
from project.notification.sending import without_secrets
from project.notification.services import Service, resolve
from project.provenance.redact import Redactor
from tests.tracking.runs import log, make_run

TOKEN = "123" "456789:AAHk-tg_token_secret_ab12cd34ef56gh7"
ADDRESS = f"tgram://{TOKEN}/4711"
MAIL = {"SMTP_HOST": "smtp.example.org", "SMTP_TO": "a@b.org, c@b.org"}


@pytest.mark.parametrize(
    "words, environ, told",
    [
        (["telegarm"], {}, "--notify telegarm is no service, did you mean 'telegram'?"),
        ([TOKEN], {}, "--notify *** is no service"),
        (["nfty://topic-secret"], {}, "--notify nfty://***: nfty is no known kind, did you mean"),
        (["tgram://secret"], {}, "--notify tgram://***: the address is not of the form"),
        (["telegram"], {"TG_TOKEN": TOKEN}, "--notify telegram needs TG_CHAT_ID, in the environ"),
        (
            ["telegram"],
            {"TG_TOKEN": "sec" "ret-1", "TG_CHAT_ID": "1"},
            "TG_TOKEN or TG_CHAT_ID is not",
        ),
        (["mail"], {}, "--notify mail needs SMTP_HOST and SMTP_TO"),
        (["mail"], MAIL, "--notify mail needs SMTP_FROM"),
        (["mail"], MAIL | {"SMTP_USER": "x@b.org"}, "SMTP_USER is set, SMTP_PASSWORD is not"),
        (["mail"], MAIL | {"SMTP_FROM": "x@b.org", "SMTP_PORT": "x"}, "SMTP_PORT 'x' is no number"),
        (["mail"], MAIL | {"SMTP_FROM": "x@b.org", "SMTP_SECURITY": "tls"}, "'tls' is none of"),
        (["desktop"], {}, "--notify desktop: this system has none"),
    ],
)
def test_mistakes_are_a_line_and_leave_nothing(
    words: list[str],
    environ: Mapping[str, str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert main(["--notify", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and told in line and "secret" not in line.partition(":")[2]
    assert TOKEN[:20] not in line and not list(tmp_path.iterdir())


def test_without_apprise_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package 'apprise', which is not installed"):
        resolve(["telegram"], {})


def test_settings_of_the_environment() -> None:
    environ = MAIL | {"SMTP_FROM": "x@b.org", "TG_TOKEN": TOKEN, "TG_CHAT_ID": "4711"}
    (telegram, mail), lost = resolve(["telegram", "mail"], environ)
    assert not lost and (telegram.name, mail.name) == ("telegram", "mail")
    assert telegram.asked == {"schema": "tgram", "bot_token": TOKEN, "targets": ["4711"]}
    assert mail.asked["secure_mode"] == "starttls" and mail.asked["targets"] == [
        "a@b.org",
        "c@b.org",
    ]
    (ssl,), _ = resolve(["mail"], environ | {"SMTP_PORT": "465"})
    assert (ssl.asked["secure_mode"], ssl.asked["port"]) == ("ssl", 465)


def test_addresses_are_masked_wherever_they_are_recorded() -> None:
    assert [masked(word) for word in ("mail", ADDRESS, TOKEN)] == ["mail", "tgram://***", "***"]
    arguments = parse(["--notify", ADDRESS, "mail", "--seed", "1"], {})
    assert arguments.addresses == (ADDRESS, "mail")
    assert arguments.hparams.notify == arguments.given["notify"] == ("tgram://***", "mail")
    argv = ["run", "--notify", ADDRESS, "mail", "--tags", "a://b", f"--notify={ADDRESS}"]
    expected = ["run", "--notify", "tgram://***", "mail", "--tags", "a://b", "--notify=tgram://***"]
    assert with_masks(argv, "--notify") == Redactor({}).redact_argv(argv) == expected


def test_addresses_of_the_environment_are_secrets_wherever_they_stand() -> None:
    redactor = Redactor({"PROJECT_NOTIFY": f"mail {ADDRESS} slack://aaaa-bb/cccc-dd"})
    told = redactor.redact(f"sent to {ADDRESS}, slack://aaaa-bb/cccc-dd by mail")
    assert told == "sent to tgram://***, slack://*** by mail"


def test_what_a_record_has_masked_is_taken_from_the_environment() -> None:
    environ = {"PROJECT_NOTIFY": f"json://localhost/x {ADDRESS}"}
    assert resolve(["tgram://***"], environ) == ((Service("tgram://***", ADDRESS),), [])
    services, (line,) = resolve(["tgram://***", "json://localhost/x"], {})
    assert [service.name for service in services] == ["json://***"]
    assert line.startswith("--notify tgram://***: a record holds no tokens") and "PROJECT_" in line
    assert parse([], environ).addresses == ("json://localhost/x", ADDRESS)


def test_what_services_say_is_told_without_what_their_addresses_hold() -> None:
    service = Service(
        "json://***", "json://ada:" "pass%20word@host.org/path-secret?key=" "query-secret"
    )
    said = "https://ada:pass word@host.org/path-secret?key=query-secret: error=500"
    told = without_secrets(said, service)
    assert "secret" not in told and "pass" not in told and told.endswith("error=500")
    slack = Service("slack://***", "slack://TokenAAAA/TokenBBBB/TokenCCCC/#channel")
    assert "Token" not in without_secrets("TokenAAAA TokenBBBB of TokenCCCC", slack)
    telegram = Service("telegram", {"schema": "tgram", "bot_token": TOKEN, "targets": ["1"]})
    assert TOKEN not in without_secrets(f"/bot{TOKEN}/sendMessage", telegram)


def test_on_the_way_by_epochs_and_by_time(tmp_path: Path) -> None:
    run, every = make_run(tmp_path), Every.read("2epochs")
    told = []
    for epoch in range(5):
        log(run, ({"train_loss": 1.0}, epoch), ({"val_loss": 1.0}, epoch), epoch=epoch)
        told.append(every.due(run))
    assert told == [None, 2, None, 4, None]
    hourly = Every.read("1h")
    assert (hourly.look_seconds, hourly.due(run), Every.read(None)) == (3600.0, 5, None)
