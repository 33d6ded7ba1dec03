"""A curve as a picture."""

import io

from matplotlib.figure import Figure

from project.tuning.found import Chart

# Of matplotlib's standard ones, and a grey: they can be told apart without colours, too.
COLOURS, FAINT, MARK = ("tab:blue", "tab:orange", "tab:green"), "0.7", "tab:red"


def picture(chart: Chart) -> bytes:
    """The chart as a PNG of 1000 x 600 pixels."""
    figure = Figure(figsize=(10, 6), dpi=100, layout="constrained")
    axes = figure.add_subplot(title=chart.title, xlabel=chart.x, ylabel=chart.y)
    if chart.log:
        axes.set_xscale("log", base=chart.log)
    if chart.ticks:
        axes.set_xticks(chart.ticks, [f"{x:,}" for x in chart.ticks])
    own = iter(COLOURS)
    for series in chart.series:
        if series.faint:
            axes.plot(series.x, series.y, ".-", color=FAINT, linewidth=1, label=series.label)
        else:
            style = "o-" if chart.ticks else "-"
            axes.plot(series.x, series.y, style, color=next(own), linewidth=2, label=series.label)
    if chart.mark:
        x, label = chart.mark
        axes.axvline(x, color=MARK, linestyle="--", label=label)
    axes.grid(alpha=0.3)
    axes.legend()
    found = io.BytesIO()
    figure.savefig(found, format="png")
    return found.getvalue()
