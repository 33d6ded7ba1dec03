"""Sending a message to services, each by itself; what fails is tried again, for a bounded time."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from project.notification.log import FAILED, GIVEN_UP, SENT, note
from project.notification.message import Message
from project.notification.services import Service, apprise, made
from project.tracking.scrub import MASK

# Seconds before each further try.
PAUSES = (1.0, 2.0, 5.0, 15.0, 40.0, 60.0)
# A service that does not even fail by then is left.
HANG_SECONDS = 60.0
_LEAST_LENGTH = 4


def deliver(
    run_dir: Path, services: Sequence[Service], message: Message, pauses: Sequence[float] = PAUSES
) -> bool:
    """Send it to all, side by side; how that went is noted in the run. Whether all have got it."""
    done: dict[str, bool] = {}

    def send(index: int, service: Service) -> None:
        done[str(index)] = _persistently(run_dir, service, message, pauses)

    threads = [
        threading.Thread(target=send, args=pair, daemon=True) for pair in enumerate(services)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + sum(pauses) + HANG_SECONDS * (len(pauses) + 1)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    for thread, service in zip(threads, services, strict=True):
        if thread.is_alive():
            _note(run_dir, service, message, GIVEN_UP, "it does not answer")
    return len(done) == len(services) and all(done.values())


def _persistently(
    run_dir: Path, service: Service, message: Message, pauses: Sequence[float]
) -> bool:
    for pause in (0.0, *pauses):
        time.sleep(pause)
        # Which may be why it was not taken; the words matter more.
        why = _send(service, message, with_picture=not pause)
        if why is None:
            _note(run_dir, service, message, SENT)
            return True
        _note(run_dir, service, message, FAILED, why)
    _note(run_dir, service, message, GIVEN_UP, why or "")
    return False


def _note(run_dir: Path, service: Service, message: Message, state: str, why: str = "") -> None:
    # A full disk, or a directory that was deleted, keeps no message from being sent.
    with suppress(OSError):
        note(run_dir, service.name, message.about, state, why)


def _send(service: Service, message: Message, with_picture: bool) -> str | None:
    """Why it was not sent, None if it was."""
    package, plugin = apprise(), made(service)
    kind = package.NotifyType
    kinds = {"finished": kind.SUCCESS, "failed": kind.FAILURE, "lost": kind.FAILURE}
    kinds |= {"interrupted": kind.WARNING}
    asked: dict[str, Any] = {"notify_type": kinds.get(message.about, kind.INFO)}
    if with_picture and message.picture and plugin.attachment_support:
        asked["attach"] = package.AppriseAttachment(str(message.picture))
    with _overheard() as said:
        try:
            if plugin.notify(body=message.body, title=message.title, body_format="text", **asked):
                return None
        except Exception as error:  # whatever a service's plugin raises is no reason to end
            said.append(f"{type(error).__name__}: {error}")
    return without_secrets(" ".join(said) or "it was not taken", service)


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What apprise complains of in this thread."""
    said: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here and record.levelno >= logging.WARNING:
                said.append(record.getMessage())

    listener = Listener()
    logger = logging.getLogger("apprise")
    logger.addHandler(listener)
    try:
        yield said
    finally:
        logger.removeHandler(listener)


def without_secrets(text: str, service: Service) -> str:
    """A text without anything that the service's address or settings hold, but its host."""
    for secret in sorted(_secrets(service.asked), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _secrets(asked: str | Mapping[str, Any]) -> set[str]:
    if isinstance(asked, str):
        parts = urlsplit(asked)
        _, _, rest = asked.partition("://")
        found = [rest, parts.username or "", parts.password or "", parts.path, parts.query]
        found += [*parts.path.split("/"), *parts.query.replace("=", "&").split("&")]
        # Of many services the place of the host is a token, too.
        found += [] if "." in (parts.hostname or "") else [parts.netloc.rpartition("@")[2]]
    else:
        found = [str(asked.get(name, "")) for name in ("bot_token", "password")]
    found += [unquote(part) for part in found]
    return {part for part in found if len(part) >= _LEAST_LENGTH}
