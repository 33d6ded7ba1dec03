"""`python -m project.verify` on a real run: silent proof, or what was changed."""

import math
from pathlib import Path

import numpy as np
import pytest

from project.provenance.run import Run
from project.verify import main
from tests.provenance.records import RECORD


def test_a_change_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="a==1\n")
    run.finish("finished", epochs=1, steps=1)
    assert main(["--exp-dir", str(tmp_path)]) == 0
    # The record, the requirements and the outcome.
    said = capsys.readouterr().out
    assert said == f"{run.run_id}: unchanged since it ended (3 files)\n"
    (run.directory / "requirements.lock").chmod(0o644)
    (run.directory / "requirements.lock").write_text("a==2\n")
    assert main([str(run.directory), "--exp-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{run.run_id}: requirements.lock was changed\n"


def test_a_run_that_never_ended_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="")
    assert main(["last", "--exp-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"error: {run.run_id} can't be verified: it has no outcome.json, it never ended\n"
    )
    run.release()


def ended_with(folder: Path, **scores: float) -> Run:
    """An ended run whose test gave this confusion matrix, and which reports these scores."""
    run = Run.create(folder, "trial", RECORD, patch=b"", requirements="a==1\n")
    (run.directory / "figures").mkdir()
    # Cats: 3 of 4 right; dogs: 4 of 5; cows: 0 of 1, which was taken for a dog.
    table = "true \\ predicted,cat,dog,cow\ncat,3,1,0\ndog,1,4,0\ncow,0,1,0\n"
    (run.directory / "figures" / "confusion_matrix.csv").write_text(table)
    run.finish("finished", epochs=1, steps=1, test={"test_loss": 0.3, **scores})
    return run


def test_reported_scores_are_computed_again_by_scikit_learn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {"test_accuracy": 7 / 10, "test_precision/dog": 4 / 6, "test_recall/cow": 0.0}
    scores["test_recall_weighted"] = (4 * (3 / 4) + 5 * (4 / 5) + 1 * 0) / 10
    run = ended_with(tmp_path, **scores)
    assert main(["--exp-dir", str(tmp_path)]) == 0
    # The record, the requirements, the matrix and the outcome; the loss follows from no counts.
    assert capsys.readouterr().out == (
        f"{run.run_id}: unchanged since it ended (4 files)\n"
        f"{run.run_id}: 4 test scores equal scikit-learn's of its confusion matrix\n"
    )


def test_a_score_that_the_counts_do_not_give_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Off by one in the last of its bits.
    run = ended_with(tmp_path, test_accuracy=math.nextafter(7 / 10, 1), test_recall_macro=0.5)
    assert main(["--exp-dir", str(tmp_path)]) == 1
    macro = np.mean([3 / 4, 4 / 5, 0])
    assert capsys.readouterr().out == (
        f"{run.run_id}: test_accuracy is 0.7000000000000001, by scikit-learn 0.7"
        " (of figures/confusion_matrix.csv)\n"
        f"{run.run_id}: test_recall_macro is 0.5, by scikit-learn {macro}"
        " (of figures/confusion_matrix.csv)\n"
    )
