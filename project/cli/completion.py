"""Tab completion: what a shell is told that asks what may stand next; see the README.

The shell runs the command with a variable set; without it, nothing of this is imported.
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from project.files import read_json
from project.hyperparameters import BY_NAME
from project.run_directory import OUTCOME, runs_below

_BEST = "best:"
# Its time and a word: 20261121-034512-7h3k.
_RUN_ID = f"{'[0-9]' * 8}-{'[0-9]' * 6}-????"
Completer = Callable[..., Iterable[str]]


def complete(parser: ArgumentParser) -> None:
    """Answer the shell, and end the process."""
    import argcomplete  # which is needed only here

    argcomplete.autocomplete(parser)


def one_of(values: Iterable[str]) -> Completer:
    """Completes one of some words."""
    return lambda **_: values


def runs(parsed_args: Namespace, prefix: str = "", **_: Any) -> list[str]:
    """What may stand for RUN: `last`, and the runs' ids, newest first; `best:` and scores."""
    if prefix.startswith(_BEST):
        return sorted({*_scores(_exp_dir(parsed_args))})
    found = (path.parts[-2] for path in _exp_dir(parsed_args).glob(f"*/{_RUN_ID}/record.json"))
    return ["last", _BEST, *sorted(found, reverse=True)]


def runs_and_experiments(parsed_args: Namespace, prefix: str = "", **_: Any) -> list[str]:
    """Runs, and experiments, which stand for all of theirs."""
    return [*runs(parsed_args, prefix), *experiments(parsed_args)]


def runs_and_files(parsed_args: Namespace, prefix: str, **_: Any) -> list[str]:
    """Runs, and paths."""
    from argcomplete.completers import FilesCompleter

    return [*runs(parsed_args, prefix), *FilesCompleter()(prefix)]


def experiments(parsed_args: Namespace, **_: Any) -> list[str]:
    """Names of experiments that have runs."""
    return sorted({run.parent.name for run in runs_below(_exp_dir(parsed_args))})


def _scores(exp_dir: Path) -> Iterator[str]:
    """`best:METRIC` and `best:EXPERIMENT/METRIC` of what ended runs have, but for single classes'.

    A run that can't be read has none: a shell shows no error.
    """
    for run in runs_below(exp_dir):
        with suppress(OSError, ValueError, AttributeError):
            outcome = read_json(run / OUTCOME)
            best = (outcome.get("best") or {}).get("metrics") or {}
            for name in [*best, *(outcome.get("test") or {})]:
                if "/" not in name:
                    yield from (f"{_BEST}{name}", f"{_BEST}{run.parent.name}/{name}")


def _exp_dir(parsed_args: Namespace) -> Path:
    given = getattr(parsed_args, "exp_dir", None)
    field = BY_NAME["exp_dir"]
    return Path(given or os.environ.get(field.metadata["env"]) or field.default)
