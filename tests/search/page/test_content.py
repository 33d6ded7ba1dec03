"""What the page of a sweep is made of, whatever became of its trials."""

import json
import math
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from project.search.page.content import content
from project.search.page.writing import page, write
from project.search.values import COMPLETE, FAILED, RUNNING, Trial
from project.search.verdict.importance import importance
from project.search.verdict.ranking import choose, eligible, front
from tests.search.made_up import SPACE, finished, searched

NOW = datetime(2026, 11, 30, 18, 5, tzinfo=UTC)


def test_trials_are_there_in_columns_with_the_most_important_flags_first() -> None:
    report = searched()
    shown = content(report, NOW)
    assert [dim["name"] for dim in shown["dims"]][0] == "learning_rate"
    columns = shown["trials"]
    for i, trial in enumerate(report.trials):
        assert columns["number"][i] == trial.number
        values = {d["name"]: column[i] for d, column in zip(shown["dims"], columns["values"])}
        assert {k: v for k, v in values.items() if v is not None} == trial.values
        assert columns["scores"][0][i] == (trial.scores[0] if trial.scores else None)
        kept = trial.state != COMPLETE or trial.measures["parameters"] < 9e4
        assert columns["state"][i] == (trial.state if kept else "breaks a constraint")
        told = columns["reason"].get(trial.number, "")
        assert told == trial.reason if kept else told.endswith("not parameters < 90000")
    counts = Counter(trial.state for trial in report.trials)
    facts = dict(shown["facts"])
    assert facts["Trials"] == "60" and facts["Failed"] == str(counts[FAILED])
    # 60 trials of 26 s; the confirmation runs have no times.
    assert facts["Wall time of its runs"] == "0:26:00" and facts["Process time"] == "0:40:00"
    assert shown["steps"][-1][0] == choose(report.trials, report.rules)[0]
    assert shown["verdict"]["kind"] == "shown" and shown["winner"] == report.winner


def test_the_confirmed_table_has_the_means_of_its_seeds() -> None:
    report = searched(n_objectives=2)
    shown = content(report, NOW)
    assert [told["objective"] for told in shown["confirmed"]] == ["val_accuracy", "val_loss"]
    rows = shown["confirmed"][0]["rows"]
    assert [row["name"] for row in rows[:-1]] == [f"trial {t.number}" for t in report.best]
    for row in rows:
        arm = "default" if row["name"] == "default flags" else int(row["name"].split()[1])
        own = [job.scores[0] for job, facts in report.confirmed if facts["arm"] == arm]
        assert row["value"] == pytest.approx(math.fsum(own) / 5)
        if arm != "default":
            assert row["gain"] == pytest.approx(row["value"] - rows[-1]["value"])
    objectives = report.rules.objectives
    expected = front(eligible(report.trials, report.rules), objectives)
    assert shown["front"] == [trial.number for trial in expected]


def test_a_confirmed_run_that_failed_has_no_score_on_the_page() -> None:
    """And its trial no mean, as in the terminal's table."""
    report = searched()
    arm = report.best[0].number
    first = next(i for i, (_, facts) in enumerate(report.confirmed) if facts["arm"] == arm)
    jobs = [*report.confirmed]
    jobs[first] = (replace(jobs[first][0], state=FAILED, scores=()), jobs[first][1])
    lost, other, *_ = content(replace(report, confirmed=jobs), NOW)["confirmed"][0]["rows"]
    assert (lost["mean"], lost["value"]) == ("–", None) and lost["each"].startswith("Seed 1: –, 2")
    assert other["value"] > 0.9 and "nan" not in str([lost, other])


@pytest.mark.parametrize("n", [150, 300])
def test_the_flags_that_matter_are_told_from_chance(n: int) -> None:
    report = searched(n)
    found = report.importance
    assert sum(found.shares.values()) == pytest.approx(1) and not found.why
    assert [*found.shares][0] == "learning_rate" and found.shares["learning_rate"] > 0.5
    assert found.shown[: 1 + (n > 100)] == ["learning_rate", "optimizer"][: 1 + (n > 100)]
    assert n < 100 or found.shares["batch_size"] < 0.05
    least = importance(report.trials, SPACE, searched(1, 2).rules)
    assert least.why  # these trials have one score, and two are asked for


@pytest.mark.nightly
def test_flags_that_do_nothing_are_rarely_said_to_matter() -> None:
    """Beyond the most of 19 deals in one of 20 cases: of 400, 20, give or take 2 * 4.4."""
    noise, told = np.random.default_rng(0), 0
    for _ in range(100):
        trials = searched(40).trials
        scores = noise.normal(size=len(trials)).tolist()
        dealt = [
            replace(trial, state=COMPLETE, scores=(score,), measures={"parameters": 1.0})
            for trial, score in zip(trials, scores, strict=True)
        ]
        told += len(importance(dealt, SPACE, searched(1).rules).shown)
    assert 8 <= told <= 32


@pytest.mark.parametrize(
    "trials, why",
    [
        ([], "0 trials are complete"),
        ([finished(0, 0.5, values={"batch_size": 16})], "1 trials are complete"),
        ([finished(n, math.nan, values={"batch_size": 16}) for n in range(20)], "0 trials are"),
        (
            [finished(n, n / 20, values={"batch_size": 16}) for n in range(20)],
            "All trials have the same flags.",
        ),
        (
            [finished(n, 0.5, values={"batch_size": 16 + 48 * (n % 2)}) for n in range(20)],
            "All trials have the same score.",
        ),
        ([Trial(n, {"batch_size": 16}, RUNNING) for n in range(20)], "0 trials are complete"),
    ],
)
def test_without_an_importance_there_is_still_a_page(trials: list[Trial], why: str) -> None:
    report = searched()
    rules = replace(report.rules, constraints=())
    bare = replace(report, trials=trials, confirmed=(), tested={}, rules=rules)
    assert importance(trials, SPACE, rules).why.startswith(why)
    made = page(bare, NOW)
    data = json.loads(re.search(r'id="data">(.*?)</script>', made)[1])
    assert data["importance"]["why"].startswith(why) and data["importance"]["rows"] == []
    assert data["confirmed"] == [] and data["verdict"]["kind"] == "open"


def test_the_page_holds_all_it_needs_and_no_text_of_a_run_ends_it(tmp_path: Path) -> None:
    report = replace(searched(), name="a </script><script>alert(1)</script>")
    write(report, path := tmp_path / "sweep.html", NOW)
    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 2  # of the data, and of the page's own script
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
    with pytest.raises(OSError):
        write(report, tmp_path / "nowhere" / "sweep.html", NOW)
