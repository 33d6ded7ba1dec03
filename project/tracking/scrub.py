"""Credentials out of what followers write: services' errors may quote addresses and tokens."""

import os
import re
from typing import IO, Any

MASK = "***"
_LOGIN = re.compile(r"(?<=://)[^/\s@'\"]+@")
_SECRET_NAME = re.compile(r"TOKEN|PASSWORD|SECRET|KEY$")


def scrub(text: str) -> str:
    """`text` without the login of URLs, and without the environment's secrets."""
    text = _LOGIN.sub(f"{MASK}@", text)
    for name, value in os.environ.items():
        # Shorter values ("1", "true") would be found in every text.
        if len(value) >= 6 and _SECRET_NAME.search(name.upper()):
            text = text.replace(value, MASK)
    return text


def one_line(error: BaseException) -> str:
    """What went wrong, in one line of bounded length without credentials."""
    text = scrub(" ".join(str(error).split())) or "no message"
    text = text if len(text) <= 300 else text[:297] + "..."
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"


class Scrubbed:
    """A text stream that takes credentials out of all that is written to it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text` scrubbed; credentials split over two writes are not found."""
        self._stream.write(scrub(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
