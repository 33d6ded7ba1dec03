"""Whether a person lets code run that came with a run: they see it before they say so."""

import sys
import termios
from argparse import Namespace
from pathlib import Path

from project.cli.stage import clear
from project.inference.brought import Brought
from project.inference.predictor import Predictor
from project.words.telling import clean


def loaded(source: str | Path, arguments: Namespace) -> Predictor:
    """The model that a command uses, by its flags of `project.cli.using`; a person may be asked.

    Raises:
        ValueError: as of `Predictor.load`.
        OSError: likewise.
    """
    return Predictor.load(
        source,
        device=arguments.device,
        trust=arguments.trust or asked,
        accept_changes=arguments.accept_changes,
        exp_dir=arguments.exp_dir,
    )


def asked(code: Brought) -> bool:
    """Show the code and ask, where a person is there; what they let run is not asked again."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    clear()
    for line in code.lines():
        print(clean(line.expandtabs(4)), file=sys.stderr)
    print(f"run {code.run.name} brings this code: run it? [y/N] ", end="", file=sys.stderr)
    sys.stderr.flush()
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before this was shown
    said = sys.stdin.readline().strip().lower() in ("y", "yes")
    if said:
        code.trust()
    return said
