"""A sweep in words: the verdict in sentences, and the tables before it."""

from dataclasses import replace
from itertools import dropwhile

import pytest

from project.search.space import Space
from project.search.values import FAILED, PRUNED, RUNNING, Constraint, Objective, Trial
from project.search.verdict.confirmation import Jobs
from project.search.verdict.judging import DEFAULT, Arm
from project.search.verdict.report import Report
from project.search.verdict.screen import report_lines
from project.search.verdict.sentences import sentences
from tests.search.made_up import RULES, finished, searched

BASE = (0.90, 0.92, 0.91, 0.88, 0.90)
GOOD = (0.95, 0.96, 0.94, 0.95, 0.93)
TRIALS = [finished(0, 0.9), finished(1, 0.96), finished(2, 0.8), Trial(3, {"flag": 0.5}, PRUNED)]


def jobs(scores: dict[Arm, tuple[float, ...]]) -> Jobs:
    arms = [(arm, seed, v) for arm, row in scores.items() for seed, v in enumerate(row, 1)]
    return [(finished(i, v), {"arm": arm, "seed": s}) for i, (arm, s, v) in enumerate(arms)]


def report(confirmed: Jobs = (), **more: object) -> Report:
    told = {"name": "digits", "rules": RULES, "space": Space(()), "trials": TRIALS, "goal": 4}
    return Report(**(told | {"confirmed": confirmed} | more))


def test_a_winner_is_told_with_the_least_that_it_gains() -> None:
    # Gains .05 .04 .03 .07 .03: their mean is .044, their deviation .0167, its own .0075; beyond
    # 2.132 of these Student's t for 4 degrees is in 5 % of cases: .044 - 2.132 * .0075 = .028.
    told = report(jobs({1: GOOD, DEFAULT: BASE}), trials=TRIALS[1:2])
    assert sentences(told) == [
        "Trial 1 is better than the default flags: val_accuracy is higher by 0.044,"
        " by at least 0.028 with 95 % confidence, over 5 new seeds."
    ]
    less = replace(RULES, objectives=(Objective("val_loss", "min"),))
    told = report(jobs({1: BASE, DEFAULT: GOOD}), rules=less)
    assert "val_loss is lower by 0.044, by at least 0.028" in sentences(told)[0]


def test_where_nothing_is_shown_it_is_told_how_far_it_came() -> None:
    told = report(jobs({1: (0.91, 0.91, 0.92, 0.88, 0.90), DEFAULT: BASE}), trials=TRIALS[1:2])
    (said,) = sentences(told)
    assert said.startswith("No difference to the default flags is shown: trial 1 was better by")
    told = report(jobs({1: BASE, 0: (*BASE[:4], 0.901), DEFAULT: GOOD}), trials=TRIALS[:2])
    said = sentences(told)
    assert said[0].startswith("No trial is shown to be better than the default flags: trial 0 was")
    assert said[1:] == ["Trials 1 and 0 are worse than the default flags."]
    told = report(jobs({1: BASE, DEFAULT: BASE}), trials=TRIALS[1:2])
    assert sentences(told) == [
        "No difference to the default flags is shown: there is nothing to judge by.",
        "Trial 1: the same as the default with every seed.",
    ]


def test_of_several_objectives_it_is_told_what_they_come_to_together() -> None:
    rules = replace(RULES, objectives=(Objective("val_a", "max"), Objective("val_b", "max")))
    arms = [(1, seed, pair) for seed, pair in enumerate(zip(GOOD, BASE, strict=True))]
    arms += [(DEFAULT, seed, (v, v)) for seed, v in enumerate(BASE)]
    both = [(finished(i, *pair), {"arm": a, "seed": s}) for i, (a, s, pair) in enumerate(arms)]
    trials = [finished(1, 0.9, 0.8)]
    said = sentences(report(both, rules=rules, trials=trials))
    assert said[0] == (
        "Trial 1 is better than the default flags in val_a, and shown to be worse in none."
    )
    # The error is shared by both.
    assert (
        said[1].startswith("Trial 1 is better than the default flags: val_a is higher")
        and "97.5 % confidence" in said[1]
    )
    assert said[2].startswith("val_b: No difference")


@pytest.mark.parametrize(
    "more, text",
    [
        ({"trials": []}, "No trial has ended yet."),
        ({"trials": TRIALS[3:]}, "None of 1 trial ended with a score: nothing to choose."),
        (
            {"rules": replace(RULES, constraints=(Constraint("parameters", "<", 5e4),))},
            "None of 4 trials ended with a score that keeps parameters < 50000: nothing to choose.",
        ),
        ({}, "Nothing is confirmed: the best of 4 trials looks better than it is, "),
    ],
)
def test_why_there_is_no_verdict(more: dict[str, object], text: str) -> None:
    (said,) = sentences(report(**more))
    assert said.startswith(text)


def test_what_is_lacking_is_told() -> None:
    made = jobs({1: GOOD, DEFAULT: BASE})
    made[0] = (replace(made[0][0], state=RUNNING, scores=()), made[0][1])
    made[9] = (replace(made[9][0], state=FAILED, scores=()), made[9][1])
    assert sentences(report(made))[1:] == [
        "The default flags failed with seed 5.",
        "Trials 0 and 2 are among the best trials, and not confirmed.",
        "1 of 10 confirmation runs have not ended: this is what is known so far.",
    ]


@pytest.mark.parametrize("width", [None, 40, 80])
def test_the_screen_shows_all_within_its_width(width: int | None) -> None:
    failed = [Trial(n, {}, FAILED, reason="out of memory " * 9) for n in range(4, 9)]
    made = report(
        jobs({1: GOOD, 0: BASE, 2: (0.9,) * 5, DEFAULT: BASE}),
        trials=[*TRIALS, *failed],
        goal=12,
        tested={"test_accuracy": {1: 0.9, 2: 0.92}},
        seconds=90.0,
    )
    lines = [line.text for line in report_lines(made, width)]
    assert width is None or max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "9 of 12 trials: 3 complete, 1 pruned, 5 failed; took 0:01:30" in text
    assert "2 more failed: the page has the reasons" in text
    assert "test, trial 1, 2 seeds: test_accuracy 0.910 ± 0.014" in text
    assert lines[-2 if width else -1].split() and text.endswith(sentences(made)[-1])
    if width == 80:
        head = "confirmed with new seeds, beside the default flags"
        _, *table = dropwhile(lambda line: line != head, lines)
        assert table[0].split() == ["val_accuracy", "gain", "at", "least", "at", "most"]
        assert table[1].split()[:2] == ["trial", "1"] and table[1].endswith("better, the winner")
        assert table[4].startswith("default flags  0.902 ± 0.015")


def test_the_flags_that_matter_are_named() -> None:
    lines = [line.text for line in report_lines(searched(150), None)]
    (told,) = (line for line in lines if line.startswith("flags that matter"))
    assert told.startswith("flags that matter more than by chance: learning_rate 0.")
    assert "batch_size" not in told
