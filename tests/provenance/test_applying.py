"""A redacted patch applies again, as far as what was redacted is the commit's."""

import subprocess
from pathlib import Path

import pytest

from project.provenance.applying import applicable
from project.provenance.code import code_state
from project.provenance.redact import Redactor


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, check=True, capture_output=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    lines = [f"line {i}" for i in range(20)]
    lines[3] = 'password = "' 'hunter2-hunter2"'
    lines[12] = "url = https://ada:" "hunter2@example.org/x"
    (tmp_path / "a file.py").write_text("\n".join(lines))  # no newline at the end
    (tmp_path / "ä.py").write_text('api_key = "' 'abcd1234efgh5678"\nsecond\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "all")
    return tmp_path


def test_what_the_commit_has_is_restored(repository: Path, tmp_path: Path) -> None:
    first, second = repository / "a file.py", repository / "ä.py"
    # One secret becomes context, one is taken away; a file with one goes.
    first.write_text(first.read_text().replace("line 5", "line five").replace("url = ", "# "))
    second.unlink()
    state = code_state(repository, Redactor())
    assert state.patch is not None and b"***" in state.patch and b"hunter2-" not in state.patch
    after = {path.name: path.read_bytes() for path in repository.glob("*.py")}
    git(repository, "checkout", "--quiet", ".")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "apply", "-", stdin=state.patch)
    patch = applicable(
        state.patch, lambda name: git(repository, "cat-file", "blob", f"HEAD:{name}")
    )
    git(repository, "apply", "-", stdin=patch)
    found = {path.name: path.read_bytes() for path in repository.glob("*.py")}
    # What was added keeps its stars: the login in a line that is new.
    expected = after["a file.py"].replace(b"ada:hunter2@", b"***@")
    assert found == {"a file.py": expected}


def test_a_patch_without_secrets_stays_as_it_is(repository: Path) -> None:
    (repository / "a file.py").write_text("new\n")
    (repository / "new.py").write_text("x = 1\n")
    (repository / "picture.png").write_bytes(b"\x00\x01***")
    git(repository, "add", ".")
    patch = git(repository, "diff", "--binary", "HEAD")
    assert applicable(patch, lambda name: pytest.fail("nothing is read")) == patch
