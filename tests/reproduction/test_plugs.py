"""Plugs from outside are put back as the run has kept them; masked copies only where need be."""

from pathlib import Path

import pytest
from blake3 import blake3

from project.provenance.plug_files import PlugFile
from project.reproduction.expected import Recorded
from project.reproduction.plugs import with_plugs
from project.reproduction.sources import Sources

# In two parts, so that this file holds no secret.
KEYED = b'api_key = "' + b'abcd1234efgh5678"\nwidth = 1\n'
MASKED = b'api_key = "***"\nwidth = 1\n'


def recorded(file: PlugFile, content: bytes) -> Recorded:
    """A run that has imported `mine/net.py` with this content, and kept that file."""
    sources = {file.path: blake3(content).hexdigest()}
    return Recorded("id", {"sources": sources}, None, None, {}, plugs={"mine/net.py": file})


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The recorded tree, the folder for the plugs, and the project's own."""
    folders = tmp_path / "tree", tmp_path / "plugs", tmp_path / "here"
    for folder in folders:
        folder.mkdir()
    return folders


def test_whatever_is_in_its_place_now_the_runs_own_is_taken(
    places: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    tree, plugs, here = places
    (tmp_path / "net.py").write_bytes(b"width = 9\n")
    file = PlugFile(str(tmp_path / "net.py"), b"width = 1\n")
    found = with_plugs(Sources(tree), recorded(file, file.content), plugs, here)
    assert (plugs / "mine" / "net.py").read_bytes() == b"width = 1\n"
    assert found.notes == ["code: taken from the run: plugs/mine/net.py"]
    assert (found.unproved, found.differences) == ([], [])
    assert found.python_path == f"{tree}:{plugs}"
    assert list(tree.iterdir()) == []


@pytest.mark.parametrize("now", [KEYED, KEYED + b"width = 2\n", None])
def test_a_masked_copy_gives_way_to_the_unchanged_file(
    places: tuple[Path, Path, Path], tmp_path: Path, now: bytes | None
) -> None:
    tree, plugs, here = places
    original = tmp_path / "net.py"
    if now:
        original.write_bytes(now)
    run = recorded(PlugFile(str(original), MASKED), KEYED)
    found = with_plugs(Sources(tree), run, plugs, here)
    unproved = "code: not proved, as secrets are masked in the run's copy of: plugs/mine/net.py"
    assert found.unproved == ([] if now == KEYED else [unproved])
    expected = KEYED if now == KEYED else MASKED
    assert (plugs / "mine" / "net.py").read_bytes() == expected


def test_what_git_ignores_in_the_project_is_put_there_but_through_no_link(
    places: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    tree, plugs, here = places
    (tree / "linked").symlink_to(tmp_path / "own")
    (tmp_path / "own").mkdir()
    for name in ("project/losses/far.py", "linked/far.py", "../up.py"):
        file = PlugFile(name, b"x = 1\n")
        with_plugs(Sources(tree), recorded(file, file.content), plugs, here)
    assert (tree / "project" / "losses" / "far.py").read_bytes() == b"x = 1\n"
    assert list((tmp_path / "own").iterdir()) == [] and not (tmp_path / "up.py").exists()


def test_the_persons_own_tree_is_only_read(places: tuple[Path, Path, Path]) -> None:
    _, plugs, here = places
    file = PlugFile("mine/net.py", b"x = 1\n")
    with_plugs(Sources(here), recorded(file, file.content), plugs, here)
    assert list(here.iterdir()) == []
