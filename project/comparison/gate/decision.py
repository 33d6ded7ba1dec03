"""Whether a gate is violated: by the interval over seeds, or by the plain difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from project.comparison.gate.condition import BELOW, CHANGES, DROPS, WORSENS, Gate
from project.comparison.spread import CONFIDENCE, paired
from project.comparison.verdict import PAIRED, Setting, verdict
from project.scores import MIN

# Of the values: what float32, of which scores are often made, rounds off.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Decision:
    """What became of a gate.

    Attributes:
        gate: what must not happen.
        base: the base's values by seed; of a bound it may have none.
        new: the new ones.
        limit: the gate's, as a number.
        mean: the new mean less the base's; of a bound the new mean.
        low, high: the ends of the interval that decides; None where the plain number does.
        kind: of the interval: `paired`, `welch`, `mean` of a bound; `flat` where seeds differ by
            nothing that an interval could be made of; None where a side has one seed.
        seeds: how many the interval is of.
        confidence: of the interval.
        is_violated: whether what must not happen is shown.
        is_open: whether the mean alone would say so, but the interval does not.
    """

    gate: Gate
    base: Setting
    new: Setting
    limit: float
    mean: float
    low: float | None
    high: float | None
    kind: str | None
    seeds: int
    confidence: float
    is_violated: bool = False
    is_open: bool = False


def decide(gates: Sequence[tuple[Gate, Setting, Setting, str | None]]) -> list[Decision]:
    """What becomes of gates; with several, their intervals together hold with 95 % (Bonferroni).

    Args:
        gates: each with the base's finite values, the new ones, and which way is better.
    """
    several = {(g.score, g.is_bound) for g, base, new, _ in gates if _is_of_seeds(g, base, new)}
    confidence = 1 - (1 - CONFIDENCE) / max(1, len(several))
    return [_decide(*asked, confidence) for asked in gates]


def _is_of_seeds(gate: Gate, base: Setting, new: Setting) -> bool:
    return min(len(new.values), len(new.values if gate.is_bound else base.values)) > 1


def _decide(
    gate: Gate, base: Setting, new: Setting, way: str | None, confidence: float
) -> Decision:
    found = (_bound if gate.is_bound else _difference)(gate, base, new, confidence)
    towards = gate.what if gate.what != WORSENS else (DROPS if way != MIN else "rises")
    ends = (found.low, found.high) if found.low is not None else (found.mean, found.mean)
    apart = _ROUNDING * max(map(abs, (*base.values.values(), *new.values.values())))
    at_mean = _is_beyond(found, towards, (found.mean, found.mean), apart)
    shown = _is_beyond(found, towards, ends, apart)
    return Decision(**vars(found) | {"is_violated": shown, "is_open": at_mean and not shown})


def _difference(gate: Gate, base: Setting, new: Setting, confidence: float) -> Decision:
    told = verdict(base, new, None, confidence)
    values = [base.values[s] for s in told.seeds] if told.kind == PAIRED else base.values.values()
    share = gate.limit / 100 * abs(sum(values) / len(values))
    limit = share if gate.is_percent else gate.limit
    ends = (None, None) if told.is_flat else (told.low, told.high)
    kind = "flat" if told.is_flat else told.kind
    n = len(told.seeds) if told.kind == PAIRED else len(base.values) + len(new.values)
    return Decision(gate, base, new, limit, told.mean, *ends, kind, n, confidence)


def _bound(gate: Gate, base: Setting, new: Setting, confidence: float) -> Decision:
    """The interval of a mean is that of paired differences from 0."""
    values = new.values
    told = paired(dict.fromkeys(values, 0.0), values, confidence)
    is_flat = max(values.values()) - min(values.values()) <= _ROUNDING * abs(told["mean"])
    ends = (None, None) if is_flat else (told["low"], told["high"])
    kind = None if len(values) < 2 else "flat" if is_flat else "mean"
    return Decision(gate, base, new, gate.limit, told["mean"], *ends, kind, len(values), confidence)


def _is_beyond(found: Decision, towards: str, ends: tuple[float, float], apart: float) -> bool:
    """Whether all between the ends is beyond the limit."""
    low, high = ends
    limit = found.limit
    if towards == CHANGES:
        return _reaches(max(low, -high), limit, found.gate.with_limit, apart)
    if towards in (DROPS, BELOW):
        limit = -limit if towards == BELOW else limit
        return _reaches(-high, limit, found.gate.with_limit, apart)
    return _reaches(low, limit, found.gate.with_limit, apart)


def _reaches(value: float, limit: float, with_limit: bool, apart: float) -> bool:
    return value >= limit - apart if with_limit else value > limit + apart
