"""Whose a file is, and where in a person's own files something stands or arose: `FILE:LINE`."""

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import TracebackType

from project.words.paths import brief

# Where a kind of plug has its folder; each kind is also the name of its flag.
FOLDERS = {
    "task": "tasks",
    "model": "models",
    "data": "datasets",
    "loss": "losses",
    "optimizer": "optimizers",
    "metric": "metrics",
    "callback": "callbacks",
    "tracker": "trackers",
}
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Of `sysconfig`: where modules are installed, and commands such as pytest.
_PATHS = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
# How torch tells, in an error's own text, what a worker process has raised.
WORKERS = "Original Traceback (most recent call last):"
# A text, not compiled here: that is 0.4 ms, which --help need not pay.
_LINE = r'(?m)^\s*File "(.+)", line (\d+)'


def is_outside(path: str) -> bool:
    """Whether a source is neither this package's nor installed: a person's, wherever it lies."""
    path = os.path.abspath(path)
    inside = path.startswith((os.path.join(PACKAGE, ""), *installed()))
    return not inside and os.path.isfile(path)


def is_plug(path: str) -> bool:
    """Whether a source is a plug's file within this package: a person's, or one of ours."""
    folder, name = os.path.split(os.path.abspath(path))
    at_home = os.path.dirname(folder) == PACKAGE
    return at_home and os.path.basename(folder) in FOLDERS.values() and not name.startswith("_")


def shown(path: str, line: int) -> str:
    """A place as people read it."""
    return f"{brief(path)}:{line}"


def arose(error: BaseException) -> str | None:
    """The innermost line of a person's own files that an error went through; None if there is none.

    A plug's file within this package is named only where no file outside has a part in it: what
    that calls there may have come with the package.
    """
    found = list(lines(error))
    for whose in (is_outside, is_plug):
        if own := [place for place in found if whose(place[0])]:
            return shown(*own[-1])
    return None


def lines(error: BaseException) -> Iterator[tuple[str, int]]:
    """File and line of each call that an error went through, the outermost first, workers last."""
    for code, line in frames(error.__traceback__):
        yield code.co_filename, line
    if isinstance(error, SyntaxError) and error.filename:
        yield error.filename, error.lineno or 1
    _, _, there = str(error).partition(WORKERS)
    for path, line in re.findall(_LINE, there):
        yield path, int(line)


def frames(trace: TracebackType | None) -> Iterator[tuple]:
    """Code and line of each call of a traceback, the outermost first."""
    while trace is not None:
        yield trace.tb_frame.f_code, trace.tb_lineno
        trace = trace.tb_next


@cache
def installed() -> tuple[str, ...]:
    """Folders of Python itself and of what was installed for it, each with a slash at its end."""
    import site
    import sysconfig
    from pathlib import Path

    paths = sysconfig.get_paths()
    places = [paths[name] for name in _PATHS]
    places += [*site.getsitepackages(), site.getusersitepackages()]
    # Those on PYTHONPATH: a cluster's, or of `pip install --target`; not what this file lies in.
    more = [p for p in map(os.path.abspath, sys.path) if not __file__.startswith(p)]
    places += [place for place in more if any(Path(place).glob("*.dist-info"))]
    # A virtual environment's folders may be links.
    forms = {form for place in places for form in (place, os.path.realpath(place))}
    return tuple(os.path.join(form, "") for form in forms)
