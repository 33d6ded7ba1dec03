"""What a person demands of a model: floors of scores, decisions that stay, times."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from project.files import read_json
from project.run_directory import OUTCOME
from project.words.telling import did_you_mean, quoted

# How pictures are changed, see `project.soundness.changes`.
CHANGES = ("flip", "shift", "brightness", "jpeg")


@dataclass(frozen=True)
class Limits:
    """What was demanded.

    Attributes:
        floors: by the test score's name: the least value, of each class where there is one each.
        invariant: by the kind of change: the largest share of decisions that may change.
        latency: milliseconds that 95 of 100 single images may take; None: any.
    """

    floors: Mapping[str, float] = field(default_factory=dict)
    invariant: Mapping[str, float] = field(default_factory=dict)
    latency: float | None = None


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    parser.add_argument(
        "--floor",
        action="append",
        default=[],
        metavar="SCORE=LEAST",
        help="least value of a test score, or, as recall=0.9, of each class's; several allowed",
    )
    parser.add_argument(
        "--invariant",
        action="append",
        default=[],
        metavar="CHANGE=SHARE",
        help=f"share of decisions that {', '.join(CHANGES)} of the pictures may change; not given:"
        " it is told; several allowed",
    )
    parser.add_argument(
        "--max-latency",
        type=float,
        metavar="MS",
        help="milliseconds that 95 of 100 single images may take",
    )


def limits_of(arguments: argparse.Namespace, run: Path) -> Limits:
    """What the command line demands of a run.

    Raises:
        ValueError: it is no number in its bounds, or of no score that the run has; a line each.
        OSError: the outcome can't be read.
    """
    problems: list[str] = []
    floors = dict(_pair("--floor", text, problems) for text in arguments.floor)
    invariant = dict(_pair("--invariant", text, problems) for text in arguments.invariant)
    problems += [
        f"--invariant {name}: there is no such change{did_you_mean(name, CHANGES)}; it is one of"
        f" {', '.join(CHANGES)}"
        for name in invariant
        if name and name not in CHANGES
    ]
    problems += [
        f"--invariant {name}={share:g}: a share is in [0, 1]"
        for name, share in invariant.items()
        if not 0 <= share <= 1
    ]
    known = _scores(run) if floors else set()
    problems += [
        f"--floor {name}: run {run.name} has no such test score{did_you_mean(name, known)}"
        for name in floors
        if name and name not in known
    ]
    if arguments.max_latency is not None and not arguments.max_latency > 0:
        problems.append(f"--max-latency must be above 0, not {arguments.max_latency:g}")
    if problems:
        raise ValueError("\n".join(problems))
    return Limits(floors, invariant, arguments.max_latency)


def _pair(flag: str, text: str, problems: list[str]) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if not (name and equals):
            raise ValueError
        return name, float(value)
    except ValueError:
        problems.append(f"{flag} {quoted(text)} is no NAME=NUMBER, such as recall=0.9")
        return "", 0.0


def _scores(run: Path) -> set[str]:
    """Names of test scores, without the split; of those of classes also what is common to them."""
    if not (run / OUTCOME).is_file():
        raise ValueError(f"{run.name} has not ended: it has no {OUTCOME} yet")
    names = {name.removeprefix("test_") for name in read_json(run / OUTCOME).get("test") or {}}
    return names | {name.partition("/")[0] for name in names}
