"""The sections of a model's card, each number with the command that gives it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from project.modelcard.blocks import Block, Code, Grid, Section, Text
from project.modelcard.bootstrap import CONFIDENCE, N, intervals, mean_interval
from project.modelcard.facts import Facts
from project.run_directory import BEST

WORST = 5  # classes that are named
MORE = ("log_loss", "calibration_error")


def sections(facts: Facts) -> list[Section]:
    """All of them; those that have nothing to say are empty."""
    return [
        Section("What it is", list(_what(facts))),
        Section("How to use it", list(_use(facts))),
        Section("Scores", list(_scores(facts))),
        Section("Classes", list(_classes(facts))),
        Section("Data", list(_data(facts))),
        Section("Calibration", list(_calibration(facts))),
        Section("Checks", list(_checks(facts))),
        Section("Exported files", list(_exported(facts))),
        Section("Limits", list(_limits(facts))),
        Section("How to get it again", list(_again(facts))),
    ]


def _what(facts: Facts) -> Iterator[Block]:
    record, data = facts.record, facts.record["data"]
    shape = " x ".join(map(str, data["shape"]))
    what = "each pixel of an image" if facts.has_masks else "an image"
    does = f"says of {what} which of {len(facts.classes)} classes it is"
    if facts.has_embeddings:
        does = "gives an image a place, near to others of its class, be it trained or not"
    text = (
        f"A model that {does} ({_some(facts.classes)}). {record['model']['name']},"
        f" {record['model']['n_parameters']:,} parameters; images of {shape} (channels, height,"
        " width)."
    )
    yield Text(f"{record['description']}. {text}" if record["description"] else text)
    rows = [
        ["run", record["run_id"]],
        ["weights", (facts.outcome.get("weights") or {}).get(BEST, "-")],
        ["code", str(record["code"].get("sha") or record["code"].get("source_blake3"))],
        ["trained", f"{facts.outcome['epochs']} epochs in {facts.outcome['duration']:,.0f} s"],
        *([["licence", facts.licence]] if facts.licence else []),
    ]
    yield Grid(["", ""], rows)


def _use(facts: Facts) -> Iterator[Block]:
    name = facts.record["run_id"]
    shown = "predictor.classes[prediction.value], prediction.confidence"
    if facts.has_masks:
        shown = "prediction.value.shape, prediction.entropy.mean()"
    elif facts.has_embeddings:
        shown = "prediction.value"
    yield Code(
        "from project.inference.predictor import Predictor\n\n"
        f'predictor = Predictor.load("{name}")\n'
        '(prediction,) = predictor("picture.png")\n'
        f"print({shown})",
        "python",
    )


def _scores(facts: Facts) -> Iterator[Block]:
    found = {} if facts.matrix is None or facts.has_masks else intervals(facts.matrix)
    names = [*facts.record["task"].get("headline", ("accuracy",)), *MORE]
    rows = []
    for name in dict.fromkeys(names):
        if name in facts.test:
            rows.append([name, f"{facts.test[name]:.4f}", _ends(found.get(name))])
    if "iou" in facts.samples:
        values = facts.samples["iou"].astype(np.float64)
        rows.append(["mean of pictures' IoU", f"{np.nanmean(values):.4f}"])
        rows[-1].append(_ends(mean_interval(values)))
    for row in rows:
        if (each := _of_samples(facts, row[0])) is not None:
            row[2] = _ends(mean_interval(each))
    if not rows:
        return
    n = facts.record["data"]["counts"]["test"]["total"]
    yield Grid(["test score", "value", f"{100 * CONFIDENCE:g} % interval"], rows)
    yield Text(
        f"Of {n:,} test samples; intervals are percentiles of {N:,} bootstrap samples of them, and"
        f" say nothing of another training. {_who(facts)} scores the test again with:"
    )
    yield Code(f"python -m project.verify {facts.record['run_id']}")


def _of_samples(facts: Facts, score: str) -> np.ndarray | None:
    """Of embeddings what a score is the mean of, `(n,)`; None: of nothing that is known."""
    if "average_precision" not in facts.samples:
        return None
    precision = facts.samples["average_precision"].astype(np.float64)
    hits = facts.samples["target"] == facts.samples["prediction"]
    known = {"map@r": precision, "recall@1": np.where(np.isnan(precision), np.nan, hits)}
    return known.get(score)


def _who(facts: Facts) -> str:
    return "The table of samples" if facts.has_embeddings else "scikit-learn"


def _classes(facts: Facts) -> Iterator[Block]:
    if facts.matrix is None:
        return
    hits, truths, said = facts.matrix.diagonal(), facts.matrix.sum(1), facts.matrix.sum(0)
    order = np.argsort(np.where(truths, hits / np.maximum(truths, 1), 2), kind="stable")
    rows = [
        [
            facts.classes[cls],
            f"{_share(hits[cls], truths[cls])} ({hits[cls]:,} of {truths[cls]:,})",
            _share(hits[cls], said[cls]),
        ]
        for cls in order[:WORST].tolist()
    ]
    yield Grid(["worst classes", "recall", "precision"], rows)


def _data(facts: Facts) -> Iterator[Block]:
    data = facts.record["data"]
    counts = ", ".join(f"{part['total']:,} {name}" for name, part in data["counts"].items())
    yield Text(f"{data['name']}: {counts} samples; content {data['hash']}.")
    yield Text(f"The same images in two splits: {_leaks(data)}.")


def _calibration(facts: Facts) -> Iterator[Block]:
    said = facts.made("calibration", "calibration.json")
    if said is None:
        return
    test = said["scores"]["test"]
    rows = [
        [name, f"{test['before'][name]:.4f}", f"{test['after'][name]:.4f}"]
        for name in test["after"]
    ]
    yield Grid(["test score", "as it is", f"temperature {said['temperature']:.4g}"], rows)
    for kind in said["sets"]:
        yield Text(
            f"Sets {kind['method']} of {100 * kind['coverage']:g} % hold the true class of"
            f" {100 * kind['test']['covered']:.1f} % of the test, with"
            f" {kind['test']['mean_size']:.2f} classes on average."
        )
    yield Text(f"Note: {said['note']}.")
    yield Code(f"python -m project.calibrate {facts.record['run_id']}")


def _checks(facts: Facts) -> Iterator[Block]:
    said = facts.made("check", "check.json")
    if said is None:
        return
    rows = [[each["name"], each["result"], each["found"]] for each in said["checks"]]
    yield Grid(["check", "result", "found"], rows)
    yield Code(f"python -m project.check {facts.record['run_id']}")


def _exported(facts: Facts) -> Iterator[Block]:
    for name, proof in facts.exported():
        batches = proof["batches"]
        yield Text(
            f"{name}, by {proof['runtime']}: {max(each['changed'] for each in batches)} decisions"
            f" of the test are others, the largest difference of a probability is"
            f" {max(each['largest'] for each in batches):.1g}."
        )
        yield Code(f"python -m project.export {facts.record['run_id']} --format {name}")


def _limits(facts: Facts) -> Iterator[Block]:
    leaks = _leaks(facts.record["data"])
    if leaks not in ("none", "not known"):
        yield Text(f"Test images that training has seen: {leaks}.")
    if facts.matrix is not None:
        never = np.flatnonzero((facts.matrix.sum(0) == 0) & (facts.matrix.sum(1) > 0))
        if len(never):
            yield Text(f"Never predicted: {_some([facts.classes[cls] for cls in never])}.")
    said = facts.made("check", "check.json")
    for each in (said or {}).get("checks", ()):
        if each["result"] == "failed" or each["name"].startswith("decisions stay"):
            yield Text(f"{each['name']}: {each['found']}.")
    yield Text(
        "All numbers are of images like those of the test: what other cameras, places and times do"
        " to them was not measured."
    )


def _again(facts: Facts) -> Iterator[Block]:
    yield Code(f"python -m project.reproduce {facts.record['run_id']}")
    yield Text(f"It was made by: {facts.record['command']}")


def _leaks(data: dict[str, Any]) -> str:
    leaks = data.get("leaks")
    if leaks is None:
        return "not known"
    found = {**leaks.get("pairs", {}), "two labels": leaks.get("labels", 0)}
    return ", ".join(f"{name} {n:,}" for name, n in found.items() if n) or "none"


def _ends(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _some(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
