"""Where a storage is: a file of SQLite or a database of PostgreSQL; its password is never shown."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from project.tracking.mlflow.settings import bounded

SCHEMES = ("sqlite", "postgresql", "postgres")
MASK = "***"


def address(given: str | Path) -> sa.URL:
    """The address of a storage, as SQLAlchemy reads it.

    Args:
        given: a path, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.

    Raises:
        ValueError: it is none of these.
    """
    text = str(given)
    if "://" not in text:
        return sa.URL.create("sqlite", database=str(Path(text).absolute()))
    kind = text.partition("://")[0].partition("+")[0]
    if kind not in SCHEMES:
        raise ValueError(
            f"a storage of {kind!r}: give a file, or postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    try:
        url = sa.make_url(bounded(text))
    except (sa.exc.ArgumentError, ValueError):  # of the port, for one; it may show the password
        raise ValueError(
            "the address of the storage can't be read: give"
            " postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %-codes for signs in the password"
        ) from None
    if kind != "sqlite":
        return url.set(drivername="postgresql+psycopg")
    if not url.database or url.database == ":memory:":
        raise ValueError("a storage of SQLite is a file, so that other processes find it")
    return url.set(database=str(Path(url.database).absolute()))


def shown(url: sa.URL) -> str:
    """The address for people: a file's path, or without what is secret and what we have added."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).set(drivername="postgresql").render_as_string(hide_password=True)


def without_password(text: str, url: sa.URL) -> str:
    """A driver's message without the password, wherever it stands in the address."""
    for secret in {url.password, url.query.get("password"), url.query.get("sslpassword")}:
        if isinstance(secret, str) and secret:
            text = text.replace(secret, MASK)
    return text
