"""Commands as a person can paste them into the shell that they have used."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from project.cli.fields import flag_name
from project.hyperparameters import BY_NAME
from project.words.paths import brief


def command(module: str, *words: str) -> str:
    """The command line of `python -m project.<module>` with `words`, quoted."""
    return shlex.join([python(), "-m", f"project.{module}", *words])


def followed_by(what: str, *commands: str) -> str:
    """`what` is done by these commands, each in a line of its own that can be copied whole."""
    return "\n".join([f"{what}:", *(f"  {line}" for line in commands)])


@cache
def python() -> str:
    """This process's interpreter: as it was called, or `python` where the shell finds it so."""
    # A launcher calls it by its whole path, whatever the person has typed.
    for name in sorted((sys.orig_argv[0], "python"), key=os.path.isabs):
        if (found := shutil.which(name)) and _is_this(found):
            return name
    return sys.executable


def _is_this(path: str) -> bool:
    """Whether `path` is this interpreter, by its folder too: an environment links to another's."""
    folders = map(os.path.dirname, (path, sys.executable))
    return os.path.samefile(path, sys.executable) and os.path.samefile(*folders)


def exp_dir_flag(folder: Path) -> tuple[str, ...]:
    """The words by which a command finds the runs in `folder`: none where it looks by itself."""
    field = BY_NAME["exp_dir"]
    default = os.environ.get(field.metadata["env"]) or field.default
    return () if folder.resolve() == Path(default).resolve() else ("--exp-dir", brief(folder))


def as_flags(values: Mapping[str, Any]) -> Iterator[str]:
    """The words of a command line that give hyperparameters these values."""
    for name, value in values.items():
        flag = flag_name(name)
        if isinstance(value, bool):
            yield flag if value else f"--no-{flag[2:]}"
        else:
            yield flag
            yield from map(str, value if isinstance(value, (list, tuple)) else [value])
