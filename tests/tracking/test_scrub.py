"""No credential is in what followers write."""

import io

import pytest

from project.tracking.scrub import Scrubbed, one_line, scrub


@pytest.mark.parametrize(
    "text, expected",
    [
        ("to http://ada:" "word@host:5000/path", "to http://***@host:5000/path"),
        ("postgresql+psycopg2://ada:" "w0rd@host/db", "postgresql+psycopg2://***@host/db"),
        ("https://" "token@host", "https://***@host"),
        ("ada@host is no URL, sqlite:////home/ada@work/x", None),
    ],
)
def test_logins_of_urls(text: str, expected: str | None) -> None:
    assert scrub(text) == (expected or text)


def test_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "op" "en-sesame")
    monkeypatch.setenv("SHORT_TOKEN", "1")
    assert scrub("1: open-sesame was refused") == "1: *** was refused"
    stream = io.StringIO()
    print("open-sesame", file=Scrubbed(stream))
    assert stream.getvalue() == "***\n"


def test_errors_become_one_short_line() -> None:
    assert one_line(ValueError("set\n it")) == "set it"
    assert one_line(ConnectionError("http://a:" "b@host\n is down")) == (
        "ConnectionError: http://***@host is down"
    )
    assert one_line(KeyError()) == "KeyError: no message"
    assert len(one_line(RuntimeError("x" * 1000))) == 300 + len("RuntimeError: ")
