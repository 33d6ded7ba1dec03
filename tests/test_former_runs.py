"""Runs of former versions, kept in `fixtures`, are read, shown, verified and tested as of today."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from project.compare import main as compare
from project.main import main as run
from project.provenance.record import read_record
from project.provenance.schema import SCHEMA
from project.reproduce import main as reproduce
from project.verify import main as verify

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
# By schema: a run that finished, and one that SIGTERM ended in its third of four epochs.
FINISHED = {2: "20261129-093625-6jzm", 3: "20261129-135520-x5mh", 4: "20261129-211304-cw7t"}
INTERRUPTED = {2: "20261129-093649-getw", 3: "20261129-135534-4dy4", 4: "20261129-211323-eswv"}
FORMER = sorted(FINISHED)
# Whole runs go on from the oldest and the newest of them; nightly from those between, too.
WHOLE_RUNS = pytest.mark.parametrize(
    "schema",
    [pytest.param(n, marks=[pytest.mark.nightly] * (n in FORMER[1:-1])) for n in FORMER],
    ids=lambda schema: f"schema {schema}",
    indirect=True,
)


@pytest.fixture(params=FORMER, ids=lambda schema: f"schema {schema}")
def schema(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def exp_dir(schema: int, tmp_path: Path) -> Path:
    """A folder of such runs, with the rights that a finished run's files have."""
    folder = tmp_path / "experiments"
    shutil.copytree(FIXTURES / f"schema-{schema}", folder)
    for path in (folder / "former" / FINISHED[schema]).rglob("*"):
        if path.is_file() and "tracking" not in path.parts:
            path.chmod(0o444)
    return folder


def test_every_former_schema_has_its_runs() -> None:
    assert set(range(2, SCHEMA)) <= set(FORMER)


def test_the_record_is_brought_to_todays_layout(exp_dir: Path, schema: int) -> None:
    for name in (FINISHED[schema], INTERRUPTED[schema]):
        record = read_record(exp_dir / "former" / name)
        assert record["run_id"] == name and record["data"]["counts"]["test"]["total"] == 359


def test_it_is_verified(exp_dir: Path, schema: int, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (FINISHED[schema], INTERRUPTED[schema]):
        assert verify([name, "--exp-dir", str(exp_dir)]) == 0, capsys.readouterr()


def test_it_is_compared(exp_dir: Path, schema: int, capsys: pytest.CaptureFixture[str]) -> None:
    names = FINISHED[schema], INTERRUPTED[schema]
    assert compare([*names, "--exp-dir", str(exp_dir)]) == 0
    said = capsys.readouterr().out
    # Runs are called by the ends of their ids.
    assert all(name.rpartition("-")[2] in said for name in names) and "max_epochs" in said


@WHOLE_RUNS
def test_its_checkpoint_gives_the_recorded_scores(exp_dir: Path, schema: int) -> None:
    argv = ["--only-test", "--checkpoint", FINISHED[schema], "--exp-name", "again"]
    assert run([*argv, "--tracker", "none", "--exp-dir", str(exp_dir)]) == 0
    (again,) = (exp_dir / "again").iterdir()
    recorded, found = (
        json.loads((folder / "outcome.json").read_text())["test"]
        for folder in (exp_dir / "former" / FINISHED[schema], again)
    )
    for name in ("test_accuracy", "test_f1_macro", "test_cohen_kappa"):
        # Another processor may decide a single one of the 359 samples in another way.
        assert found[name] == pytest.approx(recorded[name], abs=0.01), name


@WHOLE_RUNS
def test_it_goes_on_once_the_changes_since_are_accepted(
    exp_dir: Path, schema: int, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--resume", INTERRUPTED[schema], "--exp-dir", str(exp_dir)]
    directory = exp_dir / "former" / INTERRUPTED[schema]
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert run(argv) == 2  # today's sources are not those of that commit
    assert "--accept-changes" in capsys.readouterr().err
    after = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    assert run([*argv, "--accept-changes"]) == 0
    outcome = json.loads((directory / "outcome.json").read_text())
    assert (outcome["status"], outcome["epochs"], outcome["steps"]) == ("finished", 4, 40)
    assert verify([INTERRUPTED[schema], "--exp-dir", str(exp_dir)]) == 0, capsys.readouterr()


@pytest.mark.nightly
def test_it_is_reproduced_by_the_code_of_its_commit(exp_dir: Path, schema: int) -> None:
    """Its scores, to what another processor may add differently; bit for bit on the same one."""
    directory = exp_dir / "former" / FINISHED[schema]
    sha = json.loads((directory / "record.json").read_text())["code"]["sha"]
    known = subprocess.run(["git", "cat-file", "-e", f"{sha}^{{commit}}"], cwd=ROOT)
    if known.returncode:
        pytest.skip("this clone has not the whole history")
    assert reproduce([str(directory), "--exp-dir", str(exp_dir), "--tolerance", "0.05"]) == 0
