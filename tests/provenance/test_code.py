"""The code state: its patch brings a clean checkout to the same tree, whatever was changed."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from project.provenance import git as _git
from project.provenance.code import CodeState, code_state
from project.provenance.imported import file_hash
from project.provenance.redact import Redactor

TOKEN = "q7Zw-" "93kd-PLm2"
REDACTOR = Redactor({"MY_TOKEN": TOKEN})
BINARY = bytes(range(256)) * 20


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Content and executable bit of each file (a link's content is its target) outside .git."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = (os.readlink(path).encode(), False)
        elif path.is_file() and not name.startswith(".git/"):
            found[name] = (path.read_bytes(), os.access(path, os.X_OK))
    return found


def restored(repo: Path, state: CodeState, folder: Path) -> dict[str, tuple[bytes, bool]]:
    """The files after `git apply` on a clean checkout of the commit."""
    git(repo.parent, "clone", "-q", "--no-checkout", str(repo), str(folder))
    if state.sha:
        git(folder, "checkout", "-q", "--detach", state.sha)
    if state.patch:
        (folder.parent / "code.patch").write_bytes(state.patch)
        git(folder, "apply", "--whitespace=nowarn", str(folder.parent / "code.patch"))
    return files(folder)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person without settings of git but a name."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n name = A\n email = a@b.org\n[init]\n defaultBranch = main\n"
        # The machine's own guards and caches are left out of the tests.
        '[gc]\n auto = 0\n[protocol "file"]\n allow = always\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    (repo / "pkg").mkdir(parents=True)
    (repo / "model.py").write_text("".join(f"line {i}\n" for i in range(40)))
    (repo / "pkg" / "data.py").write_text("x = 1\n")
    (repo / "pkg" / "weights.bin").write_bytes(BINARY)
    (repo / ".gitignore").write_text("ignored.py\n/experiments/\n")
    git(repo, "init", "-q")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    return repo


def edit(path: Path) -> None:
    path.write_text(path.read_text().replace("line 20", "line twenty", 1) + "last, no newline")


def test_a_clean_tree_is_its_commit(repo: Path) -> None:
    sha = git(repo, "rev-parse", "HEAD")
    assert code_state(repo, REDACTOR) == CodeState(sha=sha, branch="main", dirty=False)


CHANGES: dict[str, Callable[[Path], object]] = {
    "modified": lambda repo: edit(repo / "model.py"),
    "deleted": lambda repo: (repo / "pkg" / "data.py").unlink(),
    "renamed": lambda repo: git(repo, "mv", "model.py", "net.py"),
    "renamed and edited": lambda repo: [git(repo, "mv", "model.py", "n.py"), edit(repo / "n.py")],
    "binary": lambda repo: (repo / "pkg" / "weights.bin").write_bytes(BINARY[::-1] + b"\0new"),
    "binary by a delta": lambda repo: (repo / "pkg" / "weights.bin").write_bytes(BINARY + b"end"),
    "staged": lambda repo: [edit(repo / "model.py"), git(repo, "add", "-A")],
    "staged, then edited": lambda repo: [
        edit(repo / "model.py"),
        git(repo, "add", "-A"),
        edit(repo / "model.py"),
    ],
    "staged binary": lambda repo: [
        (repo / "new.bin").write_bytes(BINARY),
        git(repo, "add", "-A"),
    ],
    "intent to add": lambda repo: [
        (repo / "new.txt").write_text("new\n"),
        git(repo, "add", "-N", "new.txt"),
    ],
    "untracked": lambda repo: (repo / "pkg" / "new.py").write_text("print('new')\n"),
    "untracked without newline": lambda repo: (repo / "new.py").write_text("a\nb"),
    "untracked empty": lambda repo: (repo / "new.py").write_text(""),
    "untracked in a new folder": lambda repo: [
        (repo / "a" / "b").mkdir(parents=True),
        (repo / "a" / "b" / "c.yaml").write_text("a: 1\n"),
    ],
    "untracked executable": lambda repo: [
        (repo / "go.sh").write_text("#!/bin/sh\n"),
        (repo / "go.sh").chmod(0o755),
    ],
    "untracked link": lambda repo: (repo / "link.py").symlink_to("model.py"),
    "untracked with zero bytes": lambda repo: (repo / "odd.py").write_bytes(b"a = '\0'\n"),
    "odd names": lambda repo: [
        (repo / name).write_text(name)
        for name in ("a b.py", "naïve.py", "new\nline.py", 'quo"te.py', "back\\slash.py", " -x .py")
    ],
    "Windows line ends": lambda repo: (repo / "win.py").write_bytes(b"a\r\nb \r\n"),
    "other encodings": lambda repo: (repo / "latin.py").write_bytes("é = 1\n".encode("latin-1")),
    "mode": lambda repo: (repo / "model.py").chmod(0o755),
    "file becomes link": lambda repo: [
        (repo / "model.py").unlink(),
        (repo / "model.py").symlink_to("pkg/data.py"),
    ],
    "detached": lambda repo: [git(repo, "checkout", "-q", "--detach"), edit(repo / "model.py")],
    "everything at once": lambda repo: [
        edit(repo / "model.py"),
        (repo / "pkg" / "data.py").unlink(),
        (repo / "pkg" / "weights.bin").write_bytes(b"\0\1"),
        (repo / "new.py").write_text("new\n"),
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_patch_restores_the_tree(repo: Path, tmp_path: Path, change: str) -> None:
    CHANGES[change](repo)
    before = (repo / ".git" / "index").read_bytes()
    state = code_state(repo, REDACTOR)
    assert state.dirty and state.patch and state.note is None
    assert state.branch == (None if change == "detached" else "main")
    assert restored(repo, state, tmp_path / "other") == files(repo)
    assert (repo / ".git" / "index").read_bytes() == before, "the repository must stay as it was"


def test_settings_and_environment_of_the_person_change_nothing(
    repo: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CHANGES["everything at once"](repo)
    CHANGES["odd names"](repo)
    expected = code_state(repo, REDACTOR)
    script = tmp_path / "other-diff"
    script.write_text("#!/bin/sh\necho broken\n")
    script.chmod(0o755)
    with (home / ".gitconfig").open("a") as file:
        file.write(
            "[color]\n ui = always\n diff = always\n"
            "[core]\n quotePath = false\n safecrlf = true\n pager = cat -n\n splitIndex = true\n"
            f"[core]\n fsmonitor = {script}\n"
            "[diff]\n noprefix = true\n mnemonicPrefix = true\n renames = false\n context = 0\n"
            f" external = {script}\n relative = true\n suppressBlankEmpty = true\n"
            " interHunkContext = 9\n ignoreSubmodules = all\n orderFile = /nowhere\n"
            f'[diff "py"]\n textconv = {script}\n command = {script}\n'
            "[status]\n showUntrackedFiles = no\n relativePaths = true\n short = true\n"
        )
    (repo / ".git" / "info" / "attributes").write_text("*.py diff=py\n")
    for name, value in {
        "GIT_DIR": "/nowhere",
        "GIT_INDEX_FILE": "/nowhere/index",
        "GIT_EXTERNAL_DIFF": str(script),
        "GIT_CONFIG_PARAMETERS": "'diff.noprefix=true'",
        "GIT_DIFF_OPTS": "--unified=0",
        "LC_ALL": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    assert code_state(repo, REDACTOR) == expected


def test_a_folder_in_the_repository_stands_for_the_whole(repo: Path, tmp_path: Path) -> None:
    CHANGES["everything at once"](repo)
    state = code_state(repo / "pkg", REDACTOR)
    assert state.folder == "pkg"
    assert replace(state, folder=".") == code_state(repo, REDACTOR)
    assert restored(repo, state, tmp_path / "other") == files(repo)


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
@pytest.mark.parametrize("staged", [False, True])
def test_before_the_first_commit_the_patch_has_every_file(
    tmp_path: Path, staged: bool, hash_name: str
) -> None:
    repo = tmp_path / "repo"
    git(tmp_path, "init", "-q", f"--object-format={hash_name}", str(repo))
    (repo / "main.py").write_text("print()\n")
    (repo / "naïve file.py").write_text("x = 1\n")
    if staged:
        git(repo, "add", "-A")
    state = code_state(repo, REDACTOR)
    assert (state.sha, state.branch, state.dirty) == (None, "main", True)
    assert state.source_blake3 and "no commit yet" in (state.note or "")
    (tmp_path / "other").mkdir()
    (tmp_path / "code.patch").write_bytes(state.patch or b"")
    git(tmp_path / "other", "apply", str(tmp_path / "code.patch"))
    assert files(tmp_path / "other") == files(repo)


def test_a_shallow_clone(repo: Path, tmp_path: Path) -> None:
    edit(repo / "model.py")
    git(repo, "commit", "-qam", "second")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", str(shallow))
    CHANGES["everything at once"](shallow)
    state = code_state(shallow, REDACTOR)
    assert state.sha == git(repo, "rev-parse", "HEAD") and state.remote == f"file://{repo}"
    assert restored(repo, state, tmp_path / "other") == files(shallow)


def test_a_merge_with_conflicts(repo: Path, tmp_path: Path) -> None:
    (repo / "pkg" / "data.py").write_text("x = 2\n")
    git(repo, "commit", "-qam", "ours")
    git(repo, "checkout", "-qb", "theirs", "HEAD~")
    (repo / "pkg" / "data.py").write_text("x = 3\n")
    git(repo, "commit", "-qam", "theirs")
    subprocess.run(["git", "merge", "-q", "main"], cwd=repo, capture_output=True)
    assert "<<<<<<<" in (repo / "pkg" / "data.py").read_text()
    state = code_state(repo, REDACTOR)
    assert state.dirty and restored(repo, state, tmp_path / "other") == files(repo)


def test_what_is_no_source_or_too_large_is_named(repo: Path, tmp_path: Path) -> None:
    before = files(repo)
    (repo / "notes.dat").write_text("x")
    (repo / ".env").write_text(f"TOKEN={TOKEN}")
    (repo / "ignored.py").write_text("x")
    (repo / "experiments").mkdir()
    (repo / "experiments" / "old.py").write_text("x")
    (repo / "ignored.py").unlink()
    state = code_state(repo, REDACTOR)
    assert state.dirty is False and state.patch is None
    assert state.note == (
        "untracked files not in the patch (no source, or too large): .env, notes.dat"
    )
    (repo / "table.py").write_text("#" * 2**20 + "\n")
    state = code_state(repo, REDACTOR)
    assert state.dirty is True, "it may be imported"
    assert state.lacks[0].endswith(".env, notes.dat, table.py")
    assert state.unrecorded == {"table.py": file_hash(repo / "table.py")}
    assert state.note == f"{state.lacks[0]}; sources that are not recorded: table.py"
    assert restored(repo, state, tmp_path / "other") == before


def test_many_names_are_cut_short(repo: Path) -> None:
    for i in range(8):
        (repo / f"{i}.dat").write_text("x")
    note = code_state(repo, REDACTOR).note
    assert note and note.endswith("0.dat, 1.dat, 2.dat, 3.dat, 4.dat and 3 more")


def test_secrets_in_text_are_replaced_and_the_rest_still_applies(
    repo: Path, tmp_path: Path
) -> None:
    (repo / "pkg" / "data.py").write_text(f"x = 2\nkey = {TOKEN!r}\n")
    (repo / "new file.py").write_text('password = "' f'hunter2hunter2"\n# {TOKEN}\ny = 1\n')
    state = code_state(repo, REDACTOR)
    assert state.patch and TOKEN.encode() not in state.patch and b"hunter2" not in state.patch
    assert state.note == (
        "secrets are replaced by *** in the patch, which may not apply to:"
        " 'new file.py', pkg/data.py"
    )
    tree = restored(repo, state, tmp_path / "other")
    assert tree["new file.py"][0] == b'password = "***"\n# ***\ny = 1\n'
    assert tree["pkg/data.py"][0] == b"x = 2\nkey = '***'\n"


@pytest.mark.parametrize("delta", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_binary_file_with_a_secret_is_left_out(
    repo: Path, tmp_path: Path, delta: bool, encoding: str
) -> None:
    secret = TOKEN.encode(encoding)
    before = BINARY if delta else b""
    (repo / "pkg" / "weights.bin").write_bytes(before + b"\0" + secret + b"\0")
    assert ("\ndelta " in git(repo, "diff", "--binary")) == delta
    edit(repo / "model.py")
    state = code_state(repo, REDACTOR)
    assert state.patch and b"GIT binary patch" not in state.patch
    assert state.note == "left out of the patch because they hold secrets: pkg/weights.bin"
    expected = files(repo) | {"pkg/weights.bin": (BINARY, False)}
    assert restored(repo, state, tmp_path / "other") == expected


def test_base85_that_looks_like_a_secret_stays(repo: Path, tmp_path: Path) -> None:
    # A known value of the environment may stand in base85 by chance; only the content counts.
    (repo / "pkg" / "weights.bin").write_bytes(os.urandom(4000))
    patch = code_state(repo, REDACTOR).patch or b""
    line = next(line for line in patch.splitlines() if line.startswith(b"z"))
    state = code_state(repo, Redactor({"MY_TOKEN": line[5:15].decode()}))
    assert state.patch == patch and state.note is None


@pytest.mark.parametrize(
    "url, expected",
    [
        (f"https://me:{TOKEN}@host.org/a.git", "https://***@host.org/a.git"),
        ("https://ghp_" + "a1B2" * 9 + "@github.com/a/b", "https://***@github.com/a/b"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
    ],
)
def test_the_remote_is_given_without_credentials(repo: Path, url: str, expected: str) -> None:
    git(repo, "remote", "add", "backup", "/elsewhere")
    assert code_state(repo, REDACTOR).remote == "/elsewhere"
    git(repo, "remote", "add", "origin", url)
    assert code_state(repo, REDACTOR).remote == expected


def test_changes_of_submodules_are_named(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "lib"))
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "lib"), "lib")
    git(repo, "commit", "-qm", "with a library")
    (repo / "lib" / "model.py").write_text("changed\n")
    state = code_state(repo, REDACTOR)
    assert state.dirty and state.patch is None
    assert state.note == "changes of submodules are not in the patch: lib"


def test_without_a_repository_the_patch_has_every_source_without_git_a_hash_stands_for_them(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    (plain / "sub" / "__pycache__").mkdir(parents=True)
    (plain / "a.py").write_text("a = 1\n")
    (plain / "sub" / "b.yaml").write_text("b: 2\n")
    first = code_state(plain, REDACTOR)
    assert first.sha is None and first.dirty is None
    assert first.note and first.note.startswith("git rev-parse: fatal: not a git repository")
    assert first.note.endswith("; the patch has every source file")
    (tmp_path / "other").mkdir()
    (tmp_path / "code.patch").write_bytes(first.patch or b"")
    git(tmp_path / "other", "apply", str(tmp_path / "code.patch"))
    assert files(tmp_path / "other") == files(plain)
    for name in ("data.bin", "sub/__pycache__/b.py", ".hidden.py"):
        (plain / name).write_text("no source")
    assert code_state(plain, REDACTOR) == first
    (plain / "sub" / "b.yaml").write_text("b: 3\n")
    changed = code_state(plain, REDACTOR)
    assert changed.source_blake3 != first.source_blake3
    (plain / "sub" / "b.yaml").rename(plain / "b.yaml")
    assert code_state(plain, REDACTOR).source_blake3 != changed.source_blake3

    monkeypatch.setenv("PATH", str(tmp_path))
    missing = code_state(repo, REDACTOR)
    assert missing.note == "git is not installed; the patch has every source file"
    assert missing.source_blake3 and missing.sha is None and missing.patch


def test_a_copy_that_the_repository_around_it_ignores_is_not_its_commit(repo: Path) -> None:
    copy = repo / "experiments" / "copy"
    copy.mkdir(parents=True)
    (copy / "a.py").write_text("a = 1\n")
    state = code_state(copy, REDACTOR)
    assert state.sha is None and state.source_blake3
    assert state.note and "is ignored by the git repository around it" in state.note


def test_a_repository_that_git_cannot_read(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"broken")
    state = code_state(repo, REDACTOR)
    assert state.note and state.note.startswith("git ls-files: ") and "\n" not in state.note
    assert state.source_blake3 and state.sha is None


def test_a_git_that_hangs_is_given_up(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_git, "_TIMEOUT", 0.0)
    note = code_state(repo, REDACTOR).note
    assert note and note.startswith("git rev-parse could not run:") and "timed out" in note


def test_description(repo: Path) -> None:
    edit(repo / "model.py")
    state = code_state(repo, REDACTOR)
    described = state.describe()
    assert described["patch"] == "code.patch" and len(described["patch_blake3"]) == 64
    assert described["sha"] == state.sha and described["dirty"] is True
    assert CodeState().describe() == dict.fromkeys(described) | {
        "folder": ".",
        "not_recorded": [],
        "unrecorded": {},
        "plugs": {},
    }
