"""Sending a run to a tracker once, and telling a person what was sent."""

import sys
from pathlib import Path

from project.tracking.follower import Busy, Follower
from project.tracking.scrub import one_line
from project.words.sizes import size_text

# Bytes that are worth a word.
_LARGE = 10_000_000


def send(run: Path, tracker: str, running: bool) -> int:
    """Send one run, which may still be running, and say what was sent; returns the exit code."""
    try:
        with Follower(run, tracker) as follower:
            sent = follower.catch_up(ended=not running)
            where = follower.state.where
    except Busy as error:
        print(f"{error}{', as it trains' if running else ''}")
        return 0
    except Exception as error:
        return not_sent(f"{tracker}: {run.name}", error)
    points = f"{sent.points:,} point{'' if sent.points == 1 else 's'}"
    files = f"{sent.files} file{'' if sent.files == 1 else 's'}"
    files += f" ({size_text(sent.bytes)})" * (sent.bytes > _LARGE)
    if follower.state.offline:
        print(f"{tracker}: {run.name}: {points} and {files} written, sent nowhere yet\n  {where}")
        return 1
    state = "up to date, and still training" if running else "up to date"
    print(f"{tracker}: {run.name}: {points} and {files} sent; {state}\n  {where}")
    return 0


def not_sent(what: str, error: Exception) -> int:
    """Tell, in one line, what an SDK raised; returns the exit code. Nothing is lost by it."""
    print(f"{what}: not sent: {one_line(error)}", file=sys.stderr)
    return 2 if type(error) is ValueError else 1
