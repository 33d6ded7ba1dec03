"""The workflow that gates pull requests: its own steps' commands on tiny runs, with a fake `gh`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import forks
from tests.comparison.store import git

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
TINY = "--model mlp --hidden-dim 16 --max-epochs 6 --batch-size 64 --learning-rate 0.02"
TINY += " --num-workers 0 --tracker none --without reports progress"
# Asks for a fork of what is loaded already, which is the same process but for the seconds.
PYTHON = f"""#!{sys.executable}
import os, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from tests import forks
done = forks.completed(sys.argv[1:], os.environ, Path.cwd())
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
sys.exit(done.returncode)
"""
# Writes down runs instead of training them; which scores they have stands in the sources.
QUICK = f"""#!{sys.executable}
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
if sys.argv[2] == "project.run":
    from tests.comparison.store import make
    asked = dict(zip(sys.argv[3::2], sys.argv[4::2]))
    seed, name = int(asked["--seed"]), asked["--exp-name"]
    accuracy = float(Path("accuracy").read_text()) + 0.001 * seed
    scores = {{"test_accuracy": accuracy, "test_log_loss": 1 - accuracy}}
    make(Path(asked["--exp-dir"]), test=scores, seed=seed, exp_name=name)
else:
    from project import compare
    sys.exit(compare.main(sys.argv[3:]))
"""
# Keeps what it was told to send in `sent`, and has `jq` filter what it answers.
GH = f"""#!{sys.executable}
import json, os, subprocess, sys
from pathlib import Path
words = sys.argv[1:]
state = Path(os.environ["STATE"])
known = json.loads(state.read_text())
assert words[0] == "api" and os.environ["GH_TOKEN"] == "t0" "ken"
with_value = ("--method", "-f", "-F", "--jq")
values = {{name: [] for name in with_value}}
path = [w for b, w in zip(words, words[1:]) if not w.startswith("-") and b not in with_value][0]
for flag, value in zip(words, words[1:]):
    values.get(flag, []).append(value)
method = (values["--method"] or ["GET"])[0]
if method == "GET":
    name = path.rpartition("/")[2]
    if name == "pulls":
        assert values["-f"][0] == "state=open"
        head = values["-f"][1].removeprefix("head=")
        answer = [p for p in known["pulls"] if p["head"]["label"] == head]
    else:
        answer = known["comments"]
    assert path in ("repos/lab/digits/pulls", "repos/lab/digits/issues/7/comments"), path
    asked = ["jq", "-r", values["--jq"][0]]
    sys.exit(subprocess.run(asked, input=json.dumps(answer), text=True).returncode)
body = Path(values["-F"][0].removeprefix("body=@")).read_text()
if method == "POST":
    assert path == "repos/lab/digits/issues/7/comments"
    user = {{"login": "github-actions[bot]"}}
    known["comments"].append({{"id": 9, "user": user, "body": body}})
else:
    assert (method, path) == ("PATCH", "repos/lab/digits/issues/comments/9")
    known["comments"][-1]["body"] = body
state.write_text(json.dumps(known))
"""


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((WORKFLOWS / name).read_text())


def commands(name: str, job: str) -> dict[str, str]:
    """The shell commands of a job's steps by their names."""
    return {s["name"]: s["run"] for s in workflow(name)["jobs"][job]["steps"] if "run" in s}


def shell(command: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run as GitHub does."""
    words = ["bash", "-e", "-c", command]
    return subprocess.run(
        words, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True
    )


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """The environment of a job, with commands of ours in place of `python` and `gh`."""
    for name, text in (("python", PYTHON), ("gh", GH)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    (tmp_path / "temp").mkdir()
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"process-{os.getpid()}")
    found = {"PYTEST_XDIST_TESTRUNUID": session}
    found |= {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": f"{tmp_path}/temp"}
    return found | {"GITHUB_STEP_SUMMARY": f"{tmp_path}/summary.md"}


@pytest.mark.parametrize("accuracy, code", [("0.93", 1), ("0.949", 0)])
def test_the_heads_scores_decide(
    tmp_path: Path, place: dict[str, str], accuracy: str, code: int
) -> None:
    (tmp_path / "bin" / "python").write_text(QUICK)
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q")
    for text in ("0.95", accuracy):
        (repository / "accuracy").write_text(text)
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", text)
    steps = commands("gate.yml", "gate")
    env = place | {"FLAGS": "--model mlp", "SEEDS": "0 1"}
    for name in ("Train the base", "Train the head"):
        done = shell(steps[name], repository, env)
        assert done.returncode == 0, done.stderr
    assert shell(steps["Gate"], repository, env).returncode == code
    table = (repository / "gate.md").read_text()
    assert ("**violated**" in table) == bool(code) and "each seed has no interval" in table
    assert (tmp_path / "summary.md").read_text() == table


@pytest.mark.nightly  # it trains what the quick one above writes down
def test_a_worse_head_is_stopped(tmp_path: Path, place: dict[str, str]) -> None:
    forks.completed(["-c", ""])  # which makes sure that there is something to fork
    repository = tmp_path / "repository"
    shutil.copytree(
        ROOT / "project", repository / "project", ignore=shutil.ignore_patterns("*.pyc")
    )
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "base")
    # All pictures are the same to it now.
    mlp = repository / "project" / "models" / "mlp.py"
    mlp.write_text(mlp.read_text().replace("nn.Flatten()", "nn.Flatten(), nn.Dropout(1)"))
    assert "Dropout(1)" in mlp.read_text()
    git(repository, "commit", "-q", "-a", "-m", "head")
    env = place | workflow("gate.yml")["jobs"]["gate"]["env"] | {"FLAGS": TINY, "SEEDS": "0 1"}
    steps = commands("gate.yml", "gate")
    assert list(steps) == ["Install", "Train the base", "Train the head", "Gate"]
    for name in ("Train the base", "Train the head"):
        done = shell(steps[name], repository, env)
        assert done.returncode == 0, done.stdout + done.stderr
    done = shell(steps["Gate"], repository, env)
    table = (repository / "gate.md").read_text()
    assert done.returncode == 1, table
    assert table.startswith("### Gate: ") and "| **violated** " in table
    assert "2 seeds, in pairs" in table
    assert (tmp_path / "summary.md").read_text() == table
    # Without runs, the error is what is shown.
    done = shell(steps["Gate"], repository, env | {"RUNNER_TEMP": str(tmp_path)})
    assert done.returncode == 2
    assert "    error: there is no run 'base'" in (repository / "gate.md").read_text()


@pytest.mark.skipif(not shutil.which("jq"), reason="the fake gh filters by jq")
def test_one_comment_is_made_and_replaced(tmp_path: Path, place: dict[str, str]) -> None:
    steps, state = commands("gate-comment.yml", "comment"), tmp_path / "state.json"
    pulls = [{"number": n, "head": {"label": "ada:fix", "sha": s}} for n, s in ((3, "b"), (7, "a"))]
    others = [
        {"id": 1, "user": {"login": "eve"}, "body": "<!-- gate -->\n"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "another workflow's"},
    ]
    state.write_text(json.dumps({"pulls": pulls, "comments": others}))
    env = place | {"STATE": str(state), "GH_TOKEN": "t0ken", "REPOSITORY": "lab/digits"}
    env |= {"HEAD": "ada:fix", "SHA": "a", "RESULT": "https://example.org/runs/1"}
    assert list(steps) == ["Comment"] and env.keys() >= set(
        workflow("gate-comment.yml")["jobs"]["comment"]["env"]
    )

    def comments() -> list[str]:
        done = shell(steps["Comment"], tmp_path, env)
        assert done.returncode == 0, done.stderr
        return [one["body"] for one in json.loads(state.read_text())["comments"]]

    (tmp_path / "gate.md").write_text("### Gate: passed\n\n| a | b |\n@everyone\n")
    *former, made = comments()
    assert len(former) == 2
    assert made.startswith("<!-- gate -->\n### Gate: passed\n") and "@everyone" not in made
    assert made.endswith("<sub>a, [details](https://example.org/runs/1)</sub>\n")
    (tmp_path / "gate.md").unlink()
    (tmp_path / "gate.md").symlink_to(state)
    *_, replaced = bodies = comments()
    assert len(bodies) == 3 and "### Gate: could not be run" in replaced
    env["SHA"] = "c"  # newer commits have come
    assert comments() == bodies


def test_a_forks_code_meets_no_right_to_write() -> None:
    gate, comment = workflow("gate.yml"), workflow("gate-comment.yml")
    assert gate["permissions"] == {"contents": "read"} and list(gate[True]) == ["pull_request"]
    assert gate["jobs"]["gate"]["steps"][0]["with"]["persist-credentials"] is False
    assert comment[True] == {"workflow_run": {"workflows": ["gate"], "types": ["completed"]}}
    assert comment["permissions"] == {"actions": "read", "pull-requests": "write"}
    uses = [step.get("uses", "") for step in comment["jobs"]["comment"]["steps"]]
    assert not any("checkout" in use for use in uses)
    # What a person may choose, such as a branch's name, reaches the shell as a variable alone.
    for text in (
        *commands("gate.yml", "gate").values(),
        *commands("gate-comment.yml", "comment").values(),
    ):
        assert "${{" not in text
