"""`python -m project.serve token`: makes, shows and revokes keys; mistakes are told in a line."""

import base64
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from project import serve
from project.server import address
from project.server.api.access import Account, Role
from project.server.auth import accounts
from project.server.auth.keys import key_in
from project.server.settings import Settings
from project.server.store.database import Database
from project.server.workspaces import projects

URL = ("--url", "https://runs.org")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, fresh_store: Path) -> None:
    shutil.copy(fresh_store, tmp_path / "mlflow.db")


def run(tmp_path: Path, *argv: str) -> int:
    return serve.main(["token", *argv, "--exp-dir", str(tmp_path)])


def created(text: str) -> tuple[str, str]:
    """The id of the key and the token, as printed."""
    return (
        re.search(r"key (\S+) of", text)[1],
        re.search(r"export NEPTUNE_API_TOKEN=(\S+)", text)[1],
    )


def account(tmp_path: Path, token: str) -> Account:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    settings = Settings(store, "", str(tmp_path), "", True)
    with Database(store) as database:
        return accounts.of_api_token(settings, database, token).account


def test_a_key_is_made_with_its_account_and_projects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--project", "lab/one", "lab/two", "--role", "viewer", "--url", "https://runs.org"]
    assert run(tmp_path, "create", "ada", *options) == 0
    text = capsys.readouterr().out
    assert "made the project lab/one" in text and "made the project lab/two" in text
    assert "export NEPTUNE_PROJECT=lab/one" in text
    assert "OAUTHLIB" not in text and "CERT" not in text and "warning" not in text
    key_id, token = created(text)
    found = account(tmp_path, token)
    assert (found.name, found.admin, found.service) == ("ada", False, False)
    assert set(found.roles.values()) == {Role.VIEWER} and len(found.roles) == 2
    # A second key for more: the account is the same.
    assert run(tmp_path, "create", "ada", "--project", "lab/two", "--role", "manager", *URL) == 0
    text = capsys.readouterr().out
    assert "made the project" not in text
    assert sorted(account(tmp_path, token).roles.values()) == [Role.VIEWER, Role.MANAGER]
    assert sorted(account(tmp_path, created(text)[1]).roles.values()) == [1, 3]
    # What keys exist is shown, but no key.
    assert run(tmp_path, "list") == 0
    text = capsys.readouterr().out
    assert key_id in text and "viewer of lab/one, manager of lab/two" in text
    assert key_in(token) not in text
    assert run(tmp_path, "revoke", key_id) == 0
    assert capsys.readouterr().out == "revoked 1 key\n"
    assert run(tmp_path, "list") == 0
    assert re.search(rf"{key_id}.*revoked 20\d\d-", capsys.readouterr().out)


def test_admins_and_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "create", "ci", "--service", *URL) == 0
    assert account(tmp_path, created(capsys.readouterr().out)[1]).service
    assert run(tmp_path, "create", "root", "--admin", *URL) == 0
    assert account(tmp_path, created(capsys.readouterr().out)[1]).admin
    assert run(tmp_path, "list") == 0
    text = capsys.readouterr().out
    assert re.search(r"ci  service", text) and re.search(r"root  admin", text)


def test_the_address_is_that_of_the_servers_last_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ".server"
    folder.mkdir()
    assert address.remember(folder, "http://127.0.0.1:5000", None) is None
    told = address.remember(folder, "https://runs.example.org", None)
    assert told.startswith("note: its address was http://127.0.0.1:5000 before: tokens")
    assert run(tmp_path, "create", "ada") == 0
    assert "in a browser, at https://runs.example.org: user ada" in capsys.readouterr().out


def test_no_address_is_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "create", "ada", "--project", "lab/one") == 2
    out, errors = capsys.readouterr()
    assert (
        out == "" and errors.count("\n") == 1 and "start it first, or say it with --url" in errors
    )
    assert run(tmp_path, "create", "ada", "--url", "runs.example.org") == 2
    assert "is not like https://runs.example.org" in capsys.readouterr().err
    assert run(tmp_path, "list") == 0
    assert capsys.readouterr().out == ""


def test_all_that_a_client_needs_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://runs.example.org:5000"
    assert run(tmp_path, "create", "ada", "--project", "lab/one", "--url", url) == 0
    text = capsys.readouterr().out
    given = dict(re.findall(r"([A-Z_]+)=(\S+)", text))
    token = given.pop("NEPTUNE_API_TOKEN")
    assert json.loads(base64.b64decode(token))["api_address"] == url
    assert given == {
        "NEPTUNE_PROJECT": "lab/one",
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_USERNAME": "ada",
        "MLFLOW_TRACKING_PASSWORD": key_in(token),
        "MLFLOW_EXPERIMENT_NAME": "lab/one",
    }
    assert f"warning: keys travel in clear to {url}: give --ssl-certfile" in text


@pytest.mark.parametrize(
    "argv, problem",
    [
        (["create", "a:b"], "'a:b' is no name"),
        (["create", "local"], "'local' is no name"),
        (["create", "ada", "--project", "one"], "'one' is not like WORKSPACE/PROJECT"),
        (["create", "ada", "--project", "../x"], "'../x' is not like WORKSPACE/PROJECT"),
        (["create", "ada", "--role", "boss"], "--role 'boss' is unknown"),
        ([], "give COMMAND first: create, list or revoke, then --exp-dir"),
    ],
)
def test_mistakes_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], problem: str
) -> None:
    assert run(tmp_path, *argv) == 2
    error = capsys.readouterr().err
    assert problem in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_revoking_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "revoke", "nobody") == 2
    assert capsys.readouterr().err.startswith("error: no key that holds has the id")


def test_a_project_whose_experiment_is_anothers_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Database(f"sqlite:///{tmp_path}/mlflow.db") as database:
        projects.create(database, "lab", "two")
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("update experiments set name = 'lab/one' where name = 'lab/two'")
    connection.close()
    assert run(tmp_path, "create", "ada", "--project", "lab/one", *URL) == 2
    errors = capsys.readouterr().err.splitlines()
    assert [line for line in errors if line.startswith("error: ") and "another project's" in line]


def test_help_needs_no_store_and_no_mlflow(tmp_path: Path) -> None:
    code = "import sys; from project import serve; serve.main(['token', 'create', '--help'])"
    check = f"import atexit, sys; atexit.register(lambda: print('mlflow' in sys.modules)); {code}"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert "--project" in done.stdout and done.stdout.endswith("False\n")
