"""The diff between two runs' code, beside git's own between commits of the same states."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from project.comparison.code import compare_code
from project.comparison.loading import check_unchanged, load
from project.provenance.code import code_state
from project.provenance.plug_files import PlugFile, contents
from project.provenance.redact import Redactor
from tests.comparison.store import begin, edit, git, make, recorded

Change = Callable[[Path], None]


def change_nothing(repo: Path) -> None:
    pass


def change_a_file(repo: Path) -> None:
    (repo / "a.py").write_text("one\ntwo\nthree\n")


def add_a_file(repo: Path) -> None:
    (repo / "new name.py").write_text("new\n")


def change_bytes(repo: Path) -> None:
    (repo / "image.bin").write_bytes(bytes(range(255, -1, -1)) * 9)


def move_a_file(repo: Path) -> None:
    (repo / "b.py").rename(repo / "\u00fc.py")


def delete_and_link(repo: Path) -> None:
    (repo / "a.py").unlink()
    (repo / "link.py").symlink_to("b.py")


CHANGES = [change_nothing, change_a_file, add_a_file, change_bytes, move_a_file, delete_and_link]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "a.py").write_text("one\ntwo\n")
    (repo / "b.py").write_text("".join(f"line {i}\n" for i in range(30)))
    (repo / "image.bin").write_bytes(bytes(range(256)) * 9)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    return repo


def state(repo: Path) -> tuple[Any, ...]:
    """All that a comparison must leave as it is."""
    files = {p: p.read_bytes() for p in sorted(repo.rglob("*")) if p.is_file()}
    return files, git(repo, "stash", "list"), git(repo, "status", "--porcelain")


def run_of(repo: Path, change: Change, exp_dir: Path) -> tuple[Path, str]:
    """A run of the changed tree, and git's name of a commit of the same; the change is undone."""
    change(repo)
    run = make(exp_dir, **recorded(repo))
    copy = exp_dir.parent / f"copy of {run.name}"
    git(exp_dir.parent, "clone", "-q", str(repo), str(copy))
    git(copy, "rm", "-rq", ".")
    for path in repo.iterdir():
        if path.name != ".git":
            os.link(path, copy / path.name, follow_symlinks=False)
    git(copy, "add", "-A")
    tree = git(copy, "write-tree").strip()
    commit = git(copy, "commit-tree", tree, "-m", "as it was").strip()
    git(repo, "fetch", "-q", str(copy), f"{commit}:refs/heads/{run.name}")
    git(repo, "reset", "-q", "--hard")
    git(repo, "clean", "-fdq")
    return run, commit


@pytest.mark.parametrize(
    "before, after", [*zip(CHANGES, CHANGES[1:] + CHANGES[:1], strict=True), (add_a_file,) * 2]
)
def test_the_diff_is_gits_own(repo: Path, before: Change, after: Change, tmp_path: Path) -> None:
    first, first_commit = run_of(repo, before, tmp_path / "exp")
    second, second_commit = run_of(repo, after, tmp_path / "exp")
    untouched = state(repo)
    found = compare_code([load(first), load(second)], ["a", "b"], repo)
    assert state(repo) == untouched
    assert found["problems"] == []
    trees = [git(repo, "rev-parse", f"{c}^{{tree}}").strip() for c in (first_commit, second_commit)]
    assert found["trees"] == trees
    if before == after:
        assert found["diffs"] == []
        return
    (diff,) = found["diffs"]
    assert (diff["from"], diff["to"]) == (["a"], ["b"])
    expected = git(repo, "diff", "--find-renames", "--full-index", *trees)
    assert diff["text"] == expected
    names = git(repo, "diff", "--find-renames", "--name-only", "-z", *trees).split("\0")[:-1]
    assert [f["name"].split(" => ")[-1] for f in diff["files"]] == names


def test_lines_are_counted(repo: Path, tmp_path: Path) -> None:
    first, _ = run_of(repo, change_a_file, tmp_path / "exp")  # a line more than the commit
    second, _ = run_of(repo, change_bytes, tmp_path / "exp")
    (diff,) = compare_code([load(first), load(second)], ["a", "b"], repo)["diffs"]
    assert diff["files"] == [
        {"name": "a.py", "added": 0, "removed": 1},
        {"name": "image.bin", "added": None, "removed": None},
    ]


def test_a_committed_change_is_the_same_as_an_uncommitted_one(repo: Path, tmp_path: Path) -> None:
    change_a_file(repo)
    first = make(tmp_path / "exp", **recorded(repo))
    git(repo, "commit", "-qam", "second")
    second = make(tmp_path / "exp", **recorded(repo))
    found = compare_code([load(first), load(second)], ["a", "b"], repo)
    assert found["diffs"] == [] and found["trees"][0] == found["trees"][1] is not None


def test_one_run_is_compared_with_its_commit(repo: Path, tmp_path: Path) -> None:
    run, commit = run_of(repo, change_a_file, tmp_path / "exp")
    (diff,) = compare_code([load(run)], ["a"], repo)["diffs"]
    assert diff["text"] == git(repo, "diff", "--full-index", "HEAD", commit)


def test_before_the_first_commit_the_patch_is_everything(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "a.py").write_text("one\n")
    run = make(tmp_path / "exp", **recorded(repo))
    found = compare_code([load(run)], ["a"], repo)
    git(repo, "add", "-A")
    assert found["trees"] == [git(repo, "write-tree").strip()] and not found["problems"]


def test_a_commit_that_is_gone_is_named(repo: Path, tmp_path: Path) -> None:
    here, _ = run_of(repo, change_a_file, tmp_path / "exp")
    gone = make(tmp_path / "exp", code={"sha": "ab" * 20, "dirty": False})
    found = compare_code([load(gone), load(here), load(gone)], ["a", "b", "c"], repo)
    assert found["problems"] == [
        f"the code of {gone.name} can't be put together:"
        f" commit {'ab' * 20} is not in this repository (any more)"
    ]
    assert found["trees"][0] is None and found["trees"][1] is not None


def test_of_a_patch_that_does_not_apply_the_rest_is_compared(repo: Path, tmp_path: Path) -> None:
    clean, _ = run_of(repo, change_nothing, tmp_path / "exp")
    change_a_file(repo)
    add_a_file(repo)
    code = recorded(repo)
    # A line that is only there for context is another, and the part does not fit.
    code["patch"] = code["patch"].replace(b" two\n", b" three\n")
    run = make(tmp_path / "exp", **code)
    edit(run, "record.json")
    git(repo, "reset", "-q", "--hard")
    git(repo, "clean", "-fdq")
    found = compare_code([load(clean), load(run)], ["a", "b"], repo)
    assert found["problems"] == [
        f"the code.patch of {run.name} doesn't apply to its commit in a.py"
    ]
    assert [file["name"] for file in found["diffs"][0]["files"]] == ["new name.py"]
    assert found["trees"][1] is None


def test_without_git_there_is_a_line(tmp_path: Path) -> None:
    run = make(tmp_path / "exp", code={"sha": None, "source_blake3": "ab"})
    (problem,) = compare_code([load(run)], ["a"], tmp_path)["problems"]
    assert problem.startswith("the code can't be compared: git rev-parse: fatal: not a git")


def test_code_known_by_a_hash_alone_has_no_diff(repo: Path, tmp_path: Path) -> None:
    run = make(tmp_path / "exp", code={"sha": None, "source_blake3": "ab"})
    (problem,) = compare_code([load(run)], ["a"], repo)["problems"]
    assert problem.endswith("no commit was recorded, only a hash of the source files")


def test_a_changed_plug_from_outside_is_shown_like_code(repo: Path, tmp_path: Path) -> None:
    code = code_state(repo, Redactor({}))
    runs = []
    for text in ("width = 1\n", "width = 2\n"):
        plugs = {"mine/net.py": PlugFile("/elsewhere/mine/net.py", text.encode())}
        changed = replace(code, plugs=plugs)
        run = begin(tmp_path / "exps", code=changed.describe(), plugs=contents(plugs))
        run.finish("finished", epochs=1, steps=1)
        runs.append(load(run.directory))
    found = compare_code(runs, ["1", "2"], repo)
    (diff,) = found["diffs"]
    assert diff["files"] == [{"name": "plugs/mine/net.py", "added": 1, "removed": 1}]
    assert "-width = 1\n+width = 2\n" in diff["text"] and found["problems"] == []
    path = runs[0].directory / "plugs" / "mine" / "net.py"
    path.chmod(0o644)
    path.write_text("width = 3\n")
    with pytest.raises(ValueError, match="net.py is not the file that was recorded"):
        check_unchanged(runs[0])
