"""`python -m project.metadata`, as a person uses it."""

import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from project.metadata import main
from project.metadataset.tables import TABLES
from tests.metadataset.past import past


@pytest.fixture
def exp_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two settings of an MLP, one with two seeds, and a CNN that failed."""
    for seed, (rate, accuracy) in enumerate([(0.001, 0.5), (0.01, 0.75), (0.01, 1.0)]):
        past(tmp_path / "exp", {"val_accuracy": accuracy}, seed=seed, learning_rate=rate)
    past(tmp_path / "exp", model="cnn", status="failed", exp_name="other", dropout=0.25)
    monkeypatch.setenv("PROJECT_EXP_DIR", str(tmp_path / "exp"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "exp"


def out(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_the_tables_that_there_are(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header, *rows, last = out(capsys)
    assert [row.split()[:2] for row in rows] == [
        *(["dataset_stats", "1"], ["task", "1"], ["hyperparameter_space", "2"]),
        *(["hyperparameters", "3"], ["experiment", "4"]),
    ]
    assert last == f"as views in {exp_dir / 'metadata.db'}"
    with sqlite3.connect(exp_dir / "metadata.db") as database:
        for table in TABLES:
            count = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            assert [table, str(count)] in [row.split()[:2] for row in rows]


def test_rows_that_fulfil_conditions(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "experiment --where learning_rate==0.01 --sort val_accuracy --reverse".split()
    header, *rows, last = out(capsys, *asked, "--columns", "seed", "val_accuracy", "model")
    assert header.split() == ["seed", "val_accuracy", "model"] and last == "2 runs"
    assert [row.split() for row in rows] == [["2", "1", "mlp"], ["1", "0.75", "mlp"]]
    (line,) = out(capsys, "experiment", "--where", "val_accuracy > 5")
    assert line == "0 runs"
    header, row, last = out(capsys, "hyperparameter_space", "--where", "model == cnn")
    assert row.split()[1:4] == ["cnn", "cross-entropy", "adamw"]


def test_nearest_settings(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A decade of the rate is 1/3; another model is 1, and dropout (0.25 - 0.1) / 0.5 = 0.3."""
    (best,) = [p for p in exp_dir.glob("past/*") if "0.75" in (p / "outcome.json").read_text()]
    header, *rows, last = out(capsys, "--nearest", best.name)
    assert header.split()[:2] == ["distance", "newest"] and last.startswith(f"from {best.name}")
    cells = [re.split(r"  +", row.strip()) for row in rows]
    assert [cell[2:] for cell in cells] == [
        ["1", "1", "nothing"],
        ["1", "0.5", "learning_rate 0.001"],
        ["1", "0.75", "model cnn, dropout 0.25, learning_rate 0.001"],
    ]
    past(exp_dir, {"val_accuracy": 0.1}, "pruned", seed=9, learning_rate=0.01)
    _, row, *_ = out(capsys, "--nearest", best.name)
    assert row.split()[2:4] == ["2", "1"], "what was pruned does not count beside a finished run"
    same, rate, all_three = (float(cell[0]) for cell in cells)
    assert same == 0 and all_three / rate == pytest.approx((1 / 3 + 1 + 0.3) / (1 / 3), rel=0.01)
    header, row, _ = out(capsys, "--nearest", best.name, "--where", "model == cnn")
    assert "other" in str([p for p in exp_dir.glob("*/*") if p.name in row][0])


def test_a_test_alone_has_no_settings_to_be_near_to(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = next(exp_dir.glob("past/*")).name
    rows = out(capsys, "--nearest", trained)
    only = past(exp_dir, only_test=True, checkpoint=trained, max_epochs=30)
    assert out(capsys, "--nearest", trained) == rows
    assert main(["--nearest", only.name]) == 2
    said = f"past/{only.name} is a test of {trained}, whose settings it does not have"
    assert f"error: {said}: ask for the run that has trained\n" == capsys.readouterr().err


def test_parquet_files_are_the_tables(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = out(capsys, "--parquet", "tables")
    assert written == [f"tables/{name}.parquet" for name in (*TABLES, "hyperparameters_embedding")]
    runs = parquet.read_table("tables/experiment.parquet").to_pylist()
    settings = parquet.read_table("tables/hyperparameters.parquet").to_pylist()
    rates = {row["id"]: row["learning_rate"] for row in settings}
    found = sorted((rates[run["hyperparameters_id"]], run["val_accuracy"]) for run in runs)
    assert found == [(0.001, 0.5), (0.001, 0.75), (0.01, 0.75), (0.01, 1.0)]
    assert {run["dirty"] for run in runs} == {False} and {run["error"] for run in runs} == {None}
    vectors = parquet.read_table("tables/hyperparameters_embedding.parquet").to_pylist()
    places = {row["hyperparameters_id"]: row["learning_rate"] for row in vectors}
    for setting in settings:
        assert places[setting["id"]] == pytest.approx(np.log10(setting["learning_rate"] / 1e-4) / 3)


def test_a_run_that_cannot_be_read_is_named(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(exp_dir.glob("other/*")) / "record.json"
    path.chmod(0o644)
    path.write_text("[]")
    assert main(["experiment"]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"left out: {path} is damaged: it is no object\n"
    assert captured.out.splitlines()[-1] == "3 runs"


@pytest.mark.parametrize(
    "argv, said",
    [
        ("experiment --where val_acuracy>1", "unknown name 'val_acuracy', did you mean"),
        ("experiment --sort nothing", "--sort 'nothing' is no name of a value"),
        ("task --columns nmae", "--columns 'nmae' is no name of a value, did you mean 'name'?"),
        ("--parquet exp/metadata.db", "is a file: give a folder"),
        ("--parquet RUN/tables", "is in a run's directory, which stays as it is"),
        ("--parquet tables --where seed==1", "--where says nothing here: --parquet writes all"),
    ],
)
def test_mistakes_are_one_line(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], argv: str, said: str
) -> None:
    out(capsys)
    run = next(exp_dir.glob("other/*"))
    assert main(argv.replace("RUN", str(run)).split()) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1
    assert not Path("tables").exists() and not (run / "tables").exists()
