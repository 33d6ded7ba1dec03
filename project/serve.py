"""`python -m project.serve`: the server that runs are sent to, and the page that compares them."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from project.cli.command import add_exp_dir, as_process, load_private_settings, print_error
from project.cli.parser import Parser, whole
from project.run_directory import MLFLOW_FILES, MLFLOW_STORE


def main(argv: Sequence[str]) -> int:
    """Serve until Ctrl-C or SIGTERM; or `token ...`: manage who may use a server.

    Returns:
        The exit code: 0; 1 if the server ended by itself; 2 if the input is at fault.
    """
    try:
        load_private_settings()
        if argv and argv[0] == "token":
            with ended_by_signals(130):
                from project.server.token_command import main as manage_tokens

                return manage_tokens(argv[1:])
        arguments = make_parser().parse_args(argv)
        with ended_by_signals(0):
            from project.server.start import start

            return start(arguments)
    except (ValueError, OSError) as error:
        print_error(error)
        return 2
    except KeyboardInterrupt:  # once it served
        return 0


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.serve",
        description="Serve the store of all runs: MLflow's web page and API, pages that compare"
        " runs, and the protocol of the Neptune client.",
        epilog="`python -m project.serve token --help` tells who may use a server that is open to"
        " other machines.",
    )
    add_exp_dir(parser, f"folder of all runs, with the store {MLFLOW_STORE} (%(default)s)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (%(default)s); one that other machines reach needs accounts",
    )
    parser.add_argument(
        "--port", type=whole("port", 1, 65535), default=5000, help="port to listen on (%(default)s)"
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
        help=f"where files that clients send are kept (<exp-dir>/{MLFLOW_FILES})",
    )
    parser.add_argument(
        "--workers",
        type=whole("number of processes", 1, 1000),
        default=1,
        help="server processes (%(default)s)",
    )
    add_access(parser)
    return parser


def add_access(parser: argparse.ArgumentParser) -> None:
    """The flags that say how others reach the server."""
    parser.add_argument(
        "--accounts",
        action="store_true",
        help="ask for an account on this machine too (`python -m project.serve token create`)",
    )
    parser.add_argument(
        "--url",
        help="the address that clients are told, where a proxy or a name stands in front",
    )
    parser.add_argument(
        "--ssl-certfile", type=Path, metavar="FILE", help="certificate, to serve https"
    )
    parser.add_argument("--ssl-keyfile", type=Path, metavar="FILE", help="its private key")
    parser.add_argument(
        "--forwarded-allow-ips",
        metavar="IPS",
        default="127.0.0.1",
        help="proxies whose X-Forwarded headers are believed (%(default)s)",
    )


@contextmanager
def ended_by_signals(code: int) -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end it as Ctrl-C does: at once, with this code.

    While it starts there is nothing to be lost, and an exception amid an import would come out as
    whatever that makes of it. `start` sees to what comes later.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        # Under nohup, and in the background of a shell, it stays ignored.
        if former[number] != signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(as_process(main))
