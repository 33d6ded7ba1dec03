"""What a run has imported after its record was written, as a plug may at its first step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from project.provenance import plug_files, stages
from project.provenance.code import CodeState, with_imported
from project.provenance.imported import imported_sources
from project.provenance.plug_files import PlugFile
from project.provenance.redact import Redactor


@dataclass(frozen=True)
class Later:
    """Such sources.

    Attributes:
        sources: the hash of each, as `imported_sources` has them.
        plugs: those that the run keeps, by their names below its `plugs/`.
        lacks: what of them it does not keep, in lines.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    plugs: Mapping[str, PlugFile] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()

    @classmethod
    def of(cls, directory: Path, outcome: Mapping[str, Any]) -> Later:
        """What an earlier outcome of the run in `directory` tells.

        Raises:
            ValueError: a file that it names is missing, or another one.
        """
        plugs = plug_files.read(directory, outcome.get("plugs") or {})
        return cls(outcome.get("sources") or {}, plugs)

    def with_more(self, other: Later | None) -> Later:
        """Both."""
        other = other or Later()
        sources = {**self.sources, **other.sources}
        return Later(sources, {**self.plugs, **other.plugs}, (*self.lacks, *other.lacks))

    def describe(self) -> dict[str, Any]:
        """What the outcome says of them."""
        plugs = {name: file.describe() for name, file in self.plugs.items()}
        return {"sources": dict(self.sources), "plugs": plugs}


def imported_later(
    directory: Path, record: Mapping[str, Any], code: CodeState, root: Path
) -> Later:
    """What this process has imported and its run's record does not tell, as it is now.

    Args:
        directory: of the run.
        record: of it.
        code: of the process's start.
        root: the folder that holds `project/`.
    """
    redactor, known = Redactor(), record["code"]["plugs"]
    with suppress(OSError, ValueError):  # the outcome is worth more than this
        then = stages.standing(record, stages.read_stages(directory))["sources"]
        now = imported_sources(root) if then else {}
        more = {name: found for name, found in now.items() if redactor.redact(name) not in then}
        found = with_imported(replace(code, lacks=()), more, redactor, root)
        plugs = {name: file for name, file in found.plugs.items() if name not in known}
        lost = {n: h for n, h in found.unrecorded.items() if n not in code.unrecorded}
        sources = {redactor.redact(name): content for name, content in more.items()}
        return Later(sources, plugs, tuple(replace(found, unrecorded=lost).not_recorded))
    return Later()
