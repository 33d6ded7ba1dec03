"""Flags after `--`, which win over the recorded ones: which can't, and which mean more here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from project.cli.parser import Parser

_HERE = "a reproduction stands beside the run it reproduces"
_NONE = "nothing would be reproduced"
_OWN = "give flags themselves"
# Why each of these can't be; `--no-x` and `--x=value` neither.
REFUSED = {
    "--exp-dir": "give it before --, for the run and its reproduction",
    "--exp-name": _HERE,
    "--tags": "`python -m project.runs tag` adds tags to the new run",
    "--resume": "a reproduction begins at the beginning",
    "--from": "a reproduction goes on from what the recorded run did",
    "--config": _OWN,
    "--only-test": "what is trained, or tested alone, is the run's own",
    "--fast-dev-run": _NONE,
    "--print-config": _NONE,
    "--help": _NONE,
    "-h": _NONE,
}


@dataclass(frozen=True)
class Forced:
    """What is to be another than recorded.

    Attributes:
        flags: for the run, as words of a command line.
        data_dir: where the data are now; None: where they were.
        tracker: what shows the new run; None: what showed the recorded one.
        neptune_mode: likewise.
    """

    flags: tuple[str, ...] = ()
    data_dir: str | None = None
    tracker: tuple[str, ...] | None = None
    neptune_mode: str | None = None


def split(argv: Sequence[str]) -> tuple[list[str], Forced]:
    """What stands before `--`, and what after it.

    Raises:
        ValueError: a flag after it can't be another than recorded; a line for each.
    """
    at = list(argv).index("--") if "--" in argv else len(argv)
    own, after = list(argv[:at]), list(argv[at:][1:])
    if wrong := [line for word in after if (line := _problem(word))]:
        raise ValueError("\n".join(wrong))
    # The data are looked at before they are trained on, and the new run is sent by this command.
    parser = Parser(prog="python -m project.reproduce", add_help=False)
    parser.add_argument("--data-dir")
    parser.add_argument("--tracker", nargs="+")
    parser.add_argument("--neptune-mode")
    known, flags = parser.parse_known_args(after)
    tracker = None if known.tracker is None else tuple(known.tracker)
    return own, Forced(tuple(flags), known.data_dir, tracker, known.neptune_mode)


def _problem(word: str) -> str | None:
    name = word.partition("=")[0]
    positive = "--" + name.removeprefix("--no-") if name.startswith("--no-") else name
    return f"{name} can't follow --: {REFUSED[positive]}" if positive in REFUSED else None
