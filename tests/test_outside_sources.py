"""Runs with modules from outside: the run keeps them, whatever becomes of the files."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests import forks
from tests.reproduction.repositories import git

ROOT = Path(__file__).parents[1]
# One worker has what they share.
pytestmark = pytest.mark.xdist_group("outside sources")
SMALL = (
    "--model mlp --hidden-dim 8 --max-epochs 2 --tracker none --without reports predictions"
).split()
# One module imports another, and a third one only at a step: not yet when a few images are taken
# before the run opens, which makes one call for evaluation and one for training.
MINE = {
    "mine/__init__.py": "",
    "mine/loss.py": (
        "import os\n\nfrom project.losses import cross_entropy\n\nfrom mine.scale import SCALE\n\n"
        "calls = []\n\n\n"
        "def build(hparams):\n"
        "    whole = cross_entropy.build(hparams)\n\n"
        "    def loss(logits, targets):\n"
        "        calls.append(os.getpid())\n"
        "        if len(calls) < 5:\n"
        "            return whole(logits, targets) * SCALE * 2.0\n"
        "        from mine import late\n\n"
        "        return whole(logits, targets) * SCALE * late.TWO\n\n"
        "    return loss\n"
    ),
    "mine/scale.py": "SCALE = 0.25\n",
    "mine/late.py": "TWO = 2.0\n",
}


def put(folder: Path, **changed: str) -> Path:
    """Write the modules below `folder`."""
    for name, text in MINE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(changed.get(Path(name).stem, text))
    return folder


def command(
    folder: Path, name: str, *arguments: str, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    more = {"PYTHONPATH": str(path)} if path else {}
    return forks.completed(["-m", f"project.{name}", *arguments], {**os.environ, **more}, folder)


def run(clone: Path, name: str, *flags: str, path: Path | None = None) -> Path:
    """The directory of a run with a loss from outside."""
    done = command(
        clone, "run", "--exp-name", name, "--loss", "mine.loss:build", *SMALL, *flags, path=path
    )
    assert done.returncode == 0, done.stderr
    (directory,) = (clone / "experiments" / name).iterdir()
    return directory


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this project's present code, committed."""
    folder = tmp_path_factory.mktemp("clones") / "clone"
    # What Python compiled of it, too, but for what is just being written.
    ignored = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "project", folder / "project", ignore=ignored)
    shutil.copy(ROOT / ".gitignore", folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "all")
    return folder


@pytest.fixture(scope="module")
def gone(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose files from outside were deleted after it."""
    folder = put(tmp_path_factory.mktemp("own"))
    directory = run(clone, "gone", path=folder)
    shutil.rmtree(folder)
    return directory


def test_their_text_and_its_hash_are_in_the_run(gone: Path) -> None:
    assert {name: (gone / "plugs" / name).read_text() for name in MINE} == MINE
    record, outcome = (
        json.loads((gone / name).read_text()) for name in ("record.json", "outcome.json")
    )
    assert sorted(record["code"]["plugs"]) == sorted(MINE.keys() - {"mine/late.py"})
    assert list(outcome["plugs"]) == ["mine/late.py"]
    for about in (*record["code"]["plugs"].values(), *outcome["plugs"].values()):
        sources = record["sources"] | outcome["sources"]
        assert about["blake3"] == sources[about["path"]]
    assert record["code"]["unrecorded"] == {} and record["code"]["not_recorded"] == []
    assert record["code"]["dirty"] is True


@pytest.mark.nightly
def test_it_is_reproduced_from_its_archive_where_nothing_of_it_ever_was(
    clone: Path, gone: Path, tmp_path: Path
) -> None:
    archive, other = tmp_path / "run.tar.gz", tmp_path / "other"
    assert command(clone, "runs", "export", gone.name, str(archive)).returncode == 0
    shutil.copytree(ROOT / "project", other / "project")
    git(other, "init", "--quiet")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "-m", "another commit")
    assert command(other, "runs", "import", str(archive)).returncode == 0
    verified = command(other, "verify", gone.name)
    assert verified.returncode == 0, verified.stdout
    done = command(other, "reproduce", gone.name)
    assert done.returncode == 0, done.stdout + done.stderr
    _, taken, verdict = done.stdout.splitlines()
    names = ", ".join(f"plugs/{name}" for name in MINE)
    assert taken == f"code: taken from the run: {names}"
    assert verdict.startswith("REPRODUCED bit for bit: ") and verdict.endswith(", and the weights")
    # The repetition has kept them in its turn.
    (made,) = set((other / "experiments" / "gone").iterdir()) - {
        other / "experiments" / "gone" / gone.name
    }
    assert {name: (made / "plugs" / name).read_text() for name in MINE} == MINE


def test_a_test_of_its_weights_says_where_they_are_kept(clone: Path, gone: Path) -> None:
    done = command(clone, "run", "--only-test", "--checkpoint", gone.name, "--tracker", "none")
    assert done.returncode == 2
    _, line = done.stderr.splitlines()
    assert "there is no module mine.loss in the folder you stand in, nor on PYTHONPATH" in line
    place = Path("experiments", "gone", gone.name, "plugs")
    assert line.endswith(f"; what was imported from outside is in {place}")
    again = command(
        clone, "run", "--only-test", "--checkpoint", gone.name, "--tracker", "none", path=place
    )
    assert again.returncode == 0, again.stderr


@pytest.mark.nightly
def test_a_module_in_the_clone_is_in_the_patch_and_not_kept_twice(clone: Path) -> None:
    put(clone)
    directory = run(clone, "inside")
    shutil.rmtree(clone / "mine")
    assert not (directory / "plugs").exists()
    done = command(clone, "reproduce", directory.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("REPRODUCED bit for bit: ")


def test_a_resumption_tells_what_became_of_them(clone: Path, tmp_path: Path) -> None:
    # As Ctrl-C would, at a step of the second epoch.
    stop = "        len(calls) == 15 and os.kill(calls[0], 15)\n        from mine"
    folder = put(tmp_path / "own", loss=MINE["mine/loss.py"].replace("        from mine", stop))
    flags = ["--exp-name", "stopped", "--loss", "mine.loss:build", *SMALL]
    done = command(clone, "run", *flags, path=folder)
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    (directory,) = (clone / "experiments" / "stopped").iterdir()
    scale, late = folder / "mine" / "scale.py", folder / "mine" / "late.py"
    scale.write_text("SCALE = 0.5\n")
    late.write_text("TWO = 3.0\n")
    done = command(clone, "run", "--resume", directory.name, path=folder)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: run {directory.name} can't go on as it was: {scale} changed (as it was:"
        f" plugs/mine/scale.py); {late} changed (as it was: plugs/mine/late.py); restore that, or"
        " add --accept-changes: the run goes on and says so\n"
    )
    for path in (scale, late):
        shutil.copy(directory / "plugs" / "mine" / path.name, path)
    scale.write_text("SCALE = 0.5\n")
    done = command(clone, "run", "--resume", directory.name, "--accept-changes", path=folder)
    assert done.returncode == 0, done.stderr
    assert (directory / "stages/2/plugs/mine/scale.py").read_text() == "SCALE = 0.5\n"
    assert (directory / "plugs" / "mine" / "scale.py").read_text() == MINE["mine/scale.py"]
    verified = command(clone, "verify", directory.name)
    assert verified.returncode == 0, verified.stdout
