"""What a person is told of the classes: how many samples each has, and how many were found.

The accuracy of a model that always answers the class most frequent in training is what any other
has to beat: it is that class's share of the test split.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project.words.names import some
from project.words.telling import clean
from project.words.width import cell_width

Row = tuple[str, str]

NAME = 20  # characters of a name
# So many classes are told one by one; where they are of about the same size, fewer.
FEW, FEW_ALIKE = 12, 6
ALIKE = 1.5  # times as many samples as the smallest class
MOST = 3  # of many: the largest and the smallest
# A split is told where it has more than this share of its samples in other classes than training
# has: stratified ones differ by a sample a class, from rounding, which does not count.
ELSEWHERE = 0.05
# Of the recalls at the end: what fits beside the names of scores in 80 columns, and lines of that.
WIDTH, LINES, LINES_OF_MANY = 54, 5, 2
MOST_PER_LINE = 5
SAME = 3  # so many classes that were found completely are counted, not named


class Found(NamedTuple):
    """What a confusion matrix says of each class.

    Attributes:
        hits: samples of the class that were predicted as it.
        support: samples of the class.
        predicted: samples that were predicted as it.
    """

    hits: Sequence[int]
    support: Sequence[int]
    predicted: Sequence[int]


class ByClass(NamedTuple):
    """What the table at the end has of the classes.

    Attributes:
        baseline: the test accuracy of always answering the class most frequent in training.
        recall: of each class, or of the worst ones of many, the worst first.
    """

    baseline: Row
    recall: list[Row]


def told_counts(data: Mapping[str, Any]) -> Iterator[str]:
    """How many training samples each class has, and those of a split with other shares, in lines.

    Args:
        data: as the record has it: `classes` and `counts`.
    """
    classes, counts = data["classes"], data["counts"]
    train, test = counts["train"]["per_class"], counts["test"]
    if _are_apart(train, test["per_class"]):
        yield f"classes trained: {_of_those_there(classes, train)}"
        yield f"classes tested: {_of_those_there(classes, test['per_class'])}"
        return
    top = _most_frequent(train)
    share = test["per_class"][top] / test["total"]
    yield f'classes: {_counted(classes, train)} (always "{short(classes[top])}": {share:.3f})'
    for split in ("val", "test"):
        if _elsewhere(train, counts[split]["per_class"]) > ELSEWHERE:
            yield f"in {split}: {_counted(classes, counts[split]['per_class'])}"


def _are_apart(train: Sequence[int], test: Sequence[int]) -> bool:
    """Whether the test is of classes that never trained, and of these alone."""
    return not any(here and there for here, there in zip(train, test, strict=True))


def _of_those_there(classes: Sequence[str], per_class: Sequence[int]) -> str:
    there = [i for i, n in enumerate(per_class) if n]
    return _counted([classes[i] for i in there], [per_class[i] for i in there])


def told_absent(data: Mapping[str, Any]) -> Iterator[str]:
    """A line for each split that lacks classes."""
    for split, count in data["counts"].items():
        absent = [c for c, n in zip(data["classes"], count["per_class"], strict=True) if not n]
        if len(absent) == 1:
            yield f"{the_class(absent[0])} has no sample in {split}: macro averages take it for 0"
        elif absent:
            yield (
                f"{len(absent)} of {len(data['classes'])} classes have no sample in {split}"
                f" ({_some(absent)}): macro averages take them for 0"
            )


def by_class(data: Mapping[str, Any], found: Found) -> ByClass:
    """The rows of a test.

    Args:
        data: as the record has it: `classes` and `counts`.
        found: in the test.
    """
    classes = data["classes"]
    top = _most_frequent(data["counts"]["train"]["per_class"])
    share = found.support[top] / sum(found.support)
    always = ("baseline", f'test {share:.4f}  (always "{short(classes[top])}")')
    return ByClass(always, _recall_rows(classes, found))


def _recall_rows(classes: Sequence[str], found: Found) -> list[Row]:
    there = [i for i in range(len(classes)) if found.support[i]]
    there.sort(key=lambda i: (found.hits[i] / found.support[i], -found.support[i], i))
    whole = sum(found.hits[i] == found.support[i] for i in there)
    n_named = min(len(there) - whole if whole >= SAME else len(there), MOST_PER_LINE * LINES)
    most = LINES if len(there) <= FEW else LINES_OF_MANY
    told = [_recall(classes[i], found.hits[i], found.support[i]) for i in there[:n_named]]
    lines: list[str] = []
    for n in range(n_named, -1, -1):
        rest = []
        if n < len(there):
            ends = [f"{found.hits[i] / found.support[i]:.2f}" for i in (there[n], there[-1])]
            what = "others" if n else "classes"
            rest = [f"{len(there) - n:,} {what}: {' to '.join(dict.fromkeys(ends))}"]
        if len(lines := _packed(told[:n] + rest)) <= most:
            break
    return [("" if i else "recall", line) for i, line in enumerate(lines)]


def never_predicted(classes: Sequence[str], found: Found) -> Iterator[str]:
    """A line with the classes that are in the test, but in no prediction, if there are any."""
    never = [i for i, n in enumerate(found.predicted) if not n and found.support[i]]
    names, n = _some([classes[i] for i in never]), sum(found.support[i] for i in never)
    if len(never) == 1:
        yield f"{the_class(classes[never[0]])} is never predicted: 0 of {n:,} found"
    elif never:
        many = f"{len(never):,} of {len(classes):,} classes"
        yield f"{many} are never predicted ({names}): 0 of {n:,} found"


def _most_frequent(per_class: Sequence[int]) -> int:
    """The class with the most samples, the first of several."""
    return max(range(len(per_class)), key=per_class.__getitem__)


def short(name: str) -> str:
    """A name without its middle, if it is long: names tend to differ at either end."""
    text = clean(name)
    head = NAME - 11
    return text if len(text) <= NAME else f"{text[:head]}...{text[-8:]}"


def _counted(classes: Sequence[str], per_class: Sequence[int]) -> str:
    low, high = min(per_class), max(per_class)
    alike = high <= ALIKE * low
    if len(classes) <= (FEW_ALIKE if alike else FEW):
        return ", ".join(map(_with_count, classes, per_class))
    size = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    told = f"{len(classes):,} of {size} samples each"
    if alike:
        names = [*map(short, classes[:4]), "...", short(classes[-1])]
        return f"{told}: {', '.join(names)}"
    order = sorted(range(len(classes)), key=lambda i: -per_class[i])
    ends = order[:MOST], order[::-1][:MOST]
    most, fewest = (", ".join(_with_count(classes[i], per_class[i]) for i in end) for end in ends)
    return f"{told}, most {most}, fewest {fewest}"


def _with_count(name: str, n: int) -> str:
    text = short(name)
    # Of a number or of several words, nobody could tell where the count begins.
    is_word = text.split() == [text] and "," not in text and not text[0].isdigit()
    return f"{text if is_word else repr(text)} {n:,}"


def _elsewhere(train: Sequence[int], other: Sequence[int]) -> float:
    """The share of the other split's samples that are in other classes than in training."""
    n, whole = sum(other), sum(train)
    off = [abs(there - here * n / whole) for here, there in zip(train, other, strict=True)]
    return sum(max(0.0, some - 1) for some in off) / (2 * n)


def _recall(name: str, hits: int, support: int) -> str:
    return f"{short(name)}: {hits / support:.2f} ({hits:,} of {support:,})"


def _packed(texts: Sequence[str]) -> list[str]:
    """As many side by side as fit in a line."""
    lines: list[str] = []
    for text in texts:
        if lines and cell_width(lines[-1]) + 2 + cell_width(text) <= WIDTH:
            lines[-1] += f"  {text}"
        else:
            lines.append(text)
    return lines


def the_class(name: str) -> str:
    """How a sentence names one class; many are called by numbers, as "class 7", already."""
    return short(name) if name.lower().startswith("class ") else f"class {_some([name])}"


def _some(names: Sequence[str]) -> str:
    return some(list(map(short, names)))
