"""Calling git so that neither the person's settings nor a hook's environment change its answers."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# The folder is about to be run as Python, so it is trusted whoever owns it (a mounted volume in a
# container belongs to another user). quotePath keeps odd file names readable for `git apply`.
_CONFIG = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    # Nothing is taken on trust: neither files nor folders that git has seen before.
    "core.ignoreStat=false",
    "core.untrackedCache=false",
    "core.quotePath=true",
    "core.safecrlf=false",
    "diff.suppressBlankEmpty=false",
    "diff.orderFile=/dev/null",
    # A person's hooks are for a person's checkouts.
    "core.hooksPath=/dev/null",
    "advice.detachedHead=false",
)
_OPTIONS = ["--no-pager", *(word for setting in _CONFIG for word in ("-c", setting))]
# A network disk that hangs must not hold up a run for ever.
_TIMEOUT = 120.0


class GitError(Exception):
    """Git gave no answer; the message is one line that says why."""


def git(folder: Path, *arguments: str, index: Path | None = None, stdin: bytes = b"") -> bytes:
    """The standard output of `git ARGUMENTS` run in `folder`, on another index file if given.

    Raises:
        GitError: git is not installed, failed, or did not answer within two minutes.
    """
    try:
        done = subprocess.run(
            ["git", *_OPTIONS, *arguments],
            cwd=folder,
            env=_environment(os.environ, index),
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git {arguments[0]} could not run: {error}") from error
    if done.returncode:
        raise GitError(f"git {arguments[0]}: {_why(done.stderr.decode(errors='replace'))}")
    return done.stdout


def _why(complaint: str) -> str:
    """The line of what git said that tells why it failed; hints may follow it."""
    lines = complaint.strip().splitlines() or ["failed"]
    return next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1])


def _environment(environ: Mapping[str, str], index: Path | None) -> dict[str, str]:
    kept = {k: v for k, v in environ.items() if not k.startswith("GIT_") or k == "GIT_EXEC_PATH"}
    kept |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    # What a partial clone lacks is lacking: nothing is fetched. (Git from 2.45 on.)
    kept["GIT_NO_LAZY_FETCH"] = "1"
    # A commit is what its hash says, not what `git replace` puts in its place.
    kept["GIT_NO_REPLACE_OBJECTS"] = "1"
    if index is None:
        return kept
    # A copy may keep what git learns when it looks at the files; the repository's may not.
    return kept | {"GIT_INDEX_FILE": str(index), "GIT_OPTIONAL_LOCKS": "1"}
