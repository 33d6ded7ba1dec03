"""The names of a run's files and folders, and of what lies beside the runs.

No other file of the project spells them. A run's directory is `<exp-dir>/<exp-name>/<run-id>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # 5 ms that --help need not pay
    from collections.abc import Iterator
    from pathlib import Path

# What was asked for; written last of what is written before training, so that it makes a run.
RECORD = "record.json"
# What the record names: the code and the data that the run began with.
PATCH = "code.patch"
PLUGS = "plugs"  # the Python files that were imported from outside, as Python looks for them
REQUIREMENTS = "requirements.lock"
MANIFEST = "data.manifest.gz"
SPLITS = "splits.npz"
# The stages after the first, a line each; below the folder, by number, what each went on with.
STAGES = "stages.jsonl"
STAGE_FILES = "stages"
# What the run logs.
JOURNAL = "journal.jsonl"
TABLE = "metrics.csv"
CHECKPOINTS = "checkpoints"
BEST, LAST = "best.pt", "last.pt"
FIGURES = "figures"
VALIDATION = "validation"  # below the figures, those of a validation
CONFUSION = "confusion_matrix.csv"
PROFILE = "profile"
PREDICTIONS = "predictions.parquet"  # a row for each tested sample
LOGITS = "logits.npz"
# What came out; while a run goes on again, under the other name what had come out before.
OUTCOME = "outcome.json"
FORMER_OUTCOME = "outcome.previous.json"
TRACEBACK = "traceback.txt"
# What may come or change after the end: it is under no seal.
LOCK = ".lock"
NOTES = "notes.json"
NOTES_LOCK = ".notes.json.lock"
TRACKING = "tracking"
TENSORBOARD = "tensorboard"
NEPTUNE = ".neptune"  # the one folder name that `neptune sync` looks for
REPRODUCTIONS = "reproductions"
# What was made of the run later: a folder for each, under a seal of its own.
AFTER = "after"
AFTER_SEAL = "seal.json"
# The commit's files that an archive brought along.
SOURCE = "source"
PACK, MASKED = "commit.pack", "masked"

# Beside the experiments: a row for each run, MLflow's store of runs and of their files, and all
# sweeps, and the tables over all runs.
RUNS = "runs.csv"
RUNS_LOCK = ".runs.csv.lock"
MLFLOW_STORE = "mlflow.db"
MLFLOW_FILES = "mlflow-artifacts"
SWEEPS = "sweeps.db"
# And curves of what was tried before a run, which are of none.
TUNING = "_tuning"
METADATA = "metadata.db"
# And what experiments of `project.scaling` forecast, a folder each.
FORECASTS = "_forecasts"
# Within an experiment that is a sweep, its page.
SWEEP_PAGE = "sweep.html"
# No names of experiments.
RESERVED = (RUNS, MLFLOW_STORE, MLFLOW_FILES, SWEEPS, TUNING, METADATA, FORECASTS)


def best(run: Path) -> Path:
    """The weights of the best validation."""
    return run / CHECKPOINTS / BEST


def last(run: Path) -> Path:
    """The checkpoint to go on from."""
    return run / CHECKPOINTS / LAST


def aside(checkpoint: Path) -> Path:
    """Where a checkpoint that is not kept stands until the run's outcome is written."""
    return checkpoint.with_name(f".{checkpoint.name}.aside")


def state_of(run: Path, tracker: str) -> Path:
    """How far the run was sent to a tracker."""
    return run / TRACKING / f"{tracker}.json"


def log_of(run: Path, tracker: str) -> Path:
    """What the process that sends the run to a tracker has printed."""
    return run / TRACKING / f"{tracker}.log"


def lock_of(run: Path, tracker: str) -> Path:
    """Held by the process that sends the run to a tracker."""
    return run / TRACKING / f"{tracker}.lock"


def forecast_of(exp_dir: Path, experiment: str) -> Path:
    """The folder of what was forecast by an experiment's runs."""
    return exp_dir / FORECASTS / experiment


def followed(run: Path) -> list[str]:
    """The trackers that the run was sent to, or was to be."""
    return sorted(path.stem for path in (run / TRACKING).glob("*.json"))


def is_run(directory: Path) -> bool:
    """Whether `directory` is a run's."""
    return (directory / RECORD).is_file()


def runs_in(experiment: Path) -> Iterator[Path]:
    """The directories of an experiment's runs, in no order; hidden ones are being deleted."""
    return (path.parent for path in experiment.glob(f"[!.]*/{RECORD}"))


def runs_below(exp_dir: Path) -> Iterator[Path]:
    """The directories of all experiments' runs, in no order."""
    return (path.parent for path in exp_dir.glob(f"*/[!.]*/{RECORD}"))
