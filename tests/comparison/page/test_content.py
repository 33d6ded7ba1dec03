"""What the page shows, against the description that it is made of and numbers worked out here."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project.comparison import describe
from project.comparison.loading import load
from project.comparison.page import diffs, figures
from project.comparison.page.content import content
from project.comparison.showing import comparison_lines
from tests.comparison.page.conftest import MARKUP
from tests.comparison.store import begin, edit, journal, make
from tests.tracking.runs import PNG

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def shown(exp_dir: Path, *places: int) -> dict[str, Any]:
    directories = sorted((exp_dir / "trial").iterdir())
    runs = [load(directories[place]) for place in places or range(6)]
    found, problems = content(describe(runs, repository=exp_dir.parent / "repo"), runs, NOW)
    assert problems == []
    return found


def row(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in found["rows"] if row["name"] == name)


def test_names_are_the_fewest_flags_that_tell_apart(exp_dir: Path) -> None:
    found = shown(exp_dir)
    assert [unit["name"] for unit in found["units"]] == ["learning_rate 0.001", "learning_rate 0.1"]
    assert found["runs"][4]["name"] == "learning_rate 0.1, seed 1"
    assert found["units"][1]["members"] == ["d", "e", "f"]
    (one,) = shown(exp_dir, 2)["runs"]
    assert one["name"] == one["run_id"]


def test_names_have_as_few_digits_as_tell_apart(tmp_path: Path) -> None:
    for rates, expected in [((0.0123456, 0.2), "0.0123"), ((0.0123456, 0.0123457), "0.0123456")]:
        made = [make(tmp_path / expected, learning_rate=rate) for rate in rates]
        runs = [load(directory) for directory in made]
        found, _ = content(describe(runs, repository=tmp_path), runs, NOW)
        assert found["runs"][0]["name"] == f"learning_rate {expected}"


@pytest.mark.parametrize(
    "flags, names",
    [
        (
            [{"newer": False, "width": 8}, {"newer": False, "width": 16}, {"width": 32}],
            ["width 8", "width 16", "width 32"],
        ),
        ([{"limit": None}, {"limit": 2}], ["limit -", "limit 2"]),
    ],
)
def test_flags_that_older_runs_lack_are_in_no_name(
    tmp_path: Path, flags: list[dict[str, Any]], names: list[str]
) -> None:
    made = [make(tmp_path) for _ in flags]
    for directory, asked in zip(made, flags, strict=True):
        edit(directory, "record.json", flags=asked)
    runs = [load(directory) for directory in made]
    found, _ = content(describe(runs, repository=tmp_path), runs, NOW)
    assert [run["name"] for run in found["runs"]] == names


def test_results_have_deltas_and_which_is_better(exp_dir: Path) -> None:
    cells = row(shown(exp_dir, 3, 0), "val_accuracy")["each"]
    # 0.5 after 0.75: 0.25 worse.
    assert cells == [{"text": "0.75", "best": True}, {"text": "0.5", "delta": "-0.25"}]


def test_a_classs_name_does_not_turn_a_score_round(tmp_path: Path) -> None:
    scores = ({"val_precision/loss": 0.25, "val_brier": 0.5}, {"val_precision/loss": 0.75})
    runs = [load(make(tmp_path, val={"val_brier": 0.25, **score})) for score in scores]
    found, _ = content(describe(runs, repository=tmp_path), runs, NOW)
    for name in ("val_precision/loss", "val_brier"):  # more is better; less is
        assert [cell.get("best") for cell in row(found, name)["each"]] == [None, True]
    better = {score["name"]: score["better"] for score in found["scores"]}
    assert (better["val_precision/loss"], better["val_brier"]) == ("max", "min")


def test_what_cannot_be_compared_has_neither_star_nor_difference(tmp_path: Path) -> None:
    asked = ({}, {}, {"loss": "focal"}, {"loss": "focal", "seed": 1}, {"seed": 1})
    scores = (
        {"val_loss": v, "val_log_loss": v, "val_accuracy": v} for v in (0.5, 0.4, 0.3, 0.2, 0.1)
    )
    made = [make(tmp_path, val=val, **own) for val, own in zip(scores, asked, strict=True)]
    made.append(
        make(tmp_path, val={"val_log_loss": 0.1}, tags=[f"reproduces:{made[4].name}"], seed=1)
    )
    runs = [load(directory) for directory in made]
    described = describe(runs, repository=tmp_path, curves=False)
    found, _ = content(described, runs, NOW)
    loss, log_loss = row(found, "val_loss"), row(found, "val_log_loss")
    assert loss["why"] == "the loss differs (loss cross-entropy, focal)" and log_loss["why"] is None
    # Against the first, those of the same loss alone; of both losses none is the best.
    assert [cell.get("delta") for cell in loss["each"]] == [None, "-0.1", None, None, "-0.4", "0"]
    assert not any("best" in cell for cell in [*loss["each"], *loss["grouped"]])
    assert [cell.get("delta") for cell in log_loss["each"]][2:4] == ["-0.2", "-0.3"]
    # Nor is what only repeats the best one.
    assert [cell.get("best") for cell in log_loss["each"]] == [None] * 4 + [True, None]
    # Two groups of two seeds, of other losses: no difference between their losses.
    assert [group["runs"] for group in found["groups"]] == [["a", "b", "e"], ["c", "d"]]
    assert len(found["pairs"]) == 2  # either may be the baseline
    for pair in found["pairs"]:
        assert "val_loss" not in pair["scores"] and "val_log_loss" in pair["scores"]
    assert (
        "val_loss: not compared, the loss differs (loss cross-entropy, focal); val_log_loss can be."
        in found["notes"]
    )
    assert any(
        "val_loss: not compared" in line.text
        for line in comparison_lines(described, None, all=False)
    )


def test_groups_have_mean_spread_and_paired_difference(exp_dir: Path) -> None:
    found = shown(exp_dir)
    assert found["verdicts"] == ["test_accuracy: A and B are the same in each of 3 seeds"]
    first, second = row(found, "val_accuracy")["grouped"]
    # Means of .5 .6 .7 and .75 .85 .95; both deviate by .1; every pair differs by .25.
    assert first == {"value": pytest.approx(0.6), "sd": pytest.approx(0.1), "n": 3}
    assert second["value"] == pytest.approx(0.85) and second["best"]
    assert second["delta"] == "+0.25"
    # How long a run took is no score, but differs from run to run.
    lasted = row(shown(exp_dir), "duration")
    seconds = [float(cell["text"]) for cell in lasted["each"][:3]]
    assert lasted["grouped"][0]["value"] == pytest.approx(np.mean(seconds), rel=1e-4)
    assert lasted["grouped"][0]["sd"] == pytest.approx(np.std(seconds, ddof=1), rel=1e-2)


def test_flags_of_a_group_are_what_its_runs_share(exp_dir: Path) -> None:
    found = shown(exp_dir)
    assert row(found, "seed")["grouped"] == ["0, 1, 2", "0, 1, 2"]
    assert row(found, "learning_rate")["each"] == ["0.001"] * 3 + ["0.1"] * 3
    dimensions = {told["name"]: told for told in found["dimensions"]}
    assert dimensions["learning_rate"]["grouped"] == [0.001, 0.1]
    assert dimensions["seed"]["grouped"] == ["0, 1, 2", "0, 1, 2"]
    assert dimensions["val_accuracy"]["grouped"] == pytest.approx([0.6, 0.85])
    assert "val_recall/0" not in dimensions


def test_curves_of_runs_and_of_groups(exp_dir: Path) -> None:
    found = shown(exp_dir)
    assert set(found["curves"]) == {*"abcdef", "A", "B"}
    told = found["curves"]["A"]["val_accuracy"]
    assert (told["y"], told["low"], told["high"]) == ([pytest.approx(0.6)], [0.5], [0.7])
    assert found["curves"]["a"]["train_loss"]["points"] == 39


def test_diffs_come_file_by_file(exp_dir: Path) -> None:
    (diff,) = shown(exp_dir)["diffs"]
    assert (diff["from"], diff["to"]) == (["a", "b", "c"], ["d", "e", "f"])
    changed, new = diff["files"]
    assert (changed["name"], changed["added"], changed["removed"]) == ("a.py", 1, 1)
    assert "\n-line 4\n+line 4!\n" in changed["text"] and MARKUP not in changed["text"]
    assert new["name"] == "b.py" and f"\n+{MARKUP}\n" in new["text"]


def test_what_is_too_much_is_left_out_and_said(
    exp_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MOST_BYTES", 2 * len(PNG))
    monkeypatch.setattr(diffs, "MOST_CHARACTERS", 300)
    found = shown(exp_dir)
    assert len(found["pictures"]) == 2
    assert found["notes"] == [
        "4 figures are left out, as the page would be too large.",
        "The diffs of 1 files are left out, as they are too long.",
    ]


def test_a_run_that_has_hardly_begun_and_one_that_does_not_say_when(tmp_path: Path) -> None:
    training, old = begin(tmp_path / "exp"), make(tmp_path / "exp", seed=1)
    journal(old, (5, 0, {"train_loss": 2.0}), (7, 0, {"train_loss": 1.0}))
    edit(old, "record.json", created=None)
    runs = [load(training.directory), load(old)]
    found, problems = content(describe(runs, repository=tmp_path, now=NOW), runs, NOW)
    training.release()
    assert problems == [] and found["curves"]["a"] == {}
    assert [run["status"] for run in found["runs"]] == ["running", "finished"]
    assert found["runs"][0]["lasted"] is None and found["runs"][1]["started"] is None
    # Times count from the first that was logged.
    axis = found["curves"]["b"]["train_loss"]["axis"]
    assert found["axes"][axis]["time"] == [0, 2]


def test_a_damaged_journal_is_told(exp_dir: Path, tmp_path: Path) -> None:
    good, bad = make(tmp_path / "exp"), make(tmp_path / "exp", seed=1)
    journal(good, (1, 0, {"train_loss": 2.0}))
    (bad / "journal.jsonl").write_text("{}\n")
    runs = [load(good), load(bad)]
    found, (problem,) = content(describe(runs, repository=tmp_path, curves=False), runs, NOW)
    assert problem.startswith(f"{bad / 'journal.jsonl'} is damaged in line 1")
    assert problem in found["problems"] and set(found["curves"]["a"]) == {"train_loss"}
    assert found["curves"]["b"] == {}
