"""No secret is written anywhere: from the environment, a flag, the remote's URL or the diff."""

import os
import shutil
import subprocess
from pathlib import Path

from project.tracking.training import AGAIN
from tests import forks

ROOT = Path(__file__).parents[1]
# One of each way in; none of them is a real one.
IN_ENVIRONMENT = "environment-secret-1f6b2c"
IN_FLAG = "ghp_" + "Ab3" * 12
IN_REMOTE = "remote-secret-77d0aa"
IN_DIFF = "hf_" + "Zx9" * 12
IN_SUBSCRIPT = "correct-horse-" + "battery"
SECRETS = (IN_ENVIRONMENT, IN_FLAG, IN_REMOTE, IN_DIFF, IN_SUBSCRIPT)


def git(folder: Path, *argv: str) -> None:
    subprocess.run(["git", *argv], cwd=folder, check=True, capture_output=True)


def clone(folder: Path) -> Path:
    """A repository of this project with a token in its remote and one in an uncommitted change."""
    # What Python compiled of it, too, but for what is just being written.
    ignored = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "project", folder / "project", ignore=ignored)
    shutil.copy(ROOT / ".gitignore", folder)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(folder, *who, "commit", "-q", "-m", "all")
    git(folder, "remote", "add", "origin", f"https://user:{IN_REMOTE}@example.org/x.git")
    with open(folder / "project" / "losses" / "focal.py", "a") as file:
        file.write(f"\nTOKEN = {IN_DIFF!r}\n")
        file.write(f'import os\nos.environ["MY_TOKEN"] = {IN_SUBSCRIPT!r}\n')
    return folder


def test_no_token_is_in_the_run_or_the_store(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    clone(folder)
    argv = "--exp-name s --model mlp --max-epochs 1 --limit-batches 2 --tracker none".split()
    argv += ["--description", f"with {IN_FLAG}", "--tags", IN_ENVIRONMENT]
    environment = {**os.environ, "MY_API_TOKEN": IN_ENVIRONMENT}
    ended = [forks.completed(["-m", "project.run", *argv], environment, folder)]
    # As a run starts its followers, each of which would import for itself what they have here. One
    # that has begun again doesn't give way to others, for which the tests would wait long.
    (run,) = (folder / "experiments" / "s").iterdir()
    for tracker in ("mlflow", "neptune", "tensorboard"):
        follow = ["-m", "project.sync", "--follow", "--tracker", tracker]
        ended.append(forks.completed(follow, environment | {AGAIN: "1"}, folder, told=f"{run}\0"))
    for process in ended:
        assert process.returncode == 0, (process.args, process.stderr)
    written = [path for path in (folder / "experiments").rglob("*") if path.is_file()]
    names = {path.name for path in written}
    assert {"record.json", "mlflow.db", "code.patch"} <= names
    assert any("tfevents" in name for name in names)
    assert any(".neptune" in path.parts for path in written)
    for path in written:
        content = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, f"{secret} stands in {path}"
    assert b"***" in next(p for p in written if p.name == "record.json").read_bytes()
    shown = "".join(process.stdout + process.stderr for process in ended)
    assert not any(s in shown for s in SECRETS)
