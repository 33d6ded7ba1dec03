"""What came of it, as lines for a terminal."""

import math
from collections.abc import Iterator, Sequence

from project.forecast.answer import Ahead, Answer
from project.forecast.questions import Check, Estimate, parameters

_IMPROBABLE = 0.01
_FALL = 0.01  # of the error with the fewest samples: less is none
_NOTHING = 1e-8  # what is written as 0
_FAR = 100  # times the most samples measured: nobody has seen what the curve does there


def lines(answer: Answer) -> Iterator[str]:
    """The measured errors, the form, how far off it was, and what it forecasts."""
    seeds = len({p.seed for p in answer.points})
    yield f"error = 1 - {answer.score}, of the best epoch; mean of {seeds} seed{'s' * (seeds > 1)}"
    yield from _table(_measured(answer))
    if answer.unused:
        runs = "1 run" if answer.unused == 1 else f"{answer.unused} runs"
        yield f"left out: {runs} of samples and sizes without any error"
    yield ""
    of_size = " + b m^-beta" if answer.fitted.has_sizes else ""
    yield f"error = {answer.chance:.4g} |e / (e - i eta)|, e = n^-alpha{of_size} + c"
    yield from _table([(k, _number(v)) for k, v in parameters(answer.fitted).items()])
    yield f"a run differs from it by {percent(answer.fitted.noise)}"
    if answer.fitted.fits < _IMPROBABLE:
        yield f"IT DOES NOT FIT: seeds differ by {percent(answer.fitted.scatter)} alone. Have small"
        yield "shares and models learned all they can? Longer training and --same-steps help"
    if not _falls(answer):
        yield f"THE ERROR DOES NOT FALL by {percent(_FALL)} with more samples: a forecast of it"
        yield "tells nothing of models that learn. Have these? Longer training helps"
    yield ""
    yield from _checked(answer.checks)
    yield ""
    yield from _forecast(answer)


def _falls(answer: Answer) -> bool:
    """Whether, for any size, the error with the most samples is less than that with the fewest."""
    cells = answer.fitted.cells
    by_size: dict[float, list[tuple[float, float]]] = {}
    for n, m, error in zip(cells.samples, cells.sizes, cells.errors, strict=True):
        by_size.setdefault(m, []).append((n, error))
    return any(max(own)[1] < (1 - _FALL) * min(own)[1] for own in by_size.values())


def share(value: float) -> str:
    """An error as text."""
    return f"{value:.4f}" if value >= 0.001 or value < _NOTHING else f"{value:.1e}"


def percent(value: float) -> str:
    """A relative difference."""
    return f"{100 * value:.2g} %" if abs(value) < 0.1 else f"{100 * value:.0f} %"


def count(value: float) -> str:
    """A number of samples: of many, what is known of it."""
    if math.isinf(value):
        return "inf"
    if value >= 1e7:
        return f"{value:.1e}"
    digits = max(0, len(str(round(value))) - 3)
    return f"{round(value, -digits):,.0f}"


def _measured(answer: Answer) -> list[tuple[str, ...]]:
    cells = answer.fitted.cells
    sizes = answer.fitted.has_sizes
    head = ("samples", *(["parameters"] if sizes else []), "error", "sd", "form")
    rows = [head]
    for n, m, error in zip(cells.samples, cells.sizes, cells.errors, strict=True):
        own = [p.error for p in answer.points if (p.samples, p.size) == (n, m)]
        size = [f"{m:,.0f}"] if sizes else []
        form = float(answer.fitted.law.error(n, m))
        rows.append((f"{n:,.0f}", *size, share(error), _deviation(own), share(form)))
    return rows


def _deviation(values: Sequence[float]) -> str:
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return "-"
    return share(math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)))


def _checked(found: Sequence[Check]) -> Iterator[str]:
    if not found:
        yield "no forecast of what was measured: it takes one more number of samples"
        return
    several = len({check.size for check in found}) > 1
    yield f"how far off it was, of {found[0].samples:,} samples that it had not seen:"
    head = ("fitted up to", *(["parameters"] if several else []), "forecast", "measured", "off")
    rows = [head]
    for check in found:
        size = [f"{check.size:,}"] if several else []
        forecast, off = _interval(check.forecast), f"{'+' * (check.off > 0)}{percent(check.off)}"
        rows.append((f"{check.up_to:,}", *size, forecast, share(check.measured), off))
    yield from _table(rows)


def _forecast(answer: Answer) -> Iterator[str]:
    n, several = answer.all_samples, len(answer.ahead) > 1
    yield "forecast of the validation error, with 95 % intervals:"
    for ahead in answer.ahead:
        if several:
            yield f"  {ahead.size:,} parameters"
        named = [
            (f"{n:,} samples, all data", _interval(ahead.all_data)),
            (f"{2 * n:,} samples, twice as many", _interval(ahead.twice)),
        ]
        named += [_needed(answer, ahead, error) for error in ahead.needed]
        yield from _table(named, 4 if several else 2)


def _needed(answer: Answer, ahead: Ahead, error: float) -> tuple[str, str]:
    needed, most = ahead.needed[error], max(p.samples for p in answer.points)
    name = f"samples for {percent(error)}"
    if math.isinf(needed.value):
        return name, f"none: {_interval(ahead.floor)} is left"
    far = ": far from any measured" if needed.value > _FAR * most else ""
    known = "" if math.isnan(needed.low) else f" [{count(needed.low)}, {count(needed.high)}]"
    return name, f"{count(needed.value)}{known}{far}"


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return share(estimate.value)
    return f"{share(estimate.value)} [{share(estimate.low)}, {share(estimate.high)}]"


def _number(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return f"{estimate.value:.3g}"
    shown = (0.0 if x < _NOTHING else x for x in (estimate.value, estimate.low, estimate.high))
    return "{:.3g} [{:.3g}, {:.3g}]".format(*shown)


def _table(rows: Sequence[Sequence[str]], margin: int = 2) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        yield (" " * margin + "  ".join(cells)).rstrip()
