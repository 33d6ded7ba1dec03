"""A verdict as a sentence: `A above B by 0.079, 95 % [-0.001, 0.159], 3 seeds: no difference`."""

import math

from project.comparison.verdict import PAIRED, Setting, Verdict
from project.scores import MIN

# So many seeds give an interval that is not many times wider than more of them would.
_USUAL_SEEDS = 3


def sentence(found: Verdict) -> str:
    """What is said of two settings, without the name of their score."""
    return _unclear(found) or (_flat(found) if found.is_flat else _clear(found))


def interval(mean: float, low: float, high: float, sign: str = "+") -> str:
    """`+0.079 [-0.001, 0.159]`."""
    style = _style((high - low) / 2, (low, high), abs(mean))
    return f"{mean:{sign}{style}} [{low:{style}}, {high:{style}}]"


def mean_text(mean: float, sd: float | None) -> str:
    """`0.951 ± 0.004`, of which the spread has two digits."""
    if sd is None or not math.isfinite(sd):
        return f"{mean:#.4g}" if 1e-4 < abs(mean) < 1e4 else f"{mean:.4g}"
    if sd <= 1e-6 * abs(mean):
        return f"{mean:.4g} ± 0"
    style = _style(sd, (), abs(mean))
    return f"{mean:{style}} ± {sd:{style}}"


def _style(width: float, ends: tuple[float, ...], largest: float) -> str:
    """A format that gives two digits of `width`; some more where an end would look like 0."""
    if not 1e-9 < width < 1e7 or not largest < 1e9:
        return ".4g"
    digits = max(0, 1 - math.floor(math.log10(width)))
    near = min((abs(end) for end in ends if end), default=width)
    return f".{max(digits, min(digits + 3, -math.floor(math.log10(near))))}f"


def _unclear(found: Verdict) -> str | None:
    """Why nothing can be said; None if something can."""
    both = (found.first, found.second)
    for setting in both:
        if not setting.values:
            return f"no finished run of {setting.label} has it: can't tell"
        for seed, value in setting.values.items():
            if not math.isfinite(value):
                return f"{setting.label} has {value} with seed {seed}: can't tell"
    if found.mean is None or not math.isfinite(found.mean):
        return "too large to compute with: can't tell"
    alone = [setting for setting in both if len(setting.values) < 2]
    if not alone:
        return None
    who = "one seed each" if len(alone) == 2 else f"{alone[0].label} has one seed"
    return f"{_gap(found)}, {who}: can't tell; add --seeds {_wanted(both, alone)}"


def _wanted(both: tuple[Setting, Setting], alone: list[Setting]) -> str:
    """Seeds to add where there is one: those that the other setting has, then the smallest."""
    taken = {seed for setting in alone for seed in setting.values}
    known = sorted(seed for setting in both if setting not in alone for seed in setting.values)
    wanted = dict.fromkeys((*known, *range(_USUAL_SEEDS + len(taken))))
    return " ".join([str(seed) for seed in wanted if seed not in taken][: _USUAL_SEEDS - 1])


def _flat(found: Verdict) -> str:
    each = f"in each of {len(found.seeds)} seeds" if found.kind == PAIRED else "with every seed"
    end = ": that has no spread, can't tell" if found.is_apart else ""
    return f"{_gap(found)} {each}{end}"


def _clear(found: Verdict) -> str:
    # The leader's gap is told as a positive one, whichever of the two leads, and in what.
    low, high = (found.low, found.high) if found.mean > 0 else (-found.high, -found.low)
    gap, _, ends = interval(abs(found.mean), low, high, sign="").partition(" ")
    said = "no difference shown"
    if found.is_shown:
        said = f"{found.better} is better" if found.better else "they differ"
    confidence = f"{100 * found.confidence:.4g} %"
    return f"{_order(found)} by {gap}, {confidence} {ends}, {_seeds(found)}: {said}"


def _gap(found: Verdict) -> str:
    if not found.is_apart:
        return f"{found.first.label} and {found.second.label} are the same"
    return f"{_order(found)} by {abs(found.mean):.3g}"


def _order(found: Verdict) -> str:
    other = found.first if found.leader is found.second else found.second
    return f"{found.leader.label} {'below' if found.way == MIN else 'above'} {other.label}"


def _seeds(found: Verdict) -> str:
    """Of how many seeds the interval is; where it is not over all of both, how so."""
    n, counts = len(found.seeds), [len(s.values) for s in (found.first, found.second)]
    if found.kind == PAIRED:
        return f"{n} seeds" if counts == [n, n] else f"the {n} seeds that both have"
    return f"{counts[0]} and {counts[1]} seeds, {n or 'none'} shared (Welch)"
