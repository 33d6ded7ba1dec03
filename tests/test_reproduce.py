"""`python -m project.reproduce` in a repository of its own: what a person would do and see."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from project.provenance.schema import OUTCOME, RECORD
from project.sync import main as sync
from tests import forks
from tests.reproduction.repositories import everything, git

ROOT = Path(__file__).parents[1]
# One worker has what they share.
pytestmark = pytest.mark.xdist_group("reproduce")
LACKING = "untracked files not in the patch (no source, or too large): table.npy"
SMALL = (
    "--model mlp --hidden-dim 8 --max-epochs 3 --tracker none --without reports predictions"
).split()


def command(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forks.completed(["-m", f"project.{name}", *arguments], cwd=folder)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this project's present code, committed."""
    folder = tmp_path_factory.mktemp("clones") / "a clône"
    folder.mkdir()
    # What Python compiled of it, too, but for what is just being written.
    ignored = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "project", folder / "project", ignore=ignored)
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
    schedules = clone / "project" / "training" / "schedules.py"
    schedules.write_text(schedules.read_text() + "\n# changed\n")
    (clone / "table.npy").write_bytes(b"weights")
    done = command(clone, "run", "--exp-name", "trial", "--loss", "halved", *SMALL)
    assert done.returncode == 0, done.stderr
    assert f"\nwarning: the record of the code is not complete: {LACKING}\n" in done.stderr
    (clone / "table.npy").unlink()
    (losses / "halved.py").unlink()
    git(clone, "checkout", "--quiet", ".")
    (directory,) = (clone / "experiments" / "trial").iterdir()
    return directory


@pytest.mark.nightly
def test_what_was_forced_is_named(clone: Path, run: Path) -> None:
    forced = ("--env", "OMP_NUM_THREADS=2", "--", "--seed", "1")
    done = command(clone, "reproduce", run.name, "--epochs", "1", *forced)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"code: not recorded: {LACKING}"
    # Before it spends time.
    assert lines[1] == "now another: torch.threads: 1 -> 2"
    # The very first loss is that of other samples and other weights.
    assert lines[-1].startswith("DIFFERS first in epoch 1, step 1, train_loss: ")
    # What was told before is not told again.
    assert "  flags: --seed 0 -> 1" in lines and "  torch.threads: 1 -> 2" not in lines
    # Nobody has pressed a key.
    assert done.stderr.splitlines()[0].startswith("run again as experiments/trial/")
    assert "stopping" not in done.stderr
    assert "  start: another state of torch's generator after seeding" in lines


def test_from_its_archive_in_a_clone_that_lacks_its_commit(clone: Path, run: Path) -> None:
    archive, other = clone.parent / "run.tar.gz", clone.parent / "other"
    assert command(clone, "runs", "export", run.name, str(archive)).returncode == 0
    shutil.copytree(clone / "project", other / "project")
    shutil.copy(clone / ".gitignore", other)
    git(other, "init", "--quiet")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "-m", "the same code, another commit")
    assert command(other, "runs", "import", str(archive)).returncode == 0
    assert command(other, "verify", run.name).returncode == 0
    arrived = other / "experiments" / "trial" / run.name
    before, state = everything(arrived), everything(other / ".git")
    before.pop("reproductions", None)  # the folder's time
    done = command(other, "reproduce", run.name)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((arrived / "record.json").read_text())
    note, unproved, verdict = done.stdout.splitlines()
    assert unproved == f"code: not recorded: {LACKING}"
    sha = record["code"]["sha"][:12]
    assert note == f"code: commit {sha} is not here, its copy in the run's archive is taken"
    assert verdict.startswith("REPRODUCED bit for bit: ")
    assert verdict.endswith(", and the weights, although 1 thing differs, see above")
    # Nothing of the person's is another, and no work tree is left.
    after = everything(arrived)
    (beside,) = after.keys() - before.keys() - {"reproductions"}
    assert {name: after[name] for name in before} == before
    assert everything(other / ".git") == state
    assert git(other, "status", "--porcelain") == ""
    made = arrived.parent / Path(beside).stem
    assert done.stderr == f"run again as experiments/trial/{made.name}\n"
    verdict = (made / "reproductions" / f"{run.name}.json").read_bytes()
    assert verdict == (arrived / beside).read_bytes()
    assert json.loads(verdict)["word"] == "REPRODUCED"
    again = json.loads((made / "record.json").read_text())
    assert again["tags"] == [f"reproduces:{run.name}"]
    for name in ("sha", "patch_blake3"):
        assert again["code"][name] == record["code"][name]
    assert again["start"] == record["start"] and again["start"]["generators"]


@pytest.mark.nightly
def test_from_the_store_when_its_directory_is_gone(clone: Path, run: Path) -> None:
    assert sync([str(run), "--tracker", "mlflow", "--exp-dir", str(run.parents[1])]) == 0
    store = json.loads((run / "tracking" / "mlflow.json").read_text())["remote"]["id"]
    away = run.rename(clone.parent / run.name)
    others = set(run.parent.iterdir())
    done = command(clone, "reproduce", store)
    away.rename(run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nREPRODUCED bit for bit: " in done.stdout
    assert ", and the weights" in done.stdout
    (made,) = set(run.parent.iterdir()) - others - {run}
    stored = (clone / "experiments" / "mlflow-artifacts").rglob(f"reproductions/{made.name}.json")
    assert [json.loads(path.read_text())["reproduces"] for path in stored] == [run.name]


def test_the_schema_knows_every_key_of_a_run(run: Path) -> None:
    assert RECORD.unknown(json.loads((run / "record.json").read_text())) == []
    assert OUTCOME.unknown(json.loads((run / "outcome.json").read_text())) == []


def test_a_dirty_tree_can_be_refused(clone: Path) -> None:
    (clone / "project" / "new.py").write_text("")
    done = command(clone, "run", "--exp-name", "clean", "--require-clean", *SMALL)
    (clone / "project" / "new.py").unlink()
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --require-clean: {clone} has changes that no commit has (project/new.py); commit"
        " them, or leave the flag out\n"
    )
    assert not (clone / "experiments" / "clean").exists()


def test_a_module_that_no_commit_has_is_refused_once_it_is_imported(clone: Path) -> None:
    (clone / "data").mkdir(exist_ok=True)  # which git ignores
    (clone / "data" / "shared.py").write_text("half = 0.5\n")
    (clone / "project" / "losses" / "outside.py").write_text(
        '"""A loss that takes something from a folder that git ignores."""\n'
        "from data import shared\n"
        "from project.losses import cross_entropy\n\n\n"
        "def build(hparams):\n"
        "    return cross_entropy.build(hparams)\n"
    )
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "another loss")
    flags = ("--exp-name", "clean", "--loss", "outside", "--require-clean")
    done = command(clone, "run", *flags, *SMALL)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"error: --require-clean: {clone} has changes that no commit has (data/shared.py); commit"
        " them, or leave the flag out"
    )
    assert not (clone / "experiments" / "clean").exists()
