"""The learning rate at which the loss falls most steeply, by a range test."""

from typing import Any

from pytorch_lightning import Trainer

from project.tuning.curve import Curve, smooth
from project.tuning.found import Chart, Found, Series
from project.tuning.rising import TIMES, Rising

# Points of which a curve can be made.
FEWEST = 10


def find(solver: Any, trainer: Trainer, loader: Any, rising: Rising, title: str) -> Found:
    """Train with rising rates, which leaves the model of no use, and find the steepest descent.

    Args:
        solver: of a run that has as many steps before it.
        trainer: of the solver.
        loader: of the training split.
        rising: from where to where.
        title: of the picture.
    """
    trainer.callbacks.append(rising)
    try:
        trainer.fit(solver, loader)
    except FloatingPointError:
        if not rising.exploded:
            raise
    if (n := len(rising.points)) < FEWEST:
        return Found(None, [f"the loss exploded after {n} steps: try a smaller --lowest"])
    curve = smooth(*zip(*rising.points, strict=True))
    at = curve.steepest()
    rate = None if at is None else f"{curve.rates[at]:.2g}"
    columns = ("learning_rate", "loss", "samples", "smoothed_loss", "slope_per_decade")
    sizes = [point.size for point in rising.points]
    rows = list(zip(curve.rates, curve.losses, sizes, curve.smoothed, curve.slopes, strict=True))
    chart = _chart(curve, rate, title)
    return Found(rate, _lines(curve, at, rising.exploded), columns, rows, chart)


def _lines(curve: Curve, at: int | None, exploded: bool) -> list[str]:
    rates, smoothed = curve.rates, curve.smoothed
    n, first, last = len(rates), rates[0], rates[-1]
    how = f"exploded there ({TIMES:g} times the best)" if exploded else "did not explode by then"
    told = [f"range test: {n} steps from {first:.2g} to {last:.2g}; the loss {how}"]
    if at is None:
        return [*told, "the loss does not fall beyond its noise: no learning rate can be suggested"]
    least = int(smoothed.argmin())
    told += [
        f"the loss falls most steeply at {rates[at]:.2g} (where it is {smoothed[at]:.3g}), and is"
        f" least at {rates[least]:.2g} ({smoothed[least]:.3g})"
    ]
    if at >= n - 2:
        told += ["that is the end of the range: try a larger --highest"]
    return told


def _chart(curve: Curve, rate: str | None, title: str) -> Chart:
    # What explodes would leave no room for what is of interest.
    top = curve.smoothed[: int(curve.smoothed.argmin()) + 1].max()
    bottom = min(curve.smoothed.min(), curve.losses.min())
    shown = curve.losses <= top + 0.5 * (top - bottom)
    series = (
        Series("loss of a batch", curve.rates[shown], curve.losses[shown], faint=True),
        Series("smoothed", curve.rates[shown], curve.smoothed[shown]),
    )
    mark = (float(rate), f"steepest descent: {rate}") if rate else None
    return Chart(title, "(peak) learning rate", "training loss", series, mark, log=10)
