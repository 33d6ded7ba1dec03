"""The table at the end of a run, as text and on a terminal."""

import io
import math
import sys

import pytest

from project.cli.summary import duration, never_a_number, outcome_rows, print_summary

BEST = {
    "epoch": 23,
    "step": 240,
    "monitor": "val_log_loss",
    "metrics": {"val_loss": 0.0456, "val_accuracy": 0.98889, "val_log_loss": 0.05},
}
TEST = {"test_loss": "nan", "test_accuracy": 0.99444, "test_recall/7": 0.9, "test_f1_macro": 0.0}
MEMORY = {"resident": 1_234_567_890, "device": 2_000_000}
PLACE = "/a/long/way/" * 6


def test_an_outcome_becomes_rows() -> None:
    rows = outcome_rows(
        {"best": BEST, "test": TEST, "duration": 73.2, "peak_memory": MEMORY}, n_parameters=74794
    )
    assert rows == [
        # Epochs count from 0 in files, from 1 for people.
        ("best epoch", "24 (step 240)"),
        ("accuracy", "test 0.9944  validation 0.9889"),
        ("f1_macro", "test 0.0000"),
        # Files hold what JSON can't as text.
        ("loss", "test nan  validation 0.0456"),
        ("log_loss", "validation 0.0500"),
        ("parameters", "74,794"),
        ("time", "0:01:13"),
        ("peak memory", "1,235 MB, 2 MB on the device"),
    ]


def test_scores_without_leaks_stand_beside_the_others() -> None:
    test = TEST | {"test_accuracy_without_leaks": 0.5}
    outcome = {"best": BEST, "test": test, "duration": 73.2, "peak_memory": MEMORY}
    accuracy = dict(outcome_rows(outcome, n_parameters=3))["accuracy"]
    assert accuracy == "test 0.9944 (0.5000 without leaks)  validation 0.9889"


def test_scores_of_ones_own_metrics_stand_behind_the_usual_ones() -> None:
    best = BEST | {"metrics": BEST["metrics"] | {"val_fbeta": 0.25}}
    test = TEST | {f"test_own{n}": n / 8 for n in range(7)}
    outcome = {"best": best, "test": test, "duration": 73.2, "peak_memory": MEMORY}
    own = ["fbeta", *(f"own{n}" for n in range(7))]
    rows = outcome_rows(outcome, n_parameters=3, own=own)
    names = [name for name, _ in rows]
    assert names[1:5] == ["accuracy", "f1_macro", "loss", "fbeta"] and "own5" not in names
    assert dict(rows)["fbeta"] == "validation 0.2500" and dict(rows)["own4"] == "test 0.5000"


def test_a_run_that_got_nowhere_has_little_to_say() -> None:
    outcome = {"best": None, "test": None, "duration": 0.04}
    outcome["peak_memory"] = MEMORY | {"device": None}
    rows = outcome_rows(outcome, n_parameters=3)
    assert rows == [("parameters", "3"), ("time", "0.0 s"), ("peak memory", "1,235 MB")]


@pytest.mark.parametrize(
    "seconds, text",
    [(4.24, "4.2 s"), (59.99, "0:01:00"), (3723.4, "1:02:03"), (360000, "100:00:00")],
)
def test_durations(seconds: float, text: str) -> None:
    # 3723 = 1 x 3600 + 2 x 60 + 3.
    assert duration(seconds) == text


def test_text_is_aligned(capsys: pytest.CaptureFixture) -> None:
    print_summary([("time", "4.2 s"), ("parameters", "3")], "trial: finished")
    expected = "\ntrial: finished\n---------------\ntime        4.2 s\nparameters  3\n"
    assert capsys.readouterr().out == expected


def test_a_terminal_gets_a_table_and_long_values_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    print_summary([("accuracy", "test [0.99]"), ("run", PLACE)], "trial: [finished]")
    shown = sys.stdout.getvalue()
    # Brackets are text, not rich's markup.
    assert "trial: [finished]" in shown and "│ test [0.99] │" in shown
    assert f"run: {PLACE}\n" in shown


def test_a_best_epoch_without_a_number_is_told() -> None:
    assert not [*never_a_number(None), *never_a_number({"monitor": "val_iou/cat", "value": 0.0})]
    [line] = never_a_number({"monitor": "val_iou/cat", "value": math.nan})
    assert line.startswith("--monitor val_iou/cat was NaN in each epoch")
