"""Starts the server: its address, MLflow's settings, its processes."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from project.run_directory import MLFLOW_FILES
from project.server.address import public_url, remember
from project.server.announcement import announce, warning
from project.server.certificate import check_certificate
from project.server.prepare import prepare_store
from project.server.settings import Settings
from project.tracking.mlflow.settings import ENVIRONMENT, bounded
from project.tracking.neptune.settings import is_loopback

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
    certificate = check_certificate(arguments)
    with listen(arguments.host, arguments.port) as listener:
        settings = make_settings(arguments)
        os.environ.update(environment(settings))
        # MLflow's and its libraries' notes to developers; worker processes inherit the variable.
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
        prepare_store(settings)
        if settings.accounts:
            _tell(remember(settings.folder(""), settings.url, certificate), warning(settings.url))
        Thread(target=announce, args=(arguments, settings, certificate), daemon=True).start()
        return run(arguments, listener)


def _tell(*lines: str | None) -> None:
    for line in lines:
        if line:
            print(line, file=sys.stderr, flush=True)


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


def make_settings(arguments: argparse.Namespace) -> Settings:
    """The settings that the command line asks for; the embedded store is made if it isn't there.

    Raises:
        ValueError: --url is no address.
        OSError: the folder can't be written.
    """
    from project.tracking.mlflow.store import embedded_store

    exp_dir = arguments.exp_dir.resolve()
    exp_dir.mkdir(parents=True, exist_ok=True)
    return Settings(
        store=arguments.backend_store_uri or embedded_store(exp_dir),
        artifacts=arguments.artifacts_destination or str(exp_dir / MLFLOW_FILES),
        private=str(exp_dir / ".server"),
        url=public_url(arguments),
        accounts=arguments.accounts or not is_loopback(arguments.host),
    )


def environment(settings: Settings) -> dict[str, str]:
    """The variables that MLflow's application and our own read, in every worker process."""
    return {
        **ENVIRONMENT,
        **LEAN,
        **settings.to_environment(),
        "_MLFLOW_SERVER_FILE_STORE": bounded(settings.store),
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": settings.artifacts,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        # It lets every page of this machine in; `auth.origins` stands in its place.
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
    }


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
    # From here on, Ctrl-C and the like end requests in order, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    if arguments.workers > 1:
        with heard_alone(signal.SIGINT):
            Multiprocess(config, sockets=[listener]).run()
        return 0
    server = uvicorn.Server(config)
    # uvicorn leaves this signal, of a terminal that is closed, to whoever wants it.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    server.run(sockets=[listener])
    return 0 if server.started else 1


@contextmanager
def heard_alone(number: signal.Signals) -> Iterator[None]:
    """Keep a terminal's signal from the processes that are started meanwhile; this one gets it.

    It comes to all of them, and one that is still importing would say where it was interrupted.
    They inherit what the thread that starts them blocks; here, another thread still hears it.
    """
    done = Event()
    Thread(target=done.wait, daemon=True).start()
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
        done.set()
