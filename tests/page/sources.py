"""Where a test's page comes from: a server, or a file. Both have the same runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from project.compare import main
from project.comparison import acting, description


@dataclass
class Source:
    """Pages of the runs in a folder.

    Attributes:
        exp_dir: the folder of the runs; beside it lies their repository.
        url: the server's; empty for files.
        pages: the folder of the files, which are written once.
    """

    exp_dir: Path
    url: str
    pages: Path
    _written: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        return not self.url

    @property
    def hosts(self) -> set[str]:
        """Whom the page may ask for anything."""
        return {""} if self.is_file else {urlsplit(self.url).netloc}

    def ids(self, experiment: str = "trial") -> list[str]:
        """The ids of an experiment's runs, the oldest first."""
        return sorted(path.name for path in (self.exp_dir / experiment).iterdir())

    def address(self, *runs: str, **state: str | int) -> str:
        """The page of these runs (none: of all of `trial`), as the address says it is seen."""
        told = "&".join(f"{name}={value}" for name, value in state.items())
        named = runs or tuple(self.ids())
        if self.is_file:
            return f"{self.file(*named)}#{told}"
        return f"{self.url}/compare?runs={','.join(named)}&{told}"

    def file(self, *arguments: str) -> str:
        """The address of what `compare ARGUMENTS --html` writes."""
        if arguments not in self._written:
            path = self.pages / f"{len(self._written)}.html"
            original = description.describe
            repository = self.exp_dir.parent / "repo"
            with pytest.MonkeyPatch.context() as patch:
                told = {"repository": repository}
                patch.setattr(acting, "describe", lambda *a, **k: original(*a, **k | told))
                command = [*arguments, "--exp-dir", str(self.exp_dir), "--html", str(path)]
                assert main(command) == 0
            self._written[arguments] = path.as_uri()
        return self._written[arguments]
