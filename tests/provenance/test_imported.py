"""The sources that a process has imported, each with the hash of what it is."""

import importlib
import sys
from functools import cache
from pathlib import Path

import numpy  # noqa: F401, an installed one
import pytest
from blake3 import blake3

from project.provenance.imported import (
    hashes_now,
    imported_files,
    imported_sources,
)
from project.words.places import installed

ROOT = Path(__file__).parents[2]


def test_own_modules_are_hashed_and_installed_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_of_all.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("outside_of_all")
    try:
        found = imported_sources(ROOT)
    finally:
        del sys.modules["outside_of_all"]
    ours = "project/provenance/imported.py"
    assert found[ours] == blake3((ROOT / ours).read_bytes()).hexdigest()
    assert found[str(tmp_path / "outside_of_all.py")] == blake3(b"VALUE = 1\n").hexdigest()
    # Neither Python's, nor numpy's, wherever the virtual environment lies.
    assert not [name for name in found if name.endswith(("/os.py", "numpy/__init__.py"))]
    assert "project/compare.py" not in found or "project.compare" in sys.modules


def test_distributions_on_pythonpath_are_installed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_of_all-1.0.dist-info").mkdir()
    (tmp_path / "outside_of_all.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    again = cache(installed.__wrapped__)
    monkeypatch.setattr("project.provenance.imported.installed", again)
    importlib.import_module("outside_of_all")
    try:
        found = imported_sources(ROOT)
    finally:
        del sys.modules["outside_of_all"]
    assert str(tmp_path / "outside_of_all.py") not in found
    assert "project/provenance/imported.py" in found


def test_a_module_that_loads_when_it_is_looked_at_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lazy(type(sys)):
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was looked at")

    lazy = Lazy("lazy")
    del lazy.__spec__
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    monkeypatch.setitem(sys.modules, "none", None)
    assert imported_files()


def test_what_became_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    outside = tmp_path / "b.py"
    outside.write_bytes(b"b")
    now = hashes_now(["a.py", str(outside), "gone.py"], tmp_path)
    assert now == {
        "a.py": blake3(b"a").hexdigest(),
        str(outside): blake3(b"b").hexdigest(),
        "gone.py": None,
    }
