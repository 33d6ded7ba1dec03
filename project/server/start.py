"""Starts the server: its store, its address, MLflow's settings, and what it tells the person."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import ssl
import sys
import warnings
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from project.server.address import client_token, own_url, public_url
from project.server.settings import LOCAL_PROJECT, Settings
from project.tracking._mlflow_settings import ENVIRONMENT
from project.tracking._neptune_settings import is_loopback
from project.tracking._scrub import scrub

# So long requests may go on after Ctrl-C, in seconds.
GRACE = 5
# Jobs serve agents and language models; they would cost processes and memory.
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "_MLFLOW_SGI_NAME": "uvicorn"}


def start(arguments: argparse.Namespace) -> int:
    """Serve until a signal.

    Returns:
        The exit code: 0, or 1 if the server ended by itself.
    Raises:
        ValueError: the address can't be listened on, or the store, the certificate or a setting
            can't be used.
        OSError: the folder can't be written.
    """
    check_certificate(arguments)
    with listen(arguments.host, arguments.port) as listener:
        settings = make_settings(arguments)
        os.environ.update(environment(settings))
        # MLflow's and its libraries' notes to developers; worker processes inherit the variable.
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
        prepare_store(settings)
        # For `token create`, which tells clients where the server is.
        (settings.folder("") / "url").write_text(settings.url)
        Thread(target=announce, args=(arguments, settings), daemon=True).start()
        return run(arguments, listener)


def listen(host: str, port: int) -> socket.socket:
    """A socket on the address, before anything else is started.

    Raises:
        ValueError: the port is taken, or the address is none of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # A port that a server has just left is free, though its old connections linger.
        return socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        # Python's text names the address once more; an unknown name has a code of another kind.
        known = not isinstance(error, socket.gaierror)
        reason = os.strerror(error.errno) if known else error.strerror
        raise ValueError(
            f"can't listen on {host} port {port} ({reason}): give another --port or --host"
        ) from error


def check_certificate(arguments: argparse.Namespace) -> None:
    """Read the certificate and its key, to find mistakes before anything is started.

    Raises:
        ValueError: one is missing or can't be used.
    """
    certificate, key = arguments.ssl_certfile, arguments.ssl_keyfile
    if key and not certificate:
        raise ValueError("--ssl-keyfile needs --ssl-certfile")
    if certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except OSError as error:  # which ssl.SSLError is too
            raise ValueError(f"--ssl-certfile {certificate}: {error}") from error


def make_settings(arguments: argparse.Namespace) -> Settings:
    """The settings that the command line asks for; the embedded store is made if it isn't there.

    Raises:
        ValueError: --url is no address.
        OSError: the folder can't be written.
    """
    from project.tracking.mlflow import embedded_store

    exp_dir = arguments.exp_dir.resolve()
    exp_dir.mkdir(parents=True, exist_ok=True)
    return Settings(
        store=arguments.backend_store_uri or embedded_store(exp_dir),
        artifacts=arguments.artifacts_destination or str(exp_dir / "mlflow-artifacts"),
        private=str(exp_dir / ".server"),
        url=public_url(arguments),
        accounts=arguments.accounts or not is_loopback(arguments.host),
    )


def environment(settings: Settings) -> dict[str, str]:
    """The variables that MLflow's application and our own read, in every worker process."""
    host = urlsplit(settings.url).netloc
    allowed = f"localhost:*,127.0.0.1:*,[::1]:*,{host}"
    return {
        **ENVIRONMENT,
        **LEAN,
        **settings.to_environment(),
        "_MLFLOW_SERVER_FILE_STORE": settings.store,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": settings.artifacts,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS", allowed),
        # Without it, MLflow takes its own page's requests only on localhost.
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": os.environ.get(
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", settings.url
        ),
    }


def prepare_store(settings: Settings) -> None:
    """Connect to the store and make its tables, before worker processes all try to.

    Raises:
        ValueError: it can't be used; the message holds no password.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy.exc import SQLAlchemyError

    from project.server.store.database import Database
    from project.server.workspaces import projects

    try:
        SqlAlchemyStore(settings.store, "mlflow-artifacts:/").engine.dispose()
        if not settings.accounts:
            with Database(settings.store) as database:
                projects.create(database, *LOCAL_PROJECT, key="RUN")
    except (MlflowException, SQLAlchemyError, ImportError) as error:
        reason = scrub(str(error)).strip().splitlines()[0]
        raise ValueError(f"the store {scrub(settings.store)} can't be used: {reason}") from None


def run(arguments: argparse.Namespace, listener: socket.socket) -> int:
    """Run uvicorn with as many processes as asked for, until a signal.

    Returns:
        The exit code: 0, or 1 if the server ended by itself.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        "project.server.app:create",
        factory=True,
        workers=arguments.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=arguments.ssl_certfile,
        ssl_keyfile=arguments.ssl_keyfile,
        forwarded_allow_ips=arguments.forwarded_allow_ips,
    )
    if arguments.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
        return 0
    server = uvicorn.Server(config)
    # uvicorn leaves this signal, of a terminal that is closed, to whoever wants it.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    server.run(sockets=[listener])
    return 0 if server.started else 1


def announce(arguments: argparse.Namespace, settings: Settings) -> None:
    """Once the server answers, say where it is and what a Neptune client needs."""
    # To this very process: not through a proxy, and whatever name the certificate is for.
    insecure = ssl._create_unverified_context()
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=insecure))
    opener.open(f"{own_url(arguments)}/health", timeout=60).close()
    print(f"{settings.url}/compare compares {store_name(arguments)}; Ctrl-C ends it")
    print(f"{settings.url}/compare/mlflow shows them in MLflow's page")
    if settings.accounts:
        print("who may use it: `python -m project.serve token create NAME --project W/PROJECT`")
    else:
        print("for runs (--tracker neptune) and other programs with the Neptune client:")
        print(f"  export NEPTUNE_API_TOKEN={client_token(settings.url, 'local')}")
        print(f"  export NEPTUNE_PROJECT={'/'.join(LOCAL_PROJECT)}")
        if settings.url.startswith("http:"):
            # Else the client's OAuth library refuses what isn't https; runs of ours see to it.
            print("  export OAUTHLIB_INSECURE_TRANSPORT=1")
    sys.stdout.flush()


def store_name(arguments: argparse.Namespace) -> str:
    """What is shown, without a password."""
    if arguments.backend_store_uri is None:
        return f"the runs in {Path(arguments.exp_dir) / 'mlflow.db'}"
    return f"the runs in {scrub(arguments.backend_store_uri)}"
