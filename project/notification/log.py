"""`tracking/messages.log`: which messages were sent, and why others were not, a line each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from project.run_directory import log_of
from project.tracking.scrub import scrub

NAME = "messages"
SENT, FAILED, GIVEN_UP = "sent", "failed", "given up"
GOING_ON = "going on"  # what a message on the way is about; others are about the run's end


def note(run_dir: Path, service: str, about: str, state: str, why: str = "") -> None:
    """Add a line: when, the service, what the message is about, how that went, and why.

    Raises:
        OSError: it can't be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = "\t".join([now, service, about, state, " ".join(scrub(why).split())])
    with open(log_of(run_dir, NAME), "a", encoding="utf-8") as file:
        file.write(line.rstrip() + "\n")


def size(run_dir: Path) -> int:
    """How much of it there is, in bytes."""
    path = log_of(run_dir, NAME)
    return path.stat().st_size if path.exists() else 0


def unsent(run_dir: Path, services: Sequence[str], since: int) -> dict[str, str]:
    """The services that have no message of the run's end, and why; empty where nobody knows yet.

    Args:
        run_dir: the run's directory.
        services: by name.
        since: where the lines of this stage begin; see `size`.
    """
    path = log_of(run_dir, NAME)
    lines = path.read_bytes()[since:].decode().splitlines() if path.exists() else []
    found = dict.fromkeys(services, "")
    for line in lines:
        _, service, about, state, why = f"{line}\t\t".split("\t")[:5]
        if about == GOING_ON or service not in found:
            continue
        if state == SENT:
            del found[service]
        else:
            found[service] = why
    return found
