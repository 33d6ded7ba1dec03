"""What is made of a run after its end: whole or absent, sealed, and known to `verify`."""

import errno
import os
from pathlib import Path

import pytest

from project.provenance import after
from project.provenance.inventory import strays
from project.provenance.run import Run
from project.run_directory import AFTER
from tests.provenance.records import RECORD


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = Run.create(
        tmp_path, "trial", RECORD, patch=None, requirements="a==1\n", manifest=b"files"
    )
    run.finish("finished", test={}, epochs=1, steps=1)
    return run.directory


def make(run: Path, content: str = "a", **how: bool) -> Path:
    target = after.place(run, "card")
    with after.making(target, run, **how) as folder:
        (folder / "figures").mkdir()
        (folder / "card.md").write_text(content)
        (folder / "figures" / "a.png").write_bytes(b"png")
    return target


def test_it_is_whole_sealed_and_no_stray(run: Path) -> None:
    target = make(run)
    assert after.made(run) == [target] and after.is_of(target, run)
    assert after.changes(target) == []
    assert after.names(run) == {
        f"after/card/{n}" for n in ("seal.json", "card.md", "figures/a.png")
    }
    assert not any(p.stat().st_mode & 0o222 for p in target.rglob("*") if p.is_file())
    known = {p.name for p in run.iterdir() if p.is_file()} | after.names(run)
    assert strays(run, known) == []


def test_every_change_is_named(run: Path) -> None:
    target = make(run)
    (target / "card.md").chmod(0o644)
    (target / "card.md").write_text("b")
    assert after.changes(target) == ["card.md was changed"]
    (target / "figures" / "a.png").unlink()
    assert after.changes(target) == ["figures/a.png is missing", "card.md was changed"]
    (target / "more").touch()
    assert "after/card/more is no part of the run" in strays(run, after.names(run))
    (target / "card.md").unlink()
    (target / "card.md").symlink_to("/etc/passwd")
    assert after.changes(target) == [
        "card.md is a link to /etc/passwd, not the file that the run had"
    ]
    (target / "seal.json").chmod(0o644)
    text = (target / "seal.json").read_text()
    (target / "seal.json").write_text(text.replace(run.name, "x" * len(run.name)))
    assert after.changes(target) == ["seal.json was changed"]
    for text in ("[1", "3", '{"files": 3, "of": 1, "seal": "x"}'):
        (target / "seal.json").write_text(text)
        assert after.changes(target)[0].startswith("seal.json was changed")
        assert after.names(run) == {"after/card/seal.json"}


def test_what_is_there_stays_unless_it_is_to_be_replaced(run: Path) -> None:
    target = make(run)
    with pytest.raises(ValueError, match="is there already: --replace makes it anew"):
        make(run, "b")
    assert (target / "card.md").read_text() == "a"
    make(run, "b", replace=True)
    assert (target / "card.md").read_text() == "b" and after.changes(target) == []
    assert os.listdir(run / AFTER) == ["card"]


def test_a_folder_of_something_else_is_never_replaced(run: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.tex").touch()
    with pytest.raises(ValueError, match="was not made by this"):
        with after.making(own, run, replace=True):
            raise AssertionError
    assert os.listdir(own) == ["thesis.tex"]


def test_nothing_is_left_of_what_fails_or_was_killed(run: Path, tmp_path: Path) -> None:
    def failing(target: Path) -> None:
        with pytest.raises(OSError, match="No space left"):
            with after.making(target, run) as folder:
                (folder / "half").touch()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "half")

    failing(after.place(run, "card"))
    failing(tmp_path / "new" / "deep" / "card")
    assert not (run / AFTER).exists() and not (tmp_path / "new").exists()
    (run / AFTER / ".card.a1b2c3d4").mkdir(parents=True)  # as kill -9 leaves it
    (run / AFTER / ".card.a1b2c3d4" / "half").touch()
    assert strays(run, {p.name for p in run.iterdir() if p.is_file()}) == []
    make(run)
    assert os.listdir(run / AFTER) == ["card"]


def test_two_at_once_do_not_delete_each_others(run: Path) -> None:
    target = after.place(run, "card")
    with pytest.raises(ValueError, match="is there already"):
        with after.making(target, run) as slow:
            (slow / "slow").touch()
            make(run)
            assert (slow / "slow").exists()
    assert after.changes(target) == [] and (target / "card.md").exists()
    assert os.listdir(run / AFTER) == ["card"]


def test_a_run_that_went_on_since_is_another_one(run: Path) -> None:
    target = make(run)
    (run / "outcome.json").chmod(0o644)
    (run / "outcome.json").write_text("{}")
    assert not after.is_of(target, run) and after.changes(target) == []
    (run / "outcome.json").unlink()
    with pytest.raises(ValueError, match="has not ended"):
        make(run, replace=True)
