"""What git was told to overlook, or can't see, is part of the code state all the same."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from project.provenance._patch_from_nothing import from_nothing
from project.provenance.code import CodeState, with_imported
from project.provenance.imported import file_hash
from project.provenance.redact import Redactor
from tests.reproduction.repositories import commit, git, sources, state


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person without settings of git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A package, a table that is no source, and results, which are ignored."""
    repo = tmp_path / "repo"
    (repo / "project").mkdir(parents=True)
    (repo / "project" / "__init__.py").write_text("")
    (repo / "project" / "net.py").write_text("width = 1\n")
    (repo / "project" / "table.bin").write_bytes(b"\0\1")
    (repo / ".gitignore").write_text("/experiments/\n")
    (repo / "experiments").mkdir()
    (repo / "experiments" / "old.py").write_text("a copy of a former run's\n")
    git(repo, "init", "--quiet")
    commit(repo)
    return repo


def exclude(repo: Path, pattern: str) -> None:
    (repo / ".git" / "info" / "exclude").write_text(pattern + "\n")


def nested(repo: Path) -> None:
    (repo / "project" / "lib").mkdir()
    git(repo / "project" / "lib", "init", "--quiet")
    (repo / "project" / "lib" / "deep.py").write_text("depth = 2\n")
    commit(repo / "project" / "lib")


def same_size_and_time(repo: Path) -> None:
    """An edit that only reading shows to whoever does not look at the inode's time."""
    net = repo / "project" / "net.py"
    os.utime(net, (1e9, 1e9))
    git(repo, "config", "core.trustctime", "false")
    git(repo, "config", "core.checkStat", "minimal")
    git(repo, "update-index", "--refresh")
    net.write_text("width = 2\n")
    os.utime(net, (1e9, 1e9))


def replaced(repo: Path) -> None:
    """A commit that git shows in place of the one that the hash names."""
    first = git(repo, "rev-parse", "HEAD").strip()
    (repo / "project" / "net.py").write_text("width = 2\n")
    second = commit(repo)
    git(repo, "reset", "--quiet", "--soft", first)
    git(repo, "replace", first, second)
    git(repo, "reset", "--quiet")


def edit(repo: Path) -> None:
    (repo / "project" / "net.py").write_text("width = 2\n")


HIDDEN: dict[str, tuple[str, Callable[[Path], object]]] = {
    "assumed unchanged": (
        "project/net.py",
        lambda repo: [
            git(repo, "update-index", "--assume-unchanged", "project/net.py"),
            edit(repo),
        ],
    ),
    "skipped": (
        "project/net.py",
        lambda repo: [git(repo, "update-index", "--skip-worktree", "project/net.py"), edit(repo)],
    ),
    "both": (
        "project/net.py",
        lambda repo: [
            git(repo, "update-index", "--assume-unchanged", "project/net.py"),
            git(repo, "update-index", "--skip-worktree", "project/net.py"),
            edit(repo),
        ],
    ),
    "assumed to be there": (
        "project/net.py",
        lambda repo: [
            git(repo, "update-index", "--assume-unchanged", "project/net.py"),
            (repo / "project" / "net.py").unlink(),
        ],
    ),
    "no source, assumed unchanged": (
        "project/table.bin",
        lambda repo: [
            git(repo, "update-index", "--assume-unchanged", "project/table.bin"),
            (repo / "project" / "table.bin").write_bytes(b"\0\2"),
        ],
    ),
    "of the same size and time": ("project/net.py", same_size_and_time),
    "a replaced commit": ("project/net.py", replaced),
    "excluded": (
        "project/local.py",
        lambda repo: [
            exclude(repo, "local.py"),
            (repo / "project" / "local.py").write_text("width = 3\n"),
        ],
    ),
    "an excluded folder": (
        "project/private/net.py",
        lambda repo: [
            exclude(repo, "private/"),
            (repo / "project" / "private").mkdir(),
            (repo / "project" / "private" / "net.py").write_text("width = 3\n"),
        ],
    ),
    "an excluded package": (
        "mine/__init__.py",
        lambda repo: [
            exclude(repo, "mine"),
            (repo / "mine").mkdir(),
            (repo / "mine" / "__init__.py").write_text("width = 3\n"),
        ],
    ),
    "a nested repository": ("project/lib/deep.py", nested),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_hidden_changes_are_in_the_patch_and_refused(repo: Path, tmp_path: Path, how: str) -> None:
    assert state(repo).dirty is False
    name, hide = HIDDEN[how]
    hide(repo)
    found = state(repo)
    assert found.dirty is True and found.patch and found.unrecorded == {}
    with pytest.raises(ValueError, match=rf"has changes that no commit has \({name}\); commit"):
        found.check_clean(repo)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    git(other, "--no-replace-objects", "fetch", "--quiet", str(repo), "+refs/heads/*:refs/x/*")
    git(other, "checkout", "--quiet", "--detach", found.sha or "")
    (tmp_path / "code.patch").write_bytes(found.patch)
    git(other, "apply", str(tmp_path / "code.patch"))
    ours = {n: c for n, c in sources(repo).items() if ".git/" not in n and "experiments" not in n}
    assert sources(other) == ours


LINKS: dict[str, tuple[str, Callable[[Path, Path], object]]] = {
    "a tracked file": (
        "project/far.py",
        lambda repo, far: [(repo / "project" / "far.py").symlink_to(far / "far.py"), commit(repo)],
    ),
    "a tracked folder": (
        "project/ext/far.py",
        lambda repo, far: [(repo / "project" / "ext").symlink_to(far), commit(repo)],
    ),
    "an untracked folder": (
        "project/ext/far.py",
        lambda repo, far: (repo / "project" / "ext").symlink_to(far),
    ),
    "an excluded folder": (
        "project/ext/far.py",
        lambda repo, far: [exclude(repo, "ext"), (repo / "project" / "ext").symlink_to(far)],
    ),
    "what is ignored": (
        "project/far.py",
        lambda repo, far: [
            (repo / "experiments" / "far.py").write_bytes((far / "far.py").read_bytes()),
            (repo / "project" / "far.py").symlink_to("../experiments/far.py"),
            commit(repo),
        ],
    ),
}


@pytest.mark.parametrize("kind", LINKS)
def test_what_a_link_leads_to_is_hashed_and_refused(repo: Path, tmp_path: Path, kind: str) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "far.py").write_text("far = 1\n")
    name, link = LINKS[kind]
    link(repo, far)
    found = state(repo)
    assert found.dirty is True and found.unrecorded == {name: file_hash(far / "far.py")}
    assert f"sources that are not recorded: {name}" in found.not_recorded
    with pytest.raises(ValueError, match=name):
        found.check_clean(repo)
    assert found.describe()["unrecorded"] == found.unrecorded
    assert len(set(found.changed)) == len(found.changed)


def test_an_ignored_table_beside_the_sources_is_told(repo: Path) -> None:
    exclude(repo, "*.npy\n*.pyc\nnotes.txt")
    for name in ("weights.npy", "net.pyc", ".hidden.npy"):
        (repo / "project" / name).write_bytes(b"\0")
    for name in ("notes.txt", "picture.npy"):  # no package holds them
        (repo / name).write_bytes(b"\0")
    assert state(repo).not_recorded == [
        "untracked files not in the patch (no source, or too large): project/weights.npy"
    ]


def test_without_a_repository_links_are_hashed_too(tmp_path: Path) -> None:
    plain, far = tmp_path / "plain", tmp_path / "far"
    plain.mkdir()
    far.mkdir()
    (far / "far.py").write_text("far = 1\n")
    (plain / "ext").symlink_to(far)
    assert state(plain).unrecorded == {"ext/far.py": file_hash(far / "far.py")}


def test_what_is_honestly_another_in_the_tree_is_clean(repo: Path) -> None:
    (repo / ".gitattributes").write_text("*.py text eol=crlf ident\n")
    (repo / "project" / "id.py").write_text("# $Id$\n")
    (repo / "project" / "near.py").symlink_to("net.py")
    (repo / "project" / "same").symlink_to(".")
    commit(repo)
    for name in ("net.py", "id.py"):
        (repo / "project" / name).unlink()
    git(repo, "checkout", "--quiet", ".")
    assert b"\r\n" in (repo / "project" / "net.py").read_bytes()
    assert b"$Id: " in (repo / "project" / "id.py").read_bytes()
    found = state(repo)
    assert found == CodeState(sha=found.sha, branch=found.branch, dirty=False)
    found.check_clean(repo)


def test_a_sparse_checkout_is_clean_and_says_what_is_not_there(repo: Path) -> None:
    git(repo, "update-index", "--skip-worktree", "project/table.bin")
    (repo / "project" / "table.bin").unlink()
    found = state(repo)
    assert found.dirty is False and found.patch is None
    assert found.note == "files of the commit that are not checked out: project/table.bin"


def test_modules_from_elsewhere_are_recorded_and_refused(repo: Path, tmp_path: Path) -> None:
    found = state(repo)
    known = {"project/net.py": "00", "project/__init__.py": "00"}
    assert with_imported(found, known, Redactor({})) is found
    elsewhere = {str(tmp_path / "shared.py"): "ab", "experiments/old.py": "cd"}
    more = with_imported(found, known | elsewhere, Redactor({}))
    assert more.dirty is True and more.unrecorded == elsewhere
    with pytest.raises(ValueError, match=r"shared\.py, experiments/old\.py\)"):
        more.check_clean(repo)


def test_modules_of_a_submodule_are_its_commits(repo: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    (library / "a.py").write_text("a = 1\n")
    commit(library)
    allowed = ("-c", "protocol.file.allow=always")
    git(repo, *allowed, "submodule", "--quiet", "add", str(library), "lib")
    commit(repo)
    found = state(repo)
    assert with_imported(found, {"lib/a.py": "00"}, Redactor({})) is found


CONTENTS = {
    "a.py": b"a = 1\nb = 2\n",
    "one.py": b"a = 1\n",
    "open.py": b"no\nend",
    "empty.py": b"",
    "newline.py": b"\n",
    "win.py": b"a\r\nb\r\n",
    "latin.py": "é = 1\n".encode("latin-1"),
    "sub/na\u00efve file.py": b"x\n",
    'quo"te\\.py': b"x\n",
    "tab\tnew\nline.py": b"x\n",
    "zero.py": b"a\0b",
    "long.py": bytes(range(256)) * 40,
}


def test_a_patch_without_git_is_gits(tmp_path: Path) -> None:
    plain, other, index = tmp_path / "plain", tmp_path / "other", tmp_path / "index"
    for name, content in CONTENTS.items():
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_bytes(content)
    (plain / "a.py").chmod(0o755)
    (plain / "link.py").symlink_to("a.py")
    patch = from_nothing(plain, [*CONTENTS, "link.py"])
    other.mkdir()
    git(other, "init", "--quiet")
    (tmp_path / "code.patch").write_bytes(patch)
    git(other, "apply", "--whitespace=nowarn", str(tmp_path / "code.patch"))
    assert sources(other) == sources(plain)
    assert os.access(other / "a.py", os.X_OK) and (other / "link.py").is_symlink()
    # What git itself would have written of the same files.
    git(other, "add", "--all")
    command = ["git", "-c", "core.quotePath=true", "diff", "--cached", "--binary", "--full-index"]
    done = subprocess.run(command, cwd=other, capture_output=True, check=True)
    assert index.exists() is False and done.stdout == patch
