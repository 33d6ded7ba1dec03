"""The command: runs that are made once, gone on with, and forecast from; none is tested."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from project import scaling
from project.files import read_json, try_lock
from project.forecast.finding import codes, find, strangers
from project.run_directory import LOCK, OUTCOME, RECORD, forecast_of, runs_in
from tests import forks
from tests.forecast.test_asking import ask
from tests.search.origins import forked

FLAGS = "--model mlp --hidden-dim 16 --max-epochs 3 --accelerator cpu --batch-size 16"
FLAGS += " --learning-rate 0.01 --seeds 1 --fractions 0.1 0.2 0.5 1"


@pytest.fixture(scope="module", autouse=True)
def forks_of_the_tests() -> Iterator[None]:
    """Runs are forks of the process that has all imported for the tests."""
    with forked():
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs that the command has made."""
    folder = tmp_path_factory.mktemp("scaling")
    assert scaling.main([*FLAGS.split(), "--exp-dir", str(folder)]) == 0
    return folder


def runs(folder: Path) -> list[Path]:
    return sorted(runs_in(folder / "scaling"))


def test_there_is_a_run_of_each_fraction_without_a_test(made: Path) -> None:
    records = [read_json(run / RECORD) for run in runs(made)]
    outcomes = [read_json(run / OUTCOME) for run in runs(made)]
    totals = [record["data"]["counts"]["train"]["total"] for record in records]
    assert len(totals) == 4 and totals[-1] == 1259
    # A tenth, a fifth and a half, rounded class by class.
    assert totals[:-1] == pytest.approx([126, 252, 630], abs=5)
    assert all(outcome["test"] is None for outcome in outcomes)
    assert len({record["data"]["hashes"]["val"] for record in records}) == 1


def test_the_numbers_and_the_picture_are_kept(made: Path) -> None:
    folder = forecast_of(made, "scaling")
    told = read_json(folder / "forecast.json")
    outcomes = [read_json(run / OUTCOME) for run in runs(made)]
    errors = [1 - outcome["best"]["metrics"]["val_accuracy"] for outcome in outcomes]
    assert [point["error"] for point in told["points"]] == errors
    assert told["chance"] == 0.9 and told["all_samples"] == 1259
    assert [check["up_to"] for check in told["checks"]] == [told["points"][2]["samples"]]
    lines = (folder / "points.csv").read_text().splitlines()
    assert lines[0] == "samples,parameters,seed,error,form,run" and len(lines) == 5
    assert (folder / "forecast.png").read_bytes().startswith(b"\x89PNG")
    assert not (folder / "logs").exists()


def test_the_same_command_goes_on_with_what_is_missing(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that was killed is resumed, to the same numbers; the others are there."""
    before = (forecast_of(made, "scaling") / "forecast.json").read_text()
    there = runs(made)
    (there[1] / OUTCOME).unlink()
    assert scaling.main([*FLAGS.split(), "--exp-dir", str(made)]) == 0
    assert "3 of 4 runs are there already, 1 goes on" in capsys.readouterr().err
    assert runs(made) == there
    assert read_json(there[1] / OUTCOME)["status"] == "finished"
    assert (forecast_of(made, "scaling") / "forecast.json").read_text() == before


def test_runs_of_other_flags_are_others(made: Path) -> None:
    words = [*FLAGS.split(), "--exp-dir", str(made)]
    assert len(find(ask(*words)).finished) == 4
    assert len(find(ask(*words, "--fractions", *"0.1 0.2 0.3 0.4".split())).finished) == 2
    assert len(find(ask(*words, "--description", "x")).finished) == 4
    for other in ("--learning-rate 0.02", "--seed 1", "--callback ema", "--hidden-dim 8"):
        assert not find(ask(*words, *other.split())).finished, other


@pytest.mark.parametrize(
    "score, said",
    [
        ("val_iou", "--score val_iou is not measured; there are val_accuracy, "),
        ("val_loss", "the form is one of error rates"),
    ],
)
def test_a_score_that_is_none_is_a_line(
    made: Path, capsys: pytest.CaptureFixture[str], score: str, said: str
) -> None:
    assert scaling.main([*FLAGS.split(), "--exp-dir", str(made), "--score", score]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and said in line


def test_two_commands_at_once_are_refused(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(try_lock(forecast_of(made, "scaling") / LOCK)):
        assert scaling.main([*FLAGS.split(), "--exp-dir", str(made)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "another process makes the runs of scaling" in line


def test_data_that_are_not_there_are_a_line_and_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", "image-folder", "--data-dir", str(tmp_path / "gone")]
    assert scaling.main([*words, "--exp-dir", str(tmp_path / "runs")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and "gone" in last
    assert not (tmp_path / "runs").exists()


def test_other_data_and_other_code_are_told(made: Path) -> None:
    records = [read_json(run / RECORD) for run in runs(made)]
    assert not strangers(records) and codes(records) == 1
    other = json.loads(json.dumps(records[0]))
    other["data"]["hashes"]["val"] = "blake3:0"
    other["sources"]["project/solver.py"] = "0"
    assert len(strangers([*records, other])) == 1 and codes([*records, other]) == 2


@pytest.mark.nightly
def test_the_full_datas_error_is_forecast_from_subsets_up_to_half(tmp_path: Path) -> None:
    """Its test error on 10,000 samples, within a quarter; three seeds make three data sets."""
    flags = "--data synthetic --synthetic-samples 16000 --synthetic-classes 20 --model mlp"
    flags += " --test-fraction 0.625 --val-fraction 0.125 --max-epochs 30 --batch-size 32"
    words = [*flags.split(), "--exp-dir", str(tmp_path)]
    assert scaling.main(words) == 0
    told = read_json(forecast_of(tmp_path, "scaling") / "forecast.json")
    assert max(point["samples"] for point in told["points"]) == 2000
    run = ["-m", "project.run", *words, "--exp-name", "all", "--tracker", "none"]
    errors = []
    for seed in range(3):
        done = forks.completed([*run, "--seed", str(seed)], os.environ | {"OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done.stderr
    for path in tmp_path.glob(f"all/*/{OUTCOME}"):
        errors.append(1 - read_json(path)["test"]["test_accuracy"])
    measured = float(np.mean(errors))
    assert len(errors) == 3 and 0.05 < measured < 0.2
    (ahead,) = told["forecasts"]
    assert ahead["all_data"]["value"] == pytest.approx(measured, rel=0.25)
    assert ahead["all_data"]["low"] <= measured <= ahead["all_data"]["high"]
