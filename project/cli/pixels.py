"""What a person is told of the classes of masks: their shares of all pixels, and which have none.

The pixel accuracy of a model that always answers the class with most pixels in training is that
class's share of the test's pixels.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.cli.classes import FEW, MOST, WIDTH, Found, Row, short, the_class
from project.words.names import some
from project.words.width import cell_width

NAMED = 5  # classes without a score, in a line


def told_pixels(data: Mapping[str, Any]) -> Iterator[str]:
    """The share of training pixels that each class has, and in how many pictures it is, in lines.

    Args:
        data: as the record has it: `classes` and `counts`.
    """
    classes, counts = data["classes"], data["counts"]
    train, test = counts["train"], counts["test"]
    top = max(range(len(classes)), key=train["per_class"].__getitem__)
    answered = test["per_class"][top] / max(1, sum(test["per_class"]))
    told = _shares(classes, train)
    if train["ignored"]:
        told += f", ignored {_percent(train['ignored'] / train['pixels'])}"
    yield f'pixels: {told} (always "{short(classes[top])}": {answered:.3f})'
    if sizes := data["sizes"]:
        small, large = ("x".join(map(str, sizes[which])) for which in ("smallest", "largest"))
        crop = "x".join(map(str, data["shape"][1:]))
        yield (
            f"pictures of {small} to {large} pixels: training takes random crops of {crop}"
            " (--crop-size), evaluation each at its own size"
        )
    if rare := [i for i, n in enumerate(train["pictures"]) if n < train["total"]]:
        rare.sort(key=lambda i: train["pictures"][i])
        named = [f"{short(classes[i])} in {train['pictures'][i]:,}" for i in rare[:FEW]]
        more = ", ..." if len(rare) > FEW else ""
        yield f"of {train['total']:,} training pictures: {', '.join(named)}{more}"


def told_without_pixels(data: Mapping[str, Any]) -> Iterator[str]:
    """A line for each split in which classes have no pixel."""
    for split, count in data["counts"].items():
        absent = [c for c, n in zip(data["classes"], count["per_class"], strict=True) if not n]
        if absent:
            many, they = f"{the_class(absent[0])} has", "it counts"
            if len(absent) > 1:
                named = some(list(map(short, absent)))
                many = f"{len(absent)} of {len(data['classes'])} classes ({named}) have"
                they = "they count"
            yield f"{many} no pixel in {split}: unless predicted, {they} in no mean of scores"


def not_scored(classes: Sequence[str], found: Found) -> list[Row]:
    """A row with the classes that are in no mask of a test and no prediction, if there are any."""
    both = zip(classes, found.support, found.predicted, strict=True)
    if not (nowhere := [short(name) for name, *n in both if not any(n)]):
        return []
    text = ""
    for most in range(min(len(nowhere), NAMED), 0, -1):
        text = f"{len(nowhere)} of {len(classes)} classes: NaN, in no mean ({some(nowhere, most)})"
        if cell_width(text) <= WIDTH:
            break
    return [("not scored", text)]


def _shares(classes: Sequence[str], count: Mapping[str, Any]) -> str:
    per_class = count["per_class"]
    order, whole = list(range(len(classes))), max(1, count["pixels"])
    if len(classes) <= FEW:
        return ", ".join(f"{short(classes[i])} {_percent(per_class[i] / whole)}" for i in order)
    order.sort(key=lambda i: -per_class[i])
    ends = order[:MOST], order[::-1][:MOST]
    most, fewest = (
        ", ".join(f"{short(classes[i])} {_percent(per_class[i] / whole)}" for i in end)
        for end in ends
    )
    return f"{len(classes):,} classes, most {most}, fewest {fewest}"


def _percent(share: float) -> str:
    return f"{100 * share:.{2 if 0 < share < 0.01 else 0}f} %"
