"""The curve as a picture: what was measured, the form, its interval, and what it forecasts."""

import io

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from project.forecast.answer import Answer
from project.forecast.bootstrap import interval

_STEPS = 200
_BELOW = 30  # times the lowest error, where intervals reach down to nothing
_MARKS = "os^Dv*Px"  # sizes can be told apart without colours, too


def picture(answer: Answer, title: str, kind: str) -> bytes:
    """Error against samples, a curve for each size of the model.

    Args:
        answer: what came of the runs.
        title: of the picture.
        kind: png or svg.
    """
    figure = Figure(figsize=(10, 6), dpi=100, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="training samples", ylabel="validation error")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for i in range(len(answer.ahead)):
        _curve(axes, answer, i)
    _checks(axes, answer)
    axes.axvline(answer.all_samples, color="0.6", linestyle=":", linewidth=1)
    axes.annotate(
        "all data",
        (answer.all_samples, 1),
        (-4, -4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        **{"color": "0.4", "rotation": 90, "ha": "right", "va": "top"},
    )
    axes.axhline(answer.chance, color="0.6", linestyle=":", linewidth=1, label="a guess")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.legend()
    lowest = min(p.error for p in answer.points if p.error > 0)
    axes.set_ylim(max(axes.get_ylim()[0], lowest / _BELOW))
    found = io.BytesIO()
    # Without the date and random names: the same runs give the same picture.
    with rc_context({"svg.hashsalt": "forecast"}):
        figure.savefig(found, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return found.getvalue()


def _curve(axes: Axes, answer: Answer, i: int) -> None:
    """One size: its points, the form, dashed where nothing was measured, and the interval."""
    size, fitted = answer.ahead[i].size, answer.fitted
    colour = colormaps["viridis"](i / max(1, len(answer.ahead) - 1) * 0.85)
    own = [p for p in answer.points if p.size == size and p.error > 0]
    most = max(p.samples for p in own)
    n = np.geomspace(min(p.samples for p in own), 2.2 * answer.all_samples, _STEPS)
    errors = fitted.law.error(n, size)
    name = f"{size:,} parameters" if len(answer.ahead) > 1 else "runs"
    mark = _MARKS[i % len(_MARKS)]
    axes.plot(
        *([p.samples for p in own], [p.error for p in own], mark),
        **{"color": colour, "markersize": 5, "alpha": 0.7, "label": name},
    )
    axes.plot(n[n <= most], errors[n <= most], color=colour)
    axes.plot(n[n >= most], errors[n >= most], "--", color=colour)
    if fitted.laws is not None:
        low, high = np.array([interval(fitted.laws.error(x, size)) for x in n]).T
        axes.fill_between(n, low, high, color=colour, alpha=0.12, linewidth=0)


def _checks(axes: Axes, answer: Answer) -> None:
    """The forecasts of what was measured."""
    label = "its forecasts by fewer samples"
    for check in answer.checks:
        low, high = check.forecast.low, check.forecast.high
        value = check.forecast.value
        # The least squares may lie beside the interval, where draws lean to one side.
        bars = np.maximum([[value - low], [high - value]], 0) if np.isfinite(low) else None
        axes.errorbar(
            *([check.samples], [value], bars),
            **{"fmt": "x", "color": "tab:red", "alpha": 0.6, "capsize": 3, "label": label},
        )
        label = None
