"""One batch with the flags of all trials: whether they work, what is measured, on which data."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.files import read_json
from project.run_directory import RECORD
from project.scores import headline
from project.search.attempts.results import how_it_died, told_last
from project.search.base import LEFT_OUT
from project.search.membership import Membership
from project.search.values import TRIAL, Job, Rules

if TYPE_CHECKING:
    from project.search.attempts.origin import Origin

PROBE = "probe"  # the kind of job; it is in no storage
MOST = 5  # times that it is tried, if it is killed


@dataclass(frozen=True)
class Tried:
    """What the try has shown.

    Attributes:
        scores: which way each is better, by name without its split; None: neither.
        data: as a run's record describes it.
        headline: the scores that are shown first, without their split.
    """

    scores: Mapping[str, str | None]
    data: Mapping[str, Any]
    headline: Sequence[str]


def try_once(origin: "Origin", flags: Sequence[str]) -> Tried:
    """Make such a run in a folder that goes again; if it is killed, a few times more.

    Raises:
        ValueError: it fails; with the lines that it has said of that.
        OSError: it can't be started.
    """
    for _ in range(MOST):
        with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
            code, run, said = _run(origin, flags, folder)
            if code == 0 and run is not None:
                record = read_json(run / RECORD)
                return Tried(record["scores"], record["data"], headline(record))
        if code >= 0:
            break
    raise ValueError(_why(said, code))


def data_of(origin: "Origin", flags: Sequence[str]) -> Mapping[str, Any]:
    """The data of all trials, as a run's record describes them.

    Raises:
        ValueError: they can't be had.
        OSError: no process can be started.
    """
    try:
        return origin.data()
    except OSError:  # it was killed; a run tells likewise
        return try_once(origin, flags).data


def _run(origin: "Origin", flags: Sequence[str], folder: str) -> tuple[int, Path | None, str]:
    """Its exit code, its directory if it has one, and what it has said."""
    log = Path(folder, "log")
    words = [*flags, "--exp-name", PROBE, "--exp-dir", folder, "--fast-dev-run"]
    words += ["--without", "predictions", *LEFT_OUT[TRIAL]]
    job = Job(PROBE, 0, {}, {}, 1, None, PROBE)
    rules = Rules("random", "none", 0, 1, 1, ())
    attempt = origin.start(job, words, Membership(PROBE, PROBE, PROBE, 0, rules), log)
    try:
        while (code := attempt.poll()) is None:
            origin.wait(1.0)
    finally:
        attempt.kill()
    return code, attempt.run, log.read_text("utf-8", "replace")


def _why(said: str, code: int) -> str:
    return "\n".join(told_last(said)) or f"a try of the flags: {how_it_died(code)}"
