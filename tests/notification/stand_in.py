"""Services in place of Telegram's, a mail server's and others, and forks in place of processes."""

import email
import json
import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from project.notification import beside, sending, watch
from tests import forks

TELEGRAM = "STAND_IN_FOR_TELEGRAM"
ROOT = Path(__file__).parents[2]


class Http:
    """Takes what is posted to it; paths that begin with `/dead` are refused."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any] | bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                is_json = content.startswith(b"{")
                outer.got.append((self.path, json.loads(content) if is_json else content))
                self.send_response(500 if self.path.startswith("/dead") else 200)
                self.end_headers()
                self.wfile.write(b'{"ok": true, "result": {"message_id": 1}}')

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Mails:
    """A mail server that takes mails of one user, after STARTTLS alone."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.got: list[Message] = []
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        tls = {"tls_context": context, "require_starttls": True}
        known = {"authenticator": self._knows, "auth_required": True}
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        place = {"hostname": "127.0.0.1", "port": self.port}
        self._controller = Controller(self, **place, **tls, **known)
        self._controller.start()

    def _knows(self, *asked: Any) -> AuthResult:
        login = asked[-1]
        right = login == LoginPassword(b"ada", b"mail-passw0rd-91c4")
        return AuthResult(success=right, handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()


class _Watcher(forks.Fork):
    """As `subprocess.Popen`, with bytes to write to."""

    stdin: BinaryIO

    def __init__(self, words: list[str]) -> None:
        told, tell = os.pipe()
        with open(os.devnull, "w") as nothing:
            outputs = {0: told, 1: nothing.fileno(), 2: nothing.fileno()}
            news = forks._ask(words, os.environ, Path.cwd(), outputs)
        os.close(told)
        super().__init__(news, None, open(tell, "wb", buffering=0))  # type: ignore[arg-type]


def install() -> None:
    """Have a run's watcher forked rather than started, and wait for it however long it takes."""
    words = ["-c", "from tests.notification import stand_in; stand_in.watch_on()"]
    beside.start = lambda command: _Watcher(words)
    beside.MESSAGE_SECONDS = 150.0


def watch_on() -> None:
    """Be a watcher, for whom Telegram is elsewhere, and who does not try for minutes."""
    from apprise.plugins.telegram import NotifyTelegram

    NotifyTelegram.notify_url = os.environ[TELEGRAM]
    sending.PAUSES = ()
    os._exit(watch.main())


def run() -> None:
    """`python -m project.run` with such a watcher."""
    from project import main

    install()
    sys.exit(main.main(sys.argv[1:]))


@contextmanager
def session() -> Iterator[None]:
    """Let processes that this one starts, or forks, find the same process to fork."""
    name = "PYTEST_XDIST_TESTRUNUID"
    if name in os.environ:
        yield
        return
    os.environ[name] = f"process-{os.getpid()}"
    try:
        yield
    finally:
        del os.environ[name]
