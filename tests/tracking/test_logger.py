"""The Lightning logger writes the journal."""

from pathlib import Path

import pytest

from project.tracking import RunLogger
from project.tracking.journal import read


@pytest.fixture
def logger(tmp_path: Path) -> RunLogger:
    directory = tmp_path / "trial" / "20261121-034512-7h3k"
    directory.mkdir(parents=True)
    return RunLogger(directory)


def logged(logger: RunLogger) -> list[tuple[int, int, dict[str, float]]]:
    records, _ = read(Path(logger._run_dir, "journal.jsonl"))
    return [(record["step"], record["epoch"], record["metrics"]) for record in records]


def test_it_logs_as_the_solver_and_as_lightning_do(logger: RunLogger) -> None:
    logger.log({"train_loss": 0.5}, step=1, epoch=0)
    logger.log({"train_loss": 0.25}, step=2, epoch=1)
    # Lightning knows no epoch: it is that of the last record.
    logger.log_metrics({"lr": 0.001, "epoch": 1}, step=2)
    logger.log_hyperparams({"learning_rate": 0.001})
    logger.finalize("success")
    expected = [
        (1, 0, {"train_loss": 0.5}),
        (2, 1, {"train_loss": 0.25}),
        (2, 1, {"lr": 0.001, "epoch": 1.0}),
    ]
    assert logged(logger) == expected
    # A test follows the fit.
    logger.log({"test_accuracy": 0.9}, step=2, epoch=1)
    logger.close()
    assert logged(logger) == [*expected, (2, 1, {"test_accuracy": 0.9})]


def test_it_is_called_as_the_run(logger: RunLogger) -> None:
    assert (logger.name, logger.version) == ("trial", "20261121-034512-7h3k")
    logger.close()
