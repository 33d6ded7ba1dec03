"""Each setting as the baseline: verdicts and intervals, against those of the description."""

from pathlib import Path

import pytest
from scipy import stats

from project.comparison import describe
from project.comparison.loading import load
from project.comparison.page.against import against, all_pairs
from project.comparison.page.confusion import confusion
from tests.comparison.store import make

VALUES = {0.1: [0.5, 0.6, 0.71], 0.2: [0.7, 0.8, 0.9], 0.3: [0.65]}


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("against")
    for rate, values in VALUES.items():
        for seed, value in enumerate(values):
            make(folder, test={"test_balanced_accuracy": value}, learning_rate=rate, seed=seed)
    make(folder, status="failed", learning_rate=0.4)
    return folder


def test_intervals_are_of_each_baseline(exp_dir: Path) -> None:
    runs = [load(path) for path in sorted((exp_dir / "trial").iterdir())]
    found = describe(runs, repository=exp_dir, curves=False)
    # A run that failed has no test: it doesn't choose the score.
    assert found["primary"] == "test_balanced_accuracy"
    told = against(found)
    assert list(told) == ["A", "B", "g", "h"]
    forth = told["A"]["differences"]["B"]["test_balanced_accuracy"]
    back = told["B"]["differences"]["A"]["test_balanced_accuracy"]
    # Of several verdicts all intervals hold together: each with 1 - 0.05 / n.
    pair = stats.ttest_rel(VALUES[0.2], VALUES[0.1]).confidence_interval(0.95)
    assert (forth["low"], forth["high"]) == pytest.approx((pair.low, pair.high))
    assert (back["mean"], back["low"]) == pytest.approx((-forth["mean"], -forth["high"]))
    assert forth["shown"] and back["shown"]
    assert "g" not in told["A"]["differences"]  # one value has no interval
    assert told["A"]["verdicts"][0].startswith("test_balanced_accuracy: B above A by 0.19")
    # Each group is told from each other one: by seed, without the run that is no group.
    pairs = {(pair["from"], pair["to"]): pair["scores"] for pair in all_pairs(found, runs)}
    assert list(pairs) == [("A", "B"), ("B", "A")]
    back = pairs["B", "A"]["test_balanced_accuracy"]
    assert (back["low"], back["high"]) == pytest.approx((-pair.high, -pair.low))
    # The same from the other side: the better one is told to be it.
    assert told["B"]["verdicts"][0] == told["A"]["verdicts"][0]


def test_confusion_matrices_are_read_and_damaged_ones_told(tmp_path: Path) -> None:
    runs = [make(tmp_path) for _ in range(3)]
    texts = ["true,x,y\nx,3,1\ny,0,2\n", "true,x\nx,many\n"]
    for run, text in zip(runs, texts, strict=False):
        (run / "figures").mkdir(exist_ok=True)
        (run / "figures" / "confusion_matrix.csv").write_text(text)
    found, notes = confusion([load(run) for run in runs], ["a", "b", "c"])
    assert found == {"a": {"classes": ["x", "y"], "counts": [[3, 1], [0, 2]]}}
    assert len(notes) == 1 and notes[0].startswith("The confusion matrix of b can't be read: ")
