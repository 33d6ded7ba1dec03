"""Where MLflow's store is, and how MLflow is to behave."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from project.run_directory import MLFLOW_STORE

ADDRESS = "MLFLOW_TRACKING_URI"
# Of PostgreSQL's drivers, those that are libpq; and how long they wait for a host, in seconds, and
# for one that has stopped answering, in ms. By themselves they would wait for minutes.
LIBPQ = ("postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgres")
PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "15000"}
SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "file", "databricks")
# No request leaves this machine but to the store; an attempt that fails is repeated by the
# follower, not for minutes by MLflow. What a person has set stays.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


def given_uri() -> str | None:
    """The address of a store that a person has set up; None for the embedded one.

    Raises:
        ValueError: MLFLOW_TRACKING_URI is no address.
    """
    uri = os.environ.get(ADDRESS) or None
    scheme = urlsplit(uri or "").scheme.partition("+")[0]
    if uri and scheme not in SCHEMES:
        raise ValueError(
            f"{ADDRESS} begins with {scheme + ':' if scheme else 'no scheme'!r}, not with one of"
            f" {', '.join(SCHEMES)}: correct it, or unset it to use the store in --exp-dir"
        )
    return uri


def bounded(uri: str) -> str:
    """The address of a store, with bounds on how long it may be silent where it has none yet."""
    parts = urlsplit(uri)
    if parts.scheme not in LIBPQ:
        return uri
    given = dict(parse_qsl(parts.query))
    more = urlencode({key: value for key, value in PATIENCE.items() if key not in given})
    # As text: `urlunsplit` would change an address without a host.
    return uri + ("&" if "?" in uri else "?") + more if more else uri


def embedded_path(exp_dir: Path) -> Path:
    """The file of the store in `exp_dir`."""
    return exp_dir.resolve() / MLFLOW_STORE


def embedded_uri(exp_dir: Path) -> str:
    """The address of the store in `exp_dir`."""
    return f"sqlite:///{embedded_path(exp_dir)}"
