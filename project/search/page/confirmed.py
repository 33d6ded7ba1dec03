"""The table of what is confirmed: each trial and the default flags, over the new seeds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from project.cli.spread import summary
from project.comparison.verdict_text import mean_text
from project.search.verdict.confirmation import scores_of
from project.search.verdict.judging import DEFAULT, Arm, Comparison, Verdict
from project.search.verdict.report import Report, arm_name, values_text
from project.search.verdict.sentences import gain_texts


def confirmed(report: Report) -> list[dict[str, Any]]:
    """A table for each objective: its rows are the trials and, at the end, the default flags."""
    every = scores_of(report.confirmed, report.rules)
    return [
        {
            "objective": objective.name,
            "seeds": list(told.seeds),
            "sure": f"{100 * (1 - told.error):.4g} %",
            "rows": [
                *(_trial(report, each, scores[each.arm], told) for each in told.comparisons),
                _row(DEFAULT, "", scores.get(DEFAULT, {}), told.seeds)
                | {"kind": "default", "said": "", "texts": ["", "", ""]}
                | {"gain": None, "low": None, "high": None, "p": None},
            ],
        }
        for told, objective, scores in zip(
            report.verdicts, report.rules.objectives, every, strict=True
        )
    ]


def _trial(
    report: Report, told: Comparison, scores: Mapping[int, float], of: Verdict
) -> dict[str, Any]:
    values = next((t.values for t in report.trials if t.number == told.arm), {})
    kind, said = _said(told, report.winner)
    texts = ["", "", ""] if told.low is None else [*gain_texts(told, of)]
    row = _row(told.arm, values_text(values), scores, of.seeds)
    row |= {"kind": kind, "said": said, "texts": texts}
    return row | {"gain": told.gain, "low": told.low, "high": told.high, "p": told.p}


def _said(told: Comparison, winner: int | None) -> tuple[str, str]:
    if told.is_better:
        return ("winner", "better, the winner") if told.arm == winner else ("better", "better")
    if told.is_worse:
        return "worse", "worse"
    return "open", told.why or "no difference shown"


def _row(arm: Arm, flags: str, scores: Mapping[int, float], seeds: Sequence[int]) -> dict[str, Any]:
    """What there is of an arm; the mean is over the seeds that all have."""
    values = [scores[seed] for seed in seeds if seed in scores]
    told = summary(values if all(map(math.isfinite, values)) else [])
    # Of a run that failed there is no score.
    texts = {k: f"{v:.4g}" if math.isfinite(v) else "–" for k, v in sorted(scores.items())}
    each = "Seed " + ", ".join(f"{seed}: {text}" for seed, text in texts.items())
    mean = "–" if told["mean"] is None else mean_text(told["mean"], told["sd"])
    return {
        "name": arm_name(arm),
        "flags": flags,
        "each": each,
        "mean": mean,
        "value": told["mean"],
    }
