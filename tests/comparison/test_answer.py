"""The screen that answers a comparison: settings, headline scores, verdicts, what is left out."""

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from project.comparison.answer import answer_lines
from project.comparison.description import describe
from project.comparison.headline import SHOWN, headline, primary
from project.comparison.judging import verdict_lines
from project.comparison.loading import load
from project.comparison.siblings import siblings
from tests.comparison.store import edit, make

BETTER = {"test_balanced_accuracy": "max", "test_accuracy": "max", "test_log_loss": "min"}
BETTER |= {"val_loss": "min", "test_dice": "max", "test_entropy": None, "test_recall/cat": "max"}
# Balanced accuracy by seed.
OLD, NEW, NEWEST = (0.71, 0.74, 0.69), (0.82, 0.80, 0.86), (0.75, 0.79, 0.72)


def described(folder: Path, *settings: dict[str, Any]) -> dict[str, Any]:
    """The description of settings, each with the `scores` of its seeds and its flags."""
    runs = []
    for asked in settings:
        scores = asked.pop("scores")
        for seed, score in scores.items() if isinstance(scores, dict) else enumerate(scores):
            test = {"test_balanced_accuracy": score, "test_loss": 1 - score}
            runs.append(load(make(folder, test=test, seed=seed, **asked)))
    return describe(runs, repository=folder, curves=False)


def test_two_settings_of_three_seeds_fit_a_screen(tmp_path: Path) -> None:
    found = described(
        tmp_path, {"scores": OLD}, {"scores": NEW, "learning_rate": 0.01, "model": "mlp"}
    )
    ends = stats.ttest_rel(NEW, OLD).confidence_interval()
    interval = f"95 % [{ends.low:.2f}, {ends.high:.2f}]"
    for width in (80, 120, None):
        lines = [line.text for line in answer_lines(found, width, all=False)]
        assert len(lines) < 24 and (width is None or max(map(len, lines)) <= width)
        rows = {cells[0]: cells[1:] for cells in map(str.split, lines) if cells}
        assert rows["A"] == "B B - A, 95 %".split() and rows["seed"] == "0 1 2 0 1 2".split()
        assert (rows["model"], rows["learning_rate"]) == (["cnn", "mlp"], ["0.001", "0.01"])
        told = f"0.713 ± 0.025 0.827 ± 0.031 +0.11 {interval.removeprefix('95 % ')}"
        assert rows["test_balanced_accuracy"] == told.split()
        assert " ".join(lines).endswith(
            f"test_balanced_accuracy: B above A by 0.11, {interval}, 3 seeds: no difference shown"
        )


def test_runs_stand_above_their_seeds(tmp_path: Path) -> None:
    scores = {10: 0.5, 9: 0.7, 2: 0.6}
    found = described(tmp_path, {"scores": scores}, {"scores": scores, "model": "mlp"})
    lines = [line.text for line in answer_lines(found, 120, all=False)]
    rows = {cells[0]: cells[1:] for cells in map(str.split, lines) if cells}
    seed_of = {run["run_id"].rpartition("-")[2]: run["seed"] for run in found["runs"]}
    assert [seed_of[end] for end in rows["run"]] == [2, 9, 10, 2, 9, 10]
    assert rows["seed"] == ["2", "9", "10", "2", "9", "10"]


def test_three_settings_share_the_risk(tmp_path: Path) -> None:
    found = described(
        tmp_path,
        {"scores": OLD},
        {"scores": NEW, "learning_rate": 0.01},
        {"scores": dict(zip((7, 8, 9), NEWEST, strict=True)), "learning_rate": 0.1},
    )
    second, third = found["verdicts"]
    paired = stats.ttest_rel(NEW, OLD).confidence_interval(0.975)
    assert (second["low"], second["high"]) == pytest.approx((paired.low, paired.high))
    welch = stats.ttest_ind(NEWEST, OLD, equal_var=False).confidence_interval(0.975)
    assert (third["low"], third["high"]) == pytest.approx((welch.low, welch.high))
    assert (third["from"], third["to"], third["kind"]) == ("A", "C", "welch")
    first, other, together = verdict_lines(found)
    assert ", 97.5 % [" in first and "none shared (Welch)" in other
    assert together == "2 comparisons with A: all their intervals together hold with 95 %"
    names = [setting["name"] for setting in found["settings"]]
    assert names == ["learning_rate 0.001", "learning_rate 0.01", "learning_rate 0.1"]


def test_a_group_beside_a_single_run_asks_for_its_seeds(tmp_path: Path) -> None:
    found = described(tmp_path, {"scores": OLD}, {"scores": {1: 0.5}, "model": "mlp"})
    assert verdict_lines(found)[0].endswith("d has one seed: can't tell; add --seeds 0 2")


def test_many_settings_stand_below_each_other_and_are_one_line(tmp_path: Path) -> None:
    rates = (0.1, 0.2, 0.3, 0.4, 0.05)
    found = described(tmp_path, *({"scores": [rate], "learning_rate": rate} for rate in rates))
    lines = [line.text for line in answer_lines(found, 80, all=False)]
    assert lines[0].split() == "test_balanced_accuracy run setting test_loss val_loss".split()
    assert lines[2].split()[:2] == ["b", "0.2000"] and "learning_rate 0.2 " in lines[2]
    assert max(map(len, lines)) <= 80
    assert verdict_lines(found) == [
        "test_balanced_accuracy: a, b, c, d, e, one seed each: can't tell; add --seeds 1 2"
    ]
    asked = ({"scores": NEW, "learning_rate": rate} for rate in (0.6, 0.7))
    found = described(
        tmp_path, {"scores": OLD}, *asked, *({"scores": [0.5], "model": m} for m in "xy")
    )
    assert verdict_lines(found)[2:] == [
        "test_balanced_accuracy: j, k, one seed each: can't tell; add --seeds 1 2",
        "2 comparisons with A: all their intervals together hold with 95 %",
    ]


def test_more_flags_than_fit_are_counted(tmp_path: Path) -> None:
    other = {f"flag_{n}": n for n in range(10)}
    found = described(tmp_path, {"scores": [0.5]}, {"scores": [0.6], "exp_name": "second", **other})
    lines = [line.text for line in answer_lines(found, 80, all=False)]
    assert lines[-1] == "2 more flags: --all"
    assert sum(line.startswith("flag_") for line in lines) == 8
    assert any(line.split() == ["exp_name", "trial", "second"] for line in lines)
    assert sum("flag_" in line.text for line in answer_lines(found, 80, all=True)) == 10


def test_runs_that_have_not_finished_are_shown_and_not_judged(tmp_path: Path) -> None:
    found = described(
        tmp_path, {"scores": OLD}, {"scores": [0.9], "model": "mlp", "status": "interrupted"}
    )
    lines = [line.text for line in answer_lines(found, None, all=False)]
    assert any(line.split() == ["status", "finished", "interrupted"] for line in lines)
    (line,) = verdict_lines(found)
    assert line == "test_balanced_accuracy: no finished run of d has it: can't tell"


@pytest.mark.parametrize(
    "lacking, monitors, expected",
    [
        ((), ["val_loss"], "test_balanced_accuracy"),
        ((), ["val_loss_dice"], "test_balanced_accuracy"),
        ((), ["val_dice"], "test_dice"),
        ((), ["val_log_loss"], "test_log_loss"),
        ((), ["val_dice", "val_loss"], "test_balanced_accuracy"),
        (("test_balanced_accuracy", "test_accuracy"), ["val_loss"], "test_log_loss"),
        (("test_balanced_accuracy", "test_accuracy", "test_log_loss"), ["val_loss"], "test_dice"),
        ([name for name in BETTER if name != "val_loss"], ["val_loss"], "val_loss"),
        ([name for name in BETTER if name != "test_entropy"], ["val_loss"], None),
    ],
)
def test_the_score_to_judge_by_follows_from_the_flags(
    lacking: list[str], monitors: list[str], expected: str | None
) -> None:
    assert primary([name for name in BETTER if name not in lacking], BETTER, monitors) == expected


def test_the_monitored_score_is_always_shown() -> None:
    names = [f"test_{n}" for n in range(9)]
    others = ["val_loss", "test_log_loss", "test_loss", "test_1/cat"]
    shown = headline(names + others, "test_3", ["val_loss"])
    assert shown == ["test_3", "test_log_loss", "test_loss", "val_loss", "test_0", "test_1"]
    assert len(headline(names, "test_3", [f"test_{n}" for n in range(9)])) == SHOWN


def test_the_other_seeds_of_a_run_are_known_and_taken_in_when_asked_for(tmp_path: Path) -> None:
    runs = [load(make(tmp_path, seed=0, model=model)) for model in ("cnn", "mlp")]
    other = [make(tmp_path, seed=seed) for seed in (1, 1, 2)]
    make(tmp_path, seed=3, status="interrupted")
    make(tmp_path, seed=4, learning_rate=0.5)
    make(tmp_path, seed=5, exp_name="elsewhere")
    edit(make(tmp_path, seed=6), "record.json", command="another")
    (make(tmp_path, seed=7) / "record.json").unlink()
    found = siblings(runs)
    assert [run.run_id for run in found] == sorted(path.name for path in other[1:])
    assert siblings([*runs, *found]) == []
    told = describe(runs, repository=tmp_path, curves=False)
    *_, last = answer_lines(told, None, all=False, more_seeds=len(found))
    assert last.text == "2 more seeds beside these: --all-seeds"


def test_seeds_that_each_go_on_from_their_own_run_are_told_too(tmp_path: Path) -> None:
    children = []
    for seed in (0, 1):
        own = make(tmp_path, seed=seed).name
        parent = {"run_id": own, "epoch": 2, "step": 20}
        children.append(make(tmp_path, seed=seed, max_epochs=40, parent=parent, **{"from": own}))
    (found,) = siblings([load(children[0])])
    assert found.run_id == children[1].name


def test_a_reproduction_is_no_setting(tmp_path: Path) -> None:
    first = make(tmp_path, seed=0)
    runs = [load(first), load(make(tmp_path, seed=1))]
    again = load(make(tmp_path, seed=0, tags=[f"reproduces:{first.name}"]))
    found = describe([*runs, again], repository=tmp_path, curves=False)
    assert verdict_lines(found) == ["c: a reproduction of another of these runs, not judged"]
    other = load(make(tmp_path, seed=0, model="mlp"))
    found = describe([runs[0], again, other], repository=tmp_path, curves=False)
    reproduced, told = verdict_lines(found)
    assert reproduced.startswith("b: a reproduction") and told.startswith("test_accuracy: a and c ")


def test_what_is_said_of_a_run_names_what_the_screen_shows(tmp_path: Path) -> None:
    runs = [make(tmp_path, test={"test_accuracy": 0.5}, seed=seed) for seed in (0, 1)]
    runs += [make(tmp_path, test={"test_accuracy": n / 8}, depth=n) for n in range(3)]
    runs.append(make(tmp_path, seed=1, tags=[f"reproduces:{runs[1].name}"]))
    edit(runs[2], "record.json", parent={"run_id": runs[0].name, "epoch": 2, "step": 8})
    found = describe([load(run) for run in runs], repository=tmp_path, curves=False)
    first, second, *_, again = (run.name.rpartition("-")[2] for run in runs)
    lines = [line.text for line in answer_lines(found, 80, all=False)]
    assert f"c goes on from {first} after epoch 2" in lines  # which is one of A
    (row,) = (line for line in lines if f"{again} = {second}" in line)
    assert row.startswith("f ") and row.count("=") == 1
