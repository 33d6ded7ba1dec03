"""Accounts in the store: whom a key stands for, and what that account may do."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

import sqlalchemy as sa

from project.server.api.access import LOCAL, Account, Role
from project.server.auth import keys
from project.server.auth.tokens import unauthorized
from project.server.mlflow.experiments import EXPERIMENT_TAGS, OWNER
from project.server.settings import Settings
from project.server.store.database import Database
from project.server.store.tables import accounts, members, projects, tokens

# The last use of a key is written so often at most, in ms.
USED = 3_600_000


@dataclass(frozen=True)
class Key:
    """An API key that holds, and its account."""

    id: str
    account: Account


LOCAL_KEY = Key("local", LOCAL)
_KEYS = sa.select(
    tokens.c.id, tokens.c.used, accounts.c.name, accounts.c.admin, accounts.c.service
).join_from(tokens, accounts, accounts.c.name == tokens.c.account)
_KEYS = _KEYS.where(tokens.c.revoked.is_(None))
BY_ID = _KEYS.where(tokens.c.id == sa.bindparam("id"))
BY_DIGEST = _KEYS.where(tokens.c.digest == sa.bindparam("digest"))


def _owned(number: sa.Column) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """The mark on an experiment; SQLite gives the number of one that is gone to the next."""
    tag = EXPERIMENT_TAGS.alias()
    mine = (tag.c.experiment_id == number) & (tag.c.key == OWNER) & (tag.c.value == projects.c.id)
    return tag, mine


_runs, _RUNS = _owned(projects.c.experiment_id)
_models, _MODELS = _owned(projects.c.models_id)
# Outer joins, or SQLite would begin with the marks of all experiments.
_PROJECTS = projects.outerjoin(_runs, _RUNS).outerjoin(_models, _MODELS)
_COLUMNS = (projects.c.id, projects.c.workspace, _runs.c.experiment_id)
_COLUMNS += (_models.c.experiment_id.label("models_id"),)
_IS_MINE = members.c.account == sa.bindparam("name")
MINE = (
    sa.select(*_COLUMNS, members.c.role)
    .select_from(members.join(_PROJECTS, members.c.project_id == projects.c.id))
    .where(_IS_MINE)
)
_others = projects.alias()
_WORKSPACES = sa.select(_others.c.workspace).join_from(
    members, _others, members.c.project_id == _others.c.id
)
# A project that its workspace shares is managed by all people there.
SHARED = (
    sa.select(*_COLUMNS, sa.literal(int(Role.MANAGER)).label("role"))
    .select_from(_PROJECTS)
    .where(projects.c.visibility == "workspace")
    .where(projects.c.workspace.in_(_WORKSPACES.where(_IS_MINE)))
)
ALL = sa.union_all(MINE, SHARED)


def of_api_token(settings: Settings, database: Database, api_token: str) -> Key:
    """The key in a NEPTUNE_API_TOKEN.

    Raises:
        ApiError: 401, it doesn't hold.
    """
    return of_key(settings, database, keys.key_in(api_token) or "")


def of_key(settings: Settings, database: Database, key: str, login: str | None = None) -> Key:
    """The key itself; with `login`, if it is that account's.

    Raises:
        ApiError: 401, it doesn't hold.
    """
    found = _find(settings, database, BY_DIGEST, digest=keys.digest(key))
    if login is not None and not hmac.compare_digest(login.encode(), found.account.name.encode()):
        raise unauthorized()
    return found


def of_key_id(settings: Settings, database: Database, key_id: str) -> Key:
    """The key of a signed token: it may have been revoked since.

    Raises:
        ApiError: 401, it doesn't hold.
    """
    return _find(settings, database, BY_ID, id=key_id)


def _find(settings: Settings, database: Database, query: sa.Select, **values: str) -> Key:
    if not settings.accounts:
        return LOCAL_KEY
    with database.read() as connection:
        row = connection.execute(query, values).one_or_none()
        if row is None:
            raise unauthorized()
        account = Account(row.name, admin=row.admin, service=row.service)
        if not row.admin:
            account = _granted(connection, account)
    _mark(database, row)
    return Key(row.id, account)


def _granted(connection: sa.Connection, account: Account) -> Account:
    """The account with its roles."""
    query = MINE if account.service else ALL
    roles: dict[str, Role] = {}
    experiments: dict[str, Role] = {}
    workspaces = set()
    for row in connection.execute(query, {"name": account.name}):
        if row.experiment_id is None:  # gone with its experiment
            continue
        workspaces.add(row.workspace)
        role = roles[row.id] = Role(max(row.role, roles.get(row.id, 0)))
        experiments[str(row.experiment_id)] = role
        if row.models_id is not None:
            experiments[str(row.models_id)] = role
    return replace(account, roles=roles, experiments=experiments, workspaces=frozenset(workspaces))


def _mark(database: Database, row: sa.Row) -> None:
    now = keys.now()
    if row.used is None or now - row.used > USED:
        with database.write() as connection:
            connection.execute(tokens.update().where(tokens.c.id == row.id).values(used=now))


def add(
    database: Database, connection: sa.Connection, name: str, admin: bool, service: bool
) -> None:
    """Make an account; one that is there stays, and becomes an admin if it is to be one."""
    row = {"name": name, "service": service, "admin": admin, "created": keys.now()}
    connection.execute(database.insert(accounts).values(row).on_conflict_do_nothing())
    if admin:
        connection.execute(accounts.update().where(accounts.c.name == name).values(admin=True))


def join(
    database: Database, connection: sa.Connection, project_id: str, name: str, role: Role
) -> None:
    """Give an account a role in a project, in the place of the one it has there."""
    row = {"project_id": project_id, "account": name, "role": int(role)}
    insert = database.insert(members).values(row)
    here = [members.c.project_id, members.c.account]
    connection.execute(insert.on_conflict_do_update(index_elements=here, set_={"role": int(role)}))


def leave(connection: sa.Connection, project_id: str, name: str) -> bool:
    """Take an account's role in a project away; whether it had one."""
    here = (members.c.project_id == project_id) & (members.c.account == name)
    return connection.execute(members.delete().where(here)).rowcount > 0
