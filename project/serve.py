"""`python -m project.serve`: the web page where runs are compared, MLflow's own server and UI."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPException
from threading import Event, Thread
from typing import IO
from urllib.request import ProxyHandler, build_opener

from project.command import add_exp_dir, load_private_settings, print_error
from project.tracking._mlflow_settings import ENVIRONMENT
from project.tracking._scrub import scrub

STOP_SECONDS = 10.0


def main(argv: Sequence[str]) -> int:
    """Serve until Ctrl-C or SIGTERM.

    Returns:
        The exit code: 0; 1 if the server ended by itself; 2 if the input is at fault.
    """
    try:
        load_private_settings()
        arguments = make_parser().parse_args(argv)
        check_free(arguments.host, arguments.port)
        end_on_signals()
        return serve(arguments)
    except (ValueError, OSError) as error:
        print_error(error)
        return 2
    except KeyboardInterrupt:
        return 0


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m project.serve",
        description="Open the web page where runs are compared: MLflow's server and UI.",
    )
    add_exp_dir(parser, "folder of all runs, with the store mlflow.db (%(default)s)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (%(default)s); where others"
        " reach it by a name, set MLFLOW_SERVER_ALLOWED_HOSTS",
    )
    parser.add_argument(
        "--port", type=port_number, default=5000, help="port to listen on (%(default)s)"
    )
    parser.add_argument(
        "--backend-store-uri",
        metavar="URI",
        default=os.environ.get("MLFLOW_BACKEND_STORE_URI"),
        help="another store, such as postgresql://USER:PASSWORD@HOST/DATABASE (rather in the"
        " variable MLFLOW_BACKEND_STORE_URI, which other users of the machine can't see)",
    )
    parser.add_argument(
        "--artifacts-destination",
        metavar="URI",
        help="where files that clients send are kept (<exp-dir>/mlflow-artifacts)",
    )
    parser.add_argument(
        "--workers", type=worker_count, default=1, help="server processes (%(default)s)"
    )
    return parser


def port_number(text: str) -> int:
    """A port that can be listened on."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give one from 1 to 65535")
    return int(text)


def worker_count(text: str) -> int:
    """A number of processes."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more")
    return int(text)


def check_free(host: str, port: int) -> None:
    """Raise before anything is started if the address can't be listened on.

    Raises:
        ValueError: the port is taken, or the address is none of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            # A port that a server has just left is free, though its old connections linger.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise ValueError(
            f"can't listen on {host} port {port} ({error.strerror}): give another --port or --host"
        ) from error


def server_command(arguments: argparse.Namespace) -> list[str]:
    """MLflow's command line; the store's address, which may hold a password, goes another way."""
    destination = arguments.artifacts_destination
    if destination is None:
        destination = str((arguments.exp_dir / "mlflow-artifacts").resolve())
    command = [sys.executable, "-P", "-m", "mlflow", "server"]
    command += ["--host", arguments.host, "--port", str(arguments.port)]
    command += ["--workers", str(arguments.workers), "--artifacts-destination", destination]
    # Requests need not be listed one by one.
    return [*command, "--uvicorn-opts", "--log-level warning"]


def server_environment(arguments: argparse.Namespace) -> dict[str, str]:
    """The server's settings: the store, which is made if it isn't there, and no outside requests.

    Raises:
        OSError: the folder can't be written.
    """
    from project.tracking.mlflow import embedded_store

    uri = arguments.backend_store_uri
    if uri is None:
        arguments.exp_dir.mkdir(parents=True, exist_ok=True)
        uri = embedded_store(arguments.exp_dir)
    # Jobs serve agents and language models; they would cost processes and memory.
    lean = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    plain = {"PYTHONSAFEPATH": "1", "PYTHONWARNINGS": "ignore"}
    return {**ENVIRONMENT, **lean, **plain, "MLFLOW_BACKEND_STORE_URI": uri}


def end_on_signals() -> None:
    """Let SIGTERM, and a terminal that is closed, end it in order, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Under nohup it stays ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def serve(arguments: argparse.Namespace) -> int:
    """Start the server, say where the page is once it answers, and wait for its end.

    Raises:
        OSError: the folder can't be written.
    """
    server = subprocess.Popen(
        server_command(arguments),
        env={**os.environ, **server_environment(arguments)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Ctrl-C is then for this process alone, which ends all of them, in order.
        start_new_session=True,
    )
    ready = Event()
    output = Thread(target=relay, args=(server.stdout, ready), daemon=True)
    output.start()
    try:
        address = f"http://{reachable(arguments.host)}:{arguments.port}"
        await_answer(server, address)
        if server.poll() is None:
            ready.set()
            print(f"{address} shows {store_name(arguments)}; Ctrl-C ends it", flush=True)
        server.wait()
        output.join()
        print(f"error: the server ended with code {server.returncode}", file=sys.stderr)
        return 1
    finally:
        end(server)
        output.join()
        server.stdout.close()


def relay(stream: IO[str], ready: Event) -> None:
    """Show what the server says, without credentials; until it is ready, only if it never is."""
    held: list[str] = []
    for line in stream:
        if ready.is_set():
            sys.stderr.write(scrub(line))
        else:
            held.append(scrub(line))
    if not ready.is_set():
        # The reason, without where in MLflow's code it arose.
        sys.stderr.writelines(line for line in held if not line.startswith(("Traceback ", " ")))


def await_answer(server: subprocess.Popen[str], address: str) -> None:
    """Return once the server answers or has ended."""
    # Not through a proxy that the environment names for other addresses.
    opener = build_opener(ProxyHandler({}))
    while server.poll() is None:
        try:
            with opener.open(f"{address}/health", timeout=5) as response:
                # Something else may have taken the port meanwhile.
                if response.read() == b"OK":
                    return
        except (OSError, HTTPException):
            pass
        time.sleep(0.1)


def store_name(arguments: argparse.Namespace) -> str:
    """What is shown, without a password."""
    if arguments.backend_store_uri is None:
        return f"the runs in {arguments.exp_dir / 'mlflow.db'}"
    return f"the runs in {scrub(arguments.backend_store_uri)}"


def end(server: subprocess.Popen[str]) -> None:
    """End the server and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def reachable(host: str) -> str:
    """An address of this machine for one that stands for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
