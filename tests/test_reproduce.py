"""`python -m project.reproduce` in a repository of its own: what a person would do and see."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SMALL = ["--model", "mlp", "--hidden-dim", "8", "--max-epochs", "3", "--tracker", "none"]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, text=True, capture_output=True).stdout


def command(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"project.{name}", *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this project's present code, committed."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "project", folder / "project", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / ".gitignore", folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "all")
    return folder


@pytest.fixture(scope="module")
def run(clone: Path) -> Path:
    """A run of a dirty tree (a changed file, an untracked one), after which that is thrown away."""
    losses = clone / "project" / "losses"
    (losses / "halved.py").write_text(
        '"""Half of the cross-entropy."""\n'
        "from project.losses import cross_entropy\n\n\n"
        "def build(hparams):\n"
        "    whole = cross_entropy.build(hparams)\n"
        "    return lambda logits, targets: whole(logits, targets) / 2\n"
    )
    optimizers = clone / "project" / "optimizers.py"
    optimizers.write_text(optimizers.read_text() + "\n# changed\n")
    done = command(clone, "run", "--exp-name", "trial", "--loss", "halved", *SMALL)
    assert done.returncode == 0, done.stderr
    (losses / "halved.py").unlink()
    git(clone, "checkout", "--quiet", ".")
    (directory,) = (clone / "experiments" / "trial").iterdir()
    return directory


def test_a_run_of_a_dirty_tree_is_reproduced(clone: Path, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    done = command(clone, "reproduce", run.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("REPRODUCED bit for bit: ")
    assert ", and the weights" in done.stdout
    # Nothing of the person's is another, and no work tree is left.
    assert {path: path.read_bytes() for path in before} == before
    assert git(clone, "status", "--porcelain") == ""
    assert len(git(clone, "worktree", "list").splitlines()) == 1
    (verdict,) = (run / "reproductions").iterdir()
    made = run.parent / verdict.stem
    assert json.loads(verdict.read_text())["word"] == "REPRODUCED"
    assert (made / "reproductions" / f"{run.name}.json").read_text() == verdict.read_text()
    record = json.loads((made / "record.json").read_text())
    assert record["tags"] == [f"reproduces:{run.name}"]
    assert (
        record["code"]["patch_blake3"]
        == json.loads(before[run / "record.json"])["code"]["patch_blake3"]
    )


def test_the_first_epochs_prove_a_part(clone: Path, run: Path) -> None:
    done = command(clone, "reproduce", run.name, "--epochs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("REPRODUCED bit for bit: ")


def test_what_was_forced_is_named(clone: Path, run: Path) -> None:
    done = command(clone, "reproduce", run.name, "--", "--seed", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    # The very first loss is that of other samples and other weights.
    assert done.stdout.startswith("DIFFERS first in epoch 1, step 1, train_loss: ")
    assert "  flags: --seed 0 -> 1\n" in done.stdout


def test_a_commit_that_is_gone(clone: Path, run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(clone, other, ignore=shutil.ignore_patterns(".git"))
    git(other, "init", "--quiet")
    done = command(other, "reproduce", run.name)
    sha = json.loads((run / "record.json").read_text())["code"]["sha"]
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: commit {sha} is not in {other.resolve()}: fetch it")
    assert done.stderr.count("\n") == 1


def test_a_patch_that_does_not_apply_or_was_changed(clone: Path, run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "trial" / run.name
    shutil.copytree(run, copy)
    (copy / "code.patch").chmod(0o644)
    (copy / "code.patch").write_bytes(b"other")
    done = command(clone, "reproduce", str(copy))
    assert done.returncode == 2
    assert done.stderr == f"error: run {run.name} is not what it was: code.patch was changed\n"
    # Without its seal, the record alone still tells.
    (copy / "outcome.json").unlink()
    done = command(clone, "reproduce", str(copy))
    assert done.stderr == f"error: {copy}/code.patch is not the patch that was recorded\n"


@pytest.mark.parametrize("reference", ["nosuch", "best:val_acuracy"])
def test_an_unknown_run_is_one_line(clone: Path, run: Path, reference: str) -> None:
    done = command(clone, "reproduce", reference)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_a_dirty_tree_can_be_refused(clone: Path) -> None:
    (clone / "project" / "new.py").write_text("")
    done = command(clone, "run", "--exp-name", "clean", "--require-clean", *SMALL)
    (clone / "project" / "new.py").unlink()
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --require-clean: {clone} has changes that no commit has; commit them, or leave the"
        " flag out\n"
    )
    assert not (clone / "experiments" / "clean").exists()
