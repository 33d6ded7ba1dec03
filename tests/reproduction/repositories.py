"""Small repositories of a person's, and what must never change in them."""

import os
import subprocess
from pathlib import Path

from project.provenance.code import CodeState, code_state
from project.provenance.redact import Redactor


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, text=True, capture_output=True).stdout


def commit(folder: Path) -> str:
    """Commit all there is; returns the hash."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "a commit")
    return git(folder, "rev-parse", "HEAD").strip()


def state(folder: Path) -> CodeState:
    """What a run in `folder` records of its code."""
    return code_state(folder, Redactor({}))


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of each file below `folder`, those of `.git` included."""
    found = {}
    for path in folder.rglob("*"):
        content = os.readlink(path).encode() if path.is_symlink() else b""
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (content, path.lstat().st_mtime_ns)
    return found


def sources(folder: Path) -> dict[str, bytes]:
    """The files below `folder` but for git's own."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(n): p.read_bytes() for n, p in files.items() if n.parts[0] != ".git"}
