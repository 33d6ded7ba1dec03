"""Whether the run is what it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from project.inference.predictor import Predictor
from project.provenance import seal
from project.provenance.record import read_outcome, read_record
from project.run_directory import BEST


def test_files(run: Path, found: Callable[[str], None]) -> None:
    """files are what they were when the run ended."""
    changed = seal.changes(run)
    assert not changed, "; ".join(changed)
    found(f"{len(seal.names(run)) + 1} files")


def test_weights(run: Path, predictor: Predictor, found: Callable[[str], None]) -> None:
    """weights are those that were recorded."""
    recorded = (read_outcome(run).get("weights") or {}).get(BEST)
    if recorded is None:
        pytest.skip("the run has not recorded their hash")
    assert predictor.weights_hash == recorded, f"{predictor.weights_hash[:20]}, not {recorded[:20]}"
    found(recorded[:20])


def test_normalisation(run: Path, predictor: Predictor) -> None:
    """images are normalised as recorded."""
    data = read_record(run)["data"]
    for name in ("mean", "std"):
        ours = [f"{value:.6g}" for value in getattr(predictor, name)]
        recorded = [f"{value:.6g}" for value in data[name]]
        assert ours == recorded, f"{name} is {', '.join(ours)}, not {', '.join(recorded)}"
