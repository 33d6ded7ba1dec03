"""The recorded code is put together beside the person's tree, which nobody touches."""

import os
import subprocess
from pathlib import Path

import pytest

from project.provenance.commits import pack_commit
from project.provenance.git import GitError
from project.provenance.redact import Redactor
from project.reproduction import sources as module
from project.reproduction.sources import checkout
from tests.reproduction.repositories import commit, everything, git, sources, state

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made: it must be empty in the end."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository whose path and files have blanks and letters that are not ASCII."""
    repo = tmp_path / "a clône"
    (repo / "project").mkdir(parents=True)
    (repo / "project" / "a b.py").write_text("a = 1\n")
    (repo / "ü.py").write_text("".join(f"line {i}\n" for i in range(20)))
    (repo / "run.sh").write_text("true\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link.py").symlink_to("ü.py")
    (repo / ".gitignore").write_text("/experiments/\n")
    git(repo, "init", "--quiet")
    git(repo, "remote", "add", "origin", "https://example.org/x.git")
    commit(repo)
    return repo


def make_dirty(repo: Path) -> None:
    (repo / "ü.py").write_text("line 0\nanother\n")
    (repo / "project" / "new é.py").write_text("new = 1\n")
    (repo / "project" / "image.py").write_bytes(bytes(range(256)))
    (repo / "run.sh").unlink()


def throw_away(repo: Path) -> None:
    git(repo, "checkout", "--quiet", ".")
    git(repo, "clean", "--quiet", "--force", "-d")


def test_a_dirty_tree_that_was_thrown_away(repo: Path, scratch: Path) -> None:
    make_dirty(repo)
    then, files = state(repo), sources(repo)
    throw_away(repo)
    (repo / "ü.py").write_text("what the person does now\n")
    (repo / "staged.py").write_text("staged\n")
    git(repo, "add", "staged.py")
    before = everything(repo)
    with checkout(then.describe(), then.patch, repo) as first:
        with checkout(then.describe(), then.patch, repo) as second:  # two at once
            assert sources(first.folder) == sources(second.folder) == files
            assert os.access(first.folder / "project", os.X_OK)
            assert (first.folder / "link.py").is_symlink()
            assert first.notes == [] and first.differences == []
            # A run there records the same.
            now = state(first.folder)
    assert (now.sha, now.patch, now.remote) == (then.sha, then.patch, then.remote)
    assert everything(repo) == before
    assert len(git(repo, "worktree", "list").splitlines()) == 1
    assert list(scratch.iterdir()) == []


def test_from_a_folder_of_the_repository(repo: Path) -> None:
    make_dirty(repo)
    then = state(repo / "project")
    throw_away(repo)
    with checkout(then.describe(), then.patch, repo / "project") as found:
        assert (found.folder / "new é.py").read_text() == "new = 1\n"
        assert found.folder.name == "project"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_what_was_stopped(
    repo: Path, scratch: Path, error: type[BaseException]
) -> None:
    then, before = state(repo), everything(repo)
    with pytest.raises(error):
        with checkout(then.describe(), None, repo):
            raise error
    assert list(scratch.iterdir()) == [] and everything(repo) == before


@pytest.mark.parametrize("command", ["init", "read-tree", "checkout-index", "apply"])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_full_disk_or_ctrl_c_while_it_is_put_together(
    repo: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, command: str, stopped: bool
) -> None:
    make_dirty(repo)
    then = state(repo)
    throw_away(repo)
    before, real = everything(repo), module.git

    def failing(folder: Path, *arguments: str, **options: bytes) -> bytes:
        if arguments[0] == command and stopped:
            raise KeyboardInterrupt
        if arguments[0] == command:
            raise GitError(f"git {command}: fatal: No space left on device")
        return real(folder, *arguments, **options)

    monkeypatch.setattr(module, "git", failing)
    with pytest.raises(KeyboardInterrupt if stopped else ValueError) as caught:
        with checkout(then.describe(), then.patch, repo):
            pytest.fail("it was not put together")
    assert stopped or "No space left on device" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 1
    assert list(scratch.iterdir()) == [] and everything(repo) == before


def test_a_patch_that_does_not_apply(repo: Path, scratch: Path) -> None:
    then = state(repo).describe()
    patch = b"diff --git a/none.py b/none.py\n--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(ValueError, match="code.patch does not apply to its commit: .*none.py"):
        with checkout(then, patch, repo):
            pytest.fail("it does not apply")
    assert list(scratch.iterdir()) == []


def test_a_commit_that_is_gone(repo: Path, tmp_path: Path) -> None:
    then = state(repo).describe()
    for here in (tmp_path / "other", tmp_path / "plain"):
        here.mkdir()
        if here.name == "other":
            git(here, "init", "--quiet")
        with pytest.raises(ValueError, match=f"commit {then['sha']} is not in .*: fetch it"):
            with checkout(then, None, here):
                pytest.fail("it is gone")


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_a_commit_from_the_runs_archive(tmp_path: Path, hash_name: str) -> None:
    repo, here, packed = tmp_path / "repo", tmp_path / "here", tmp_path / "source"
    repo.mkdir()
    git(repo, "init", "--quiet", f"--object-format={hash_name}")
    (repo / "old.py").write_text("of another commit\n")
    commit(repo)
    (repo / "old.py").unlink()
    (repo / "sub").mkdir()
    (repo / "sub" / "a.py").write_text("a = 1\n")
    (repo / "sub" / "key.py").write_text('api_key = "' 'abcd1234efgh5678"\n')
    (repo / "key.bin").write_bytes(b"\0password=" b"hunter2-hunter2\n")
    sha = commit(repo)
    lines = pack_commit(repo / "sub", sha, packed, Redactor({}))
    assert lines == [
        "not in the archive (binary, with secrets): key.bin",
        "secrets are replaced by *** in: sub/key.py",
    ]
    look, pack = _empty(tmp_path / "look", hash_name), (packed / "commit.pack").read_bytes()
    subprocess.run(["git", "unpack-objects", "-q"], cwd=look, input=pack, check=True)
    objects = git(look, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    contents = [git(look, "cat-file", "-p", name) for name in objects]
    # The commit, its two trees, and the one file without secrets; none of what was before.
    assert len(contents) == 4 and not any("hunter2" in c or "another" in c for c in contents)

    (repo / "sub" / "a.py").write_text("a = 2\n")
    then = state(repo)
    _empty(here, hash_name)
    before = everything(here)
    with checkout(then.describe(), then.patch, here, packed) as found:
        assert found.notes == [
            f"code: commit {sha[:12]} is not here, its copy in the run's archive is taken"
        ]
        assert sources(found.folder) == {
            "sub/a.py": b"a = 2\n",
            "sub/key.py": b'api_key = "***"\n',
        }
        assert state(found.folder).patch == then.patch
    assert everything(here) == before


def _empty(folder: Path, hash_name: str) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", f"--object-format={hash_name}")
    return folder


def test_an_archives_code_is_proved_by_the_commit(repo: Path, tmp_path: Path) -> None:
    packed, then = tmp_path / "source", state(repo)
    pack_commit(repo, then.sha or "", packed, Redactor({}))
    content = bytearray((packed / "commit.pack").read_bytes())
    # Header, objects, and the pack's own hash at its end.
    for at in (0, 5, 9, 14, len(content) // 2, len(content) - 20, len(content) - 1):
        changed = bytearray(content)
        changed[at] ^= 1
        (packed / "commit.pack").write_bytes(changed)
        with pytest.raises(ValueError, match="code can't be put into"):
            with checkout(then.describe(), None, tmp_path, packed):
                pytest.fail("it was changed")


@pytest.mark.parametrize("kind", ["no git", "no commit", "no commit, sha256"])
def test_code_without_a_commit(tmp_path: Path, kind: str) -> None:
    repo = tmp_path / "a folder"
    repo.mkdir()
    if kind != "no git":
        git(repo, "init", "--quiet", f"--object-format={'sha256' if '256' in kind else 'sha1'}")
    (repo / "project").mkdir()
    (repo / "project" / "a.py").write_text("a = 1\n")
    (repo / "binary.py").write_bytes(bytes(range(256)))
    then, files = state(repo), sources(repo)
    assert then.sha is None and then.patch
    with checkout(then.describe(), then.patch, repo) as found:
        assert found.folder == repo  # it is what it was
    (repo / "project" / "a.py").write_text("a = 2\n")
    before = everything(repo)
    with checkout(then.describe(), then.patch, repo) as found:
        assert sources(found.folder) == files
        assert found.differences == []
    assert everything(repo) == before
    with pytest.raises(ValueError, match="only with the sources of [0-9a-f]{12} can it be"):
        with checkout(then.describe() | {"patch": None}, None, repo):
            pytest.fail("there is no patch")


def test_what_the_patch_of_a_folder_lacks_is_a_difference(tmp_path: Path) -> None:
    repo = tmp_path / "plain"
    repo.mkdir()
    (repo / "a.py").write_text('password = "' 'hunter2-hunter2"\n')
    then = state(repo)
    (repo / "a.py").write_text("")
    with checkout(then.describe(), then.patch, repo) as found:
        (line,) = found.differences
    assert line.startswith("code: code.patch does not hold all of it (") and "a.py" in line


def test_what_a_commit_only_points_to_is_told(repo: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library)
    git(
        repo, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(library), "lib"
    )
    (repo / ".gitattributes").write_text("*.bin filter=lfs\n")
    (repo / "w.bin").write_text(POINTER)
    commit(repo)
    (repo / "w.bin").write_text(POINTER.replace("size 1", "size 2"))
    then = state(repo)
    assert then.note == "of files in Git LFS only the pointers are in the patch: w.bin"
    with checkout(then.describe(), then.patch, repo) as found:
        assert found.notes == [
            "not covered: the content of submodules (lib)",
            "not covered: the content of files in Git LFS (w.bin)",
        ]
    assert "not in the archive (submodules): lib" in pack_commit(
        repo, then.sha or "", tmp_path / "source", Redactor({})
    )


def test_a_secret_in_a_commits_message_stays(repo: Path, tmp_path: Path) -> None:
    git(repo, "commit", "--quiet", "--allow-empty", "-m", "password = " "hunter2-hunter2")
    sha = git(repo, "rev-parse", "HEAD").strip()
    with pytest.raises(GitError, match="the message of commit .* holds a secret"):
        pack_commit(repo, sha, tmp_path / "source", Redactor({}))
    assert not (tmp_path / "source").exists()
