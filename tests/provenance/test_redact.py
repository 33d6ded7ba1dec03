"""Secrets in every form are replaced, and ordinary text stays as it is."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project.provenance.redact import Redactor

SECRET = "q7Zw/93kd+PLm2 x"
NEPTUNE = {"api_address": "https://nep.example.org", "api_key": "5f" "1c-abcd-99ef-0001"}
NEPTUNE_TOKEN = base64.b64encode(json.dumps(NEPTUNE).encode()).decode()
KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----\n".format(
    "MIIEpAIBAAKCAQEA7bq" * 3, "Zm9vYmFyMTIzNDU2Nzg5"
)
PLAIN = Redactor({})
# Nothing is timed, and nothing is kept from one test run to the next.
quiet = settings(deadline=None, database=None)


@pytest.mark.parametrize(
    "name",
    [
        *("MY_TOKEN", "GITHUB_TOKEN", "GITHUBTOKEN", "my_token", "DB_PASSWORD", "PGPASSWORD"),
        *("SMTP_PASS", "MYSQL_PWD", "X_SECRET", "AWS_SECRET_ACCESS_KEY", "WANDB_API_KEY"),
        *("PRIVATE_KEY", "SECRET_KEY_BASE", "HTTP_AUTH", "GIT_CREDENTIALS", "GH_PAT"),
    ],
)
def test_values_of_secret_variables_go_wherever_they_stand(name: str) -> None:
    redactor = Redactor({name: SECRET})
    for spelled in (
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").replace("%2F", "%2f"),
    ):
        assert redactor.redact(f"a{spelled}b") == "a***b"
        assert redactor.redact_code(f"x = '{spelled}'") == "x = '***'"
    assert redactor.redact(json.dumps({"a": SECRET + '"'})) == '{"a": "***\\""}'


@pytest.mark.parametrize(
    "name, value",
    [
        ("MY_TOKEN", "1"),
        ("MY_TOKEN", "12345"),
        ("HOME", "/home/someone"),
        ("TOKENIZERS_PARALLELISM", "disabled"),
        ("GIT_AUTHOR_NAME", "Ada Lovelace"),
        ("SSH_AUTH_SOCK", "/tmp/agent"),
        ("GIT_PASSWORD_FILE", "/run/secret"),
        ("PWD", "/home/someone"),
        ("KEYBOARD", "german"),
        ("NEPTUNE_API_TOKEN", "ANONYMOUS"),
    ],
)
def test_other_variables_are_no_secrets(name: str, value: str) -> None:
    assert Redactor({name: value}).redact(f"the {value}.") == f"the {value}."


def test_the_longest_of_nested_secrets_is_replaced_whole() -> None:
    redactor = Redactor({"A_TOKEN": "abc" "def", "B_TOKEN": "abc" "defghijkl"})
    assert redactor.redact("abcdefghijkl abcdefgh") == "*** ***gh"


def test_secrets_inside_a_secret() -> None:
    redactor = Redactor({"NEPTUNE_API_TOKEN": NEPTUNE_TOKEN, "SSH_PRIVATE_KEY": KEY_BLOCK})
    text = f"{NEPTUNE_TOKEN} {NEPTUNE['api_key']} {NEPTUNE['api_address']}"
    assert redactor.redact(text) == f"*** *** {NEPTUNE['api_address']}"
    assert redactor.redact("only Zm9vYmFyMTIzNDU2Nzg5") == "only ***"


def test_passwords_in_urls_of_the_environment() -> None:
    redactor = Redactor({"MLFLOW_TRACKING_URI": "postgresql://me:" "gR8-swordfish@db/x"})
    assert redactor.redact("can't log in with gR8-swordfish") == "can't log in with ***"


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "11ABCDEFG0_" + "x" * 40,
        "glpat-" + "aB3-" * 5,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "hf_" + "aBcDeFgHiJ" * 3,
        "sk-" + "a1b2c3d4e5f6" * 4,
        "sk-proj-" + "Ab1_" * 8,
        "sk_live_" + "0a1b2c3d" * 3,
        "xoxb-" + "123456789012-abcdefABCDEF",
        "AIza" + "SyA-1234567890abcdefghijklmnopqrstu",
        "eyJhbGci" "OiJIUzI1NiJ9.ey" "JzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        NEPTUNE_TOKEN,
    ],
)
def test_tokens_of_known_form(token: str) -> None:
    for redact in (PLAIN.redact, PLAIN.redact_code):
        assert redact(f'see "{token}", please') == 'see "***", please'
        assert redact(f"https://h/?x={token}&y=1") == "https://h/?x=***&y=1"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("https://user:" "secret@host/path", "https://***@host/path"),
        ("postgresql+psycopg://u:" "p@ss@host:5432/db", "postgresql+psycopg://***@host:5432/db"),
        ("redis://:" "pass@host", "redis://***@host"),
        ("https://u:" "pa/ss?@host/a@2", "https://***@host/a@2"),
        ("https://u:" "p@host/a@2?b=c@d", "https://***@host/a@2?b=c@d"),
        ("git clone https://" "1a2b3c@github.com/a/b", "git clone https://***@github.com/a/b"),
        ("https://h/x?a=1&token=abc&b=2", "https://h/x?a=1&token=***&b=2"),
        ("https://h/x?sig=" "a%2Bb123", "https://h/x?sig=***"),
        (
            "https://hooks.slack.com/services/" "T0/B0/abcdef",
            "https://hooks.slack.com/services/***",
        ),
        ("token=abc", "token=***"),
        ("password=12345 next", "password=*** next"),
        ("api_key: " "a1b2c3", "api_key: ***"),
        ("API-Key: 'abc'", "API-Key: '***'"),
        ('{"password": "a\\"b"}', '{"password": "***"}'),
        (r'"{\"secret\": \"abc\"}"', r'"{\"secret\": \"***\"}"'),
        ("Authorization: Basic " "dXNlcjpwYXNzMQ==", "Authorization: Basic ***"),
        ("authorization: Bearer " "abc123def456", "authorization: Bearer ***"),
        ("run --api-token abc --seed 1", "run --api-token *** --seed 1"),
        ("run --password=abc", "run --password=***"),
    ],
)
def test_secrets_by_their_place(text: str, expected: str) -> None:
    assert PLAIN.redact(text) == expected
    assert PLAIN.redact(expected) == expected
    assert PLAIN.contains_secret(text) and not PLAIN.contains_secret(expected)


@pytest.mark.parametrize(
    "text",
    [
        "python -m project.run --exp-name trial --learning-rate 0.001 --monitor val_loss",
        "3f786850e387550fdab836ed7e6dc881de23001b",
        "blake3:" + "0af9" * 16,
        "20261121-034512-7h3k",
        "torch==2.14.1+cu130\ngoogle-auth==2.29.0\n",
        "git@github.com:me/repo.git and ssh://git@host:22/repo",
        "http://localhost:5000/#/experiments/@me",
        "mail a@b.org: it's 12:30 @ home",
        "max_tokens=4096, pad_token=0, authors: Smith; author=Lee",
        "task-force sk-learn risk-assessment hf_transfer",
        "token=*** --token *** https://***@host",
        "a secret: more data; the token: word or character",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert PLAIN.redact(text) == text
    assert PLAIN.redact_code(text) == text
    assert not PLAIN.contains_secret(text)


@pytest.mark.parametrize(
    "line",
    [
        "token = tokens[1]",
        "def f(token: str, password: str | None = None) -> None:",
        "self.token = token1",
        'api_key=os.environ["NEPTUNE_API_TOKEN"]',
        'api_key="NEPTUNE_API_TOKEN"',
        'url = f"https://{user}:{token}@{host}/?token={token}"',
        'tokenizer(pad_token="<pad>", eos_token="</s>", mask_token="[MASK]")',
        "secret = hashlib.sha256(data).hexdigest()",
        'getpass("Password: ") or input("Token: ")',
        'headers = {"Authorization": f"Bearer {token}"}',
        'BEGIN = "-----BEGIN RSA PRIVATE KEY-----"\nother = code(1)\nand_more = 2',
        "    --password $PASSWORD --token ${TOKEN} --api-key <key>",
        "x_auth=s3_disable_express_auth",
    ],
)
def test_code_stays(line: str) -> None:
    assert PLAIN.redact_code(line) == line


@pytest.mark.parametrize(
    "line, expected",
    [
        ('password = "' 'hunter2"', 'password = "***"'),
        ('password: str = "' 'hunter2"', 'password: str = "***"'),
        ("  api_key: " "5f1cabcd99", "  api_key: ***"),
        ('"client_secret": "' '0a1b2c3d4e5f6",', '"client_secret": "***",'),
        ("TOKEN=" "0a1b2c3d4e5f6789", "TOKEN=***"),
        ("https://me:" "pw@host", "https://***@host"),
    ],
)
def test_secrets_in_code(line: str, expected: str) -> None:
    assert PLAIN.redact_code(line) == expected


def test_key_blocks_keep_their_lines() -> None:
    added = "".join(f"+{line}\n" for line in KEY_BLOCK.splitlines())
    assert PLAIN.redact_code(added + "+rest\n") == (
        "+-----BEGIN RSA PRIVATE KEY-----\n+***\n+***\n+-----END RSA PRIVATE KEY-----\n+rest\n"
    )
    cut = "".join(added.splitlines(keepends=True)[:-1])
    assert PLAIN.redact_code(cut + "+x = rest\n") == (
        "+-----BEGIN RSA PRIVATE KEY-----\n+***\n+***\n+x = rest\n"
    )


def test_command_lines_word_by_word() -> None:
    redactor = Redactor({"MY_TOKEN": SECRET})
    argv = ["--api-token", "it's mine", "--secret=a b", "--name", SECRET, "--auth", "--seed", "1"]
    assert redactor.redact_argv(argv) == [
        *("--api-token", "***", "--secret=***", "--name", "***", "--auth", "--seed", "1")
    ]


def test_nested_json() -> None:
    redactor = Redactor({"MY_TOKEN": SECRET})
    value = {
        "api_key": ["abc", {"inner": "def"}],
        "packages": {"google-auth": "2.29.0", "tokenizers": "0.20.1"},
        SECRET: [f"x{SECRET}", 1, None, 0.5, True, ("a", "--token", "b")],
        "url": "s3://k:" "secret@bucket",
    }
    assert redactor.redact_json(value) == {
        "api_key": ["***", {"inner": "***"}],
        "packages": {"google-auth": "2.29.0", "tokenizers": "0.20.1"},
        "***": ["x***", 1, None, 0.5, True, ["a", "--token", "***"]],
        "url": "s3://***@bucket",
    }


def test_names_that_are_not_utf8_fit_into_json() -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    assert PLAIN.redact_json([name]) == ["caf\\udce9.py"]


@quiet
@given(st.binary(), st.binary())
def test_bytes_around_a_secret_stay(before: bytes, after: bytes) -> None:
    secret = b"\x00" b"\xffsecret\xfe"  # no text, so only its own value is looked for
    redactor = Redactor({"MY_TOKEN": secret.decode("utf-8", "surrogateescape")})
    redacted = redactor.redact_bytes(before + secret + after)
    assert secret not in redacted and b"***" in redacted


words = st.text(st.characters(codec="utf-8"), max_size=30)
pieces = st.sampled_from(
    ["token", "=", ": ", "password", "https://", "u:p", "@", "'", '"', "--api-key ", "\\", "a1b2c3"]
)
# Without the mask's own letter: `a***a` may come about by masking what stands between.
secrets = st.text(
    st.characters(codec="utf-8", exclude_characters="*"), min_size=6, max_size=20
).filter(lambda secret: secret.strip() != "ANONYMOUS")


@quiet
@given(st.lists(words | pieces, max_size=12).map("".join), secrets)
def test_no_secret_survives_and_no_line_is_lost(text: str, secret: str) -> None:
    redactor = Redactor({"MY_TOKEN": secret})
    for redact in (redactor.redact, redactor.redact_code):
        redacted = redact(f"{text}{secret}{text}")
        assert secret.strip() not in redacted or len(secret.strip()) < 6
        if "\n" not in secret:
            assert redacted.count("\n") == text.count("\n") * 2


@quiet
@given(st.text("0123456789abcdef", min_size=7, max_size=64))
def test_hashes_stay(digest: str) -> None:
    for text in (digest, f"commit {digest}", f"blake3:{digest}", f"?version={digest}"):
        assert PLAIN.redact(text) == text
        assert PLAIN.redact_code(text) == text
