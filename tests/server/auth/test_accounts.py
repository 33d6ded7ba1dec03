"""Accounts in the store: keys are hashed, end at once, and are good for what their account may."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from project.server.address import client_token
from project.server.api.access import Account, Role
from project.server.auth import accounts, keys
from project.server.errors import ApiError
from project.server.mlflow.experiments import EXPERIMENT_TAGS
from project.server.settings import Settings
from project.server.store.database import Database
from project.server.store.tables import projects as project_table
from project.server.store.tables import tokens as token_table
from project.server.store.values import Project
from project.server.workspaces import projects


@pytest.fixture
def settings(tmp_path: Path, fresh_store: Path) -> Settings:
    shutil.copy(fresh_store, tmp_path / "mlflow.db")
    return Settings(f"sqlite:///{tmp_path}/mlflow.db", "", str(tmp_path / "own"), "http://x", True)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    with Database(settings.store) as opened:
        yield opened


def make_key(database: Database, name: str, admin: bool = False) -> tuple[str, str]:
    with database.write() as connection:
        accounts.add(database, connection, name, admin, service=False)
        return keys.make(connection, name)


def join(database: Database, project: Project, name: str, role: Role) -> None:
    with database.write() as connection:
        accounts.join(database, connection, project.id, name, role)


def account_of(settings: Settings, database: Database, key: str) -> Account:
    return accounts.of_key(settings, database, key).account


def test_a_key_is_found_in_a_client_token_and_nowhere_in_the_store(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    key_id, key = make_key(database, "ada")
    found = accounts.of_api_token(settings, database, client_token("http://x", key))
    assert (found.id, found.account.name) == (key_id, "ada")
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path


def test_keys_are_long_and_never_the_same(database: Database) -> None:
    made = {make_key(database, "ada")[1] for _ in range(20)}
    assert len(made) == 20 and min(map(len, made)) >= 43  # 256 bits, 6 in a character


@pytest.mark.parametrize("token", ["", "x", "e30=", "W10=", "eyJhcGlfa2V5IjogMX0=", "\N{SNOWMAN}"])
def test_what_is_no_token_is_refused_like_one_that_is_not_known(
    settings: Settings, database: Database, token: str
) -> None:
    refusals = []
    for given in (token, client_token("http://x", "unknown")):
        with pytest.raises(ApiError) as refused:
            accounts.of_api_token(settings, database, given)
        refusals.append((refused.value.status, refused.value.kind, refused.value.title))
    assert refusals[0] == refusals[1] and refusals[0][0] == 401


def test_a_revoked_key_ends_at_once_and_others_of_the_account_do_not(
    settings: Settings, database: Database
) -> None:
    (first_id, first), (second_id, second) = make_key(database, "ada"), make_key(database, "ada")
    assert account_of(settings, database, first).name == "ada"
    with database.write() as connection:
        assert keys.revoke(connection, first_id) == 1
        assert keys.revoke(connection, first_id) == 0
    for find in (accounts.of_key, accounts.of_key_id):
        with pytest.raises(ApiError, match="valid token"):
            find(settings, database, first if find is accounts.of_key else first_id)
    assert accounts.of_key_id(settings, database, second_id).account.name == "ada"
    assert account_of(settings, database, second).name == "ada"
    with database.write() as connection:
        assert keys.revoke(connection, "ada") == 1
    with pytest.raises(ApiError):
        account_of(settings, database, second)


def test_a_login_needs_the_name_of_the_keys_own_account(
    settings: Settings, database: Database
) -> None:
    _, key = make_key(database, "ada")
    make_key(database, "eve")
    assert accounts.of_key(settings, database, key, login="ada").account.name == "ada"
    for name in ("eve", "nobody", "", "Ada"):
        with pytest.raises(ApiError) as refused:
            accounts.of_key(settings, database, key, login=name)
        assert refused.value.status == 401


def test_roles_hold_in_their_projects_and_experiments_alone(
    settings: Settings, database: Database
) -> None:
    _, key = make_key(database, "ada")
    one, two = (projects.create(database, "lab", name) for name in ("one", "two"))
    assert account_of(settings, database, key).workspaces == frozenset()
    join(database, one, "ada", Role.VIEWER)
    join(database, one, "ada", Role.MEMBER)  # in the place of the first
    account = account_of(settings, database, key)
    assert account.may(one.id, Role.MEMBER) and not account.may(one.id, Role.MANAGER)
    assert not account.may(two.id, Role.VIEWER)
    assert account.experiments == {str(one.experiment_id): Role.MEMBER}
    assert account.workspaces == {"lab"}
    with database.write() as connection:
        assert accounts.leave(connection, one.id, "ada")
        assert not accounts.leave(connection, one.id, "ada")
    assert not account_of(settings, database, key).may(one.id, Role.VIEWER)


def test_an_admin_may_everything(settings: Settings, database: Database) -> None:
    _, key = make_key(database, "root", admin=True)
    assert account_of(settings, database, key).may("whatever", Role.MANAGER)


def test_a_shared_project_is_for_those_of_its_workspace(
    settings: Settings, database: Database
) -> None:
    shared = projects.create(database, "lab", "shared", visibility="workspace")
    own = projects.create(database, "lab", "own")
    other = projects.create(database, "firm", "own")
    keys_of = {name: make_key(database, name)[1] for name in ("ada", "eve")}
    join(database, own, "ada", Role.VIEWER)
    join(database, other, "eve", Role.MANAGER)
    assert account_of(settings, database, keys_of["ada"]).may(shared.id, Role.MANAGER)
    assert not account_of(settings, database, keys_of["eve"]).may(shared.id, Role.VIEWER)


def test_an_experiment_that_got_the_number_of_a_lost_project_is_not_its_members(
    settings: Settings, database: Database
) -> None:
    _, key = make_key(database, "ada")
    one = projects.create(database, "lab", "one")
    join(database, one, "ada", Role.MEMBER)
    with database.write() as connection:
        connection.execute(EXPERIMENT_TAGS.update().values(value="another project"))
    account = account_of(settings, database, key)
    assert account.experiments == {} and account.roles == {}


def test_the_models_of_a_project_are_its_members_too(
    settings: Settings, database: Database
) -> None:
    _, key = make_key(database, "ada")
    one, models = projects.create(database, "lab", "one"), projects.create(database, "lab", "m")
    join(database, one, "ada", Role.MEMBER)
    number = {"models_id": models.experiment_id}
    with database.write() as connection:
        connection.execute(
            project_table.update().where(project_table.c.id == one.id).values(number)
        )
    # Marked as another project's, until it is not.
    assert set(account_of(settings, database, key).experiments) == {str(one.experiment_id)}
    mark = EXPERIMENT_TAGS.update().where(EXPERIMENT_TAGS.c.experiment_id == models.experiment_id)
    with database.write() as connection:
        connection.execute(mark.values(value=one.id))
    wanted = {str(one.experiment_id), str(models.experiment_id)}
    assert set(account_of(settings, database, key).experiments) == wanted


def test_the_last_use_is_noted_once_an_hour(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    _, key = make_key(database, "ada")
    account_of(settings, database, key)
    with database.read() as connection:
        (first,) = connection.execute(sa.select(token_table.c.used)).scalars()
    assert abs(first - keys.now()) < 60_000
    account_of(settings, database, key)
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        ((again,),) = connection.execute("select used from neptune_tokens")
    connection.close()
    assert again == first


def test_a_server_without_accounts_takes_any_token(settings: Settings, database: Database) -> None:
    local = Settings(settings.store, "", settings.private, "http://x", accounts=False)
    found = accounts.of_api_token(local, database, "anything").account
    assert (found.name, found.admin) == ("local", True)
