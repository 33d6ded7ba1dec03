"""`python -m project.serve token`: who may use a server, and with which keys."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from project.cli.command import add_exp_dir
from project.cli.parser import Parser
from project.server.api.access import Role

if TYPE_CHECKING:
    from project.server.store.database import Database

# No colon, which ends the name in a browser's login; no slash, which stands in addresses.
NAME = re.compile(r"\w[\w.@+-]{0,99}", re.ASCII)
PROJECT = re.compile(r"(\w[\w.-]*)/(\w[\w.-]*)", re.ASCII)
RESERVED = ("local", "anonymous")  # what access.py calls those without an account


def main(argv: Sequence[str]) -> int:
    """Do what the command line says.

    Returns:
        The exit code, 0.
    Raises:
        ValueError: the input is at fault, or the store can't be used.
    """
    arguments = make_parser().parse_args(argv)
    with _database(arguments) as database:
        for line in arguments.do(arguments, database):
            print(line)
    return 0


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.serve token",
        description="Manage the keys of those who may use a server that other machines reach.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_create(commands.add_parser("create", help="make a key, and its account if it is new"))
    shown = commands.add_parser("list", help="show the keys: whose, for what, when they were used")
    revoke = commands.add_parser("revoke", help="let a key, or all keys of an account, end at once")
    revoke.add_argument("key", metavar="ID|NAME")
    shown.set_defaults(do=list_keys)
    revoke.set_defaults(do=revoke_keys)
    for command in commands.choices.values():
        add_exp_dir(command, "the server's folder of all runs (%(default)s)")
        command.add_argument(
            "--backend-store-uri",
            metavar="URI",
            default=os.environ.get("MLFLOW_BACKEND_STORE_URI"),
            help="the server's store, if it is another one",
        )
    return parser


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=_account_name, metavar="NAME", help="of the account")
    parser.add_argument(
        "--project",
        type=_project_name,
        nargs="+",
        default=[],
        metavar="WORKSPACE/PROJECT",
        help="what it may use; a project that isn't there is made",
    )
    parser.add_argument(
        "--role",
        choices=[role.name.lower() for role in Role],
        default="member",
        help="in these projects: a viewer reads, a member also writes, a manager also says who else"
        " may, and may delete the project (%(default)s)",
    )
    parser.add_argument("--admin", action="store_true", help="it may do everything everywhere")
    parser.add_argument("--service", action="store_true", help="it is a machine's, not a person's")
    parser.add_argument(
        "--url", help="where clients reach the server (as it was last started with accounts)"
    )
    parser.set_defaults(do=create_key)


def _account_name(text: str) -> str:
    if not NAME.fullmatch(text) or text in RESERVED:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name: give letters, digits and . @ + - _, 100 at most"
        )
    return text


def _project_name(text: str) -> tuple[str, str]:
    match = PROJECT.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not like WORKSPACE/PROJECT")
    return match[1], match[2]


def create_key(arguments: argparse.Namespace, database: Database) -> Iterator[str]:
    """Make a key, its account and its projects where they are missing.

    Yields:
        Lines for the person; the key is in them and nowhere else.
    Raises:
        ValueError: the MLflow experiment of a project is another one's.
    """
    from project.server.announcement import variables, warning
    from project.server.auth import accounts, keys
    from project.server.errors import ApiError
    from project.server.workspaces import projects

    url, certificate = _address(arguments)
    known = _project_names(database)
    try:
        joined = [projects.create(database, *names) for names in arguments.project]
    except ApiError as error:
        raise ValueError(error.title) from None
    yield from (f"made the project {'/'.join(n)}" for n in arguments.project if n not in known)
    with database.write() as connection:
        accounts.add(database, connection, arguments.name, arguments.admin, arguments.service)
        for project in joined:
            role = Role[arguments.role.upper()]
            accounts.join(database, connection, project.id, arguments.name, role)
        key_id, key = keys.make(connection, arguments.name)
    if (line := warning(url)) is not None:
        yield line
    yield f"key {key_id} of {arguments.name}, shown only now:"
    project = "/".join(arguments.project[0]) if joined else None
    yield from variables(url, arguments.name, key, project, certificate)
    yield f"in a browser, at {url}: user {arguments.name}, password {key}"


def list_keys(arguments: argparse.Namespace, database: Database) -> Iterator[str]:
    """Show every key, by account.

    Yields:
        Lines for the person.
    """
    from project.server.store.tables import accounts, tokens
    from project.server.workspaces.people import roles_of_all

    query = sa.select(tokens, accounts.c.admin, accounts.c.service).join_from(
        tokens, accounts, tokens.c.account == accounts.c.name
    )
    with database.read() as connection:
        rows = connection.execute(query.order_by(tokens.c.account, tokens.c.created)).all()
        roles = roles_of_all(connection)
    for row in rows:
        state = f"revoked {_day(row.revoked)}" if row.revoked else f"used {_day(row.used)}"
        kind = "service " * row.service + ("admin" if row.admin else roles.get(row.account, "-"))
        yield f"{row.id}  {row.account}  {kind}  made {_day(row.created)}  {state}"


def revoke_keys(arguments: argparse.Namespace, database: Database) -> Iterator[str]:
    """Revoke a key by its id, or all of an account.

    Yields:
        A line for the person.
    Raises:
        ValueError: there is no such key that holds.
    """
    from project.server.auth import keys

    with database.write() as connection:
        number = keys.revoke(connection, arguments.key)
    if not number:
        raise ValueError(f"no key that holds has the id, or is of the account, {arguments.key!r}")
    yield f"revoked {number} key{'s' * (number > 1)}"


def _database(arguments: argparse.Namespace) -> Database:
    from project.server.prepare import prepare_store
    from project.server.settings import Settings
    from project.server.store.database import Database
    from project.tracking.mlflow.store import embedded_store

    exp_dir = arguments.exp_dir.resolve()
    exp_dir.mkdir(parents=True, exist_ok=True)
    store = arguments.backend_store_uri or embedded_store(exp_dir)
    prepare_store(Settings(store, "", "", "", True))
    return Database(store)


def _project_names(database: Database) -> set[tuple[str, str]]:
    from project.server.store.tables import projects

    query = sa.select(projects.c.workspace, projects.c.name)
    with database.read() as connection:
        return {(workspace, name) for workspace, name in connection.execute(query)}


def _address(arguments: argparse.Namespace) -> tuple[str, str | None]:
    """Where clients reach the server, and its certificate if they must be told to trust it."""
    from project.server.address import checked, recall

    known = recall(arguments.exp_dir / ".server")
    if arguments.url:
        url = checked(arguments.url)
        return url, known[1] if known and known[0] == url else None
    if known is None:
        raise ValueError(
            f"no server with accounts was started on {arguments.exp_dir} yet, so that its address"
            " isn't known: start it first, or say it with --url"
        )
    return known


def _day(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "never"
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d")
