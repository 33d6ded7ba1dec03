"""What a record says of the code that a process runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.provenance.plug_files import PlugFile
from project.run_directory import PATCH
from project.words.names import some


@dataclass(frozen=True)
class CodeState:
    """Which code a process runs.

    Attributes:
        sha: The commit, in hex; None without git or before the first commit.
        branch: None without git or with a detached HEAD.
        remote: URL of `origin` (or the first remote) without credentials.
        dirty: Whether a source that may run differs from the commit, whatever git was told to look
            for; None without git.
        patch: What `git apply` makes the commit (or an empty folder) the code with; None if clean.
        folder: Where the project is in the repository, and so in what the patch applies to.
        source_blake3: Hash of the source files, in hex, where no commit names them.
        about: Why there is no commit, in lines.
        lacks: What is in neither the commit nor the patch and why, in lines.
        unrecorded: BLAKE3, in hex, of each source that is in neither, by its name from the
            project's folder, or its whole path.
        plugs: Files of Python that were imported and are in neither, but are kept in the run, by
            their names below its `plugs/`.
        changed: Names of what makes it dirty.
        known: Names of the sources that are in the commit or the patch, from the project's folder.
    """

    sha: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: bytes | None = None
    folder: str = "."
    source_blake3: str | None = None
    about: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    unrecorded: Mapping[str, str] = field(default_factory=dict)
    plugs: Mapping[str, PlugFile] = field(default_factory=dict)
    changed: tuple[str, ...] = field(default=(), compare=False)
    known: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    @property
    def note(self) -> str | None:
        """What is missing from the above and why, in one line; None if nothing is."""
        return "; ".join([*self.about, *self.not_recorded]) or None

    @property
    def not_recorded(self) -> list[str]:
        """What no other machine could have of the code, a line each."""
        names = some(list(self.unrecorded))
        return [*self.lacks, *([f"sources that are not recorded: {names}"] if names else [])]

    def describe(self) -> dict[str, Any]:
        """The `code` entry of a run's record."""
        return {
            "sha": self.sha,
            "branch": self.branch,
            "remote": self.remote,
            "dirty": self.dirty,
            "patch": PATCH if self.patch else None,
            "patch_blake3": blake3(self.patch).hexdigest() if self.patch else None,
            "folder": self.folder,
            "source_blake3": self.source_blake3,
            "note": self.note,
            "not_recorded": self.not_recorded,
            "unrecorded": dict(self.unrecorded),
            "plugs": {name: file.describe() for name, file in self.plugs.items()},
        }

    def check_clean(self, root: Path) -> None:
        """Refuse what is not a commit's (`--require-clean`).

        Raises:
            ValueError: the code differs, or there is no commit; the message names the files.
        """
        if self.dirty is not False:
            names = f" ({some(list(self.changed))})" if self.changed else ""
            why = (
                f"has changes that no commit has{names}"
                if self.dirty
                else "is in no git repository"
            )
            raise ValueError(f"--require-clean: {root} {why}; commit them, or leave the flag out")
