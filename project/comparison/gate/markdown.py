"""What became of gates as Markdown, for a terminal, a job's summary and a comment alike."""

from collections.abc import Iterator, Sequence

from project.comparison.gate.decision import Decision
from project.comparison.gate.sides import Side
from project.comparison.spread import summary
from project.comparison.verdict import Setting
from project.comparison.verdict_text import interval, mean_text
from project.words.width import cell_width


def table(told: Sequence[Decision], base: Side, new: Side) -> str:
    """A heading, a row for each gate, and below it what decided and who was compared."""
    violated = sum(one.is_violated for one in told)
    heading = f"### Gate: {violated} of {len(told)} violated" if violated else "### Gate: passed"
    header = ("gate", "base", "new", "difference", f"{_confidence(told)} interval", "verdict")
    lines = _lines([header, *map(_row, told)])
    notes = [*_notes(told), *_said(base), *_said(new)]
    return "\n".join([heading, "", *lines, "", *(f"- {_plain(text)}" for text in notes)])


def _row(one: Decision) -> tuple[str, ...]:
    mean, ends = "" if one.gate.is_bound else _signed(one.mean), ""
    if one.low is not None:
        told, _, ends = interval(one.mean, one.low, one.high).partition(" ")
        mean = mean and told
    verdict = "**violated**" if one.is_violated else "ok, not shown" if one.is_open else "ok"
    share = f" = {one.limit:.3g}" if one.gate.is_percent else ""
    return _code(one.gate.text) + share, _side(one.base), _side(one.new), mean, ends, verdict


def _confidence(told: Sequence[Decision]) -> str:
    return f"{100 * told[0].confidence:.4g} %"


def _side(setting: Setting) -> str:
    told = summary(list(setting.values.values()))
    return "" if told["mean"] is None else mean_text(told["mean"], told["sd"])


def _signed(value: float) -> str:
    return f"{value:+.4g}" if value else "0"


def _notes(told: Sequence[Decision]) -> Iterator[str]:
    """What decided: an interval, of which kind, or a plain number, and what nobody knows then."""
    confidence = _confidence(told)
    kinds = {(one.kind, one.seeds, len(one.new.values)) for one in told}
    for kind, seeds, n in sorted(kinds, key=str):
        if kind == "paired":
            yield f"The {confidence} interval of the difference decides: {seeds} seeds, in pairs."
        elif kind == "welch":
            yield f"The {confidence} interval of the difference decides: {seeds} runs (Welch)."
        elif kind == "mean":
            yield f"Of a bound the {confidence} interval of the new mean decides: {n} seeds."
        elif kind == "flat":
            yield "What is the same with each seed has no interval: the plain number decides."
        else:
            yield (
                "One run on a side: the plain number decides, and how much another seed would"
                " change it is unknown; give both sides several (`--seeds 0 1 2`)."
            )
    if told[0].confidence > 0.95 + 1e-9 and any(one.low is not None for one in told):
        yield "The intervals are so wide that all hold together with 95 %."
    if any(one.is_open for one in told):
        yield "Not shown: the mean is beyond the limit, the whole interval is not; add seeds."


def _said(one: Side) -> Iterator[str]:
    yield one.told()
    if one.note:
        yield f"{one.label}, left out: {one.note}"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells below each other, for who reads them as they are; numbers end together."""
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (n - 1) + ":" for n in widths[1:-1]), "-" * widths[-1]]
    found = []
    for row in (rows[0], rule, *rows[1:]):
        spaces = [" " * (n - cell_width(cell)) for n, cell in zip(widths, row, strict=True)]
        inner = [space + cell for space, cell in zip(spaces, row, strict=True)]
        ends = [row[0] + spaces[0], row[-1] + spaces[-1]]
        found.append(f"| {' | '.join([ends[0], *inner[1:-1], ends[1]])} |")
    return found


def _code(text: str) -> str:
    """As it was written; a bar would begin a cell, a backtick would end the code."""
    safe = text.replace("|", r"\|").replace("`", "'")
    return f"`{safe}`"


def _plain(text: str) -> str:
    return text.replace("<", "&lt;")
