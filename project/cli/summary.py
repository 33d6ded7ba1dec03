"""The table at the end of a run: how good it is, where it is, and what compares it."""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.cli.classes import ByClass, Row
from project.scores import FORMER_TASK
from project.words.width import cell_width

MOST_OWN = 6  # scores of a person's own metrics


def outcome_rows(
    outcome: Mapping[str, Any],
    n_parameters: int,
    classes: ByClass | None = None,
    own: Sequence[str] = (),
    first: Sequence[str] = FORMER_TASK["headline"],
) -> list[Row]:
    """What a run's outcome says, as rows of name and value.

    Args:
        outcome: as in outcome.json: `best` and `test` may be None, `duration` is in seconds.
        n_parameters: of the model.
        classes: what the test says of them, if there was one.
        own: further scores to tell, of which there may be many.
        first: the scores that matter, in this order; all of them are in outcome.json.
    """
    best = outcome["best"]
    test, validation = outcome["test"] or {}, best["metrics"] if best else {}
    rows, names = [], (*first, "loss", *own[:MOST_OWN])
    if best:
        of = f", of {best['run_id']}" if "run_id" in best else ""
        rows.append(("best epoch", f"{best['epoch'] + 1} (step {best['step']}{of})"))
        names += (best["monitor"].removeprefix("val_"),)
    for name in dict.fromkeys(names):
        scores = {"test": test.get(f"test_{name}"), "validation": validation.get(f"val_{name}")}
        shown = {k: f"{k} {number(float(v))}" for k, v in scores.items() if v is not None}
        if (clean := test.get(f"test_{name}_without_leaks")) is not None:
            shown["test"] += f" ({number(float(clean))} without leaks)"
        rows.append((name, "  ".join(shown.values())))
        if classes and name == "accuracy":
            rows.append(classes.baseline)
    rows = [(name, value) for name, value in rows if value]
    return [
        *rows,
        *(classes.recall if classes else ()),
        ("parameters", f"{n_parameters:,}"),
        ("time", duration(outcome["duration"])),
        ("peak memory", memory(outcome["peak_memory"])),
    ]


def never_a_number(best: Mapping[str, Any] | None) -> Iterator[str]:
    """A line if the monitored score was NaN in each epoch, so that none is better than another."""
    if best and math.isnan(best["value"]):
        told = f"--monitor {best['monitor']} was NaN in each epoch: the best is the first of them"
        yield f"{told}; choose a score of all classes, or of one that occurs"


def memory(peak: Mapping[str, int | None]) -> str:
    """The machine's and, where there is one, the device's, in units of 10^6 bytes."""
    names = {"resident": "", "device": " on the device"}
    return ", ".join(f"{peak[k] / 1e6:,.0f} MB{name}" for k, name in names.items() if peak[k])


def duration(seconds: float) -> str:
    """Seconds below a minute, else hours, minutes and seconds: `4.2 s`, `1:02:03`."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def number(value: float) -> str:
    """Four decimals, or two significant digits of what these would show as zero."""
    return f"{value:.4f}" if value == 0 or not abs(value) < 5e-4 else f"{value:.1e}"


def print_summary(rows: Sequence[Row], title: str) -> None:
    """Print rows of name and value on standard output, on a terminal as a table of rich."""
    if sys.stdout.isatty():
        _print_rich(rows, title)
    else:
        print(table(rows, title), flush=True)


def table(rows: Sequence[Row], title: str) -> str:
    """Plain text: the title, a rule, and a line per row with the values aligned."""
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join(["", title, "-" * len(title), *lines])


def _print_rich(rows: Sequence[Row], title: str) -> None:
    # rich is loaded only where it is used.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    # Two borders, and one space on either side of both cells.
    room = console.width - max(cell_width(name) for name, _ in rows) - 7
    grid = Table(title=Text(title), box=box.ROUNDED, show_header=False, title_justify="left")
    grid.add_column(style="bold")
    grid.add_column()
    # Others are folded between words.
    too_long = [
        (name, value) for name, value in rows if cell_width(value) > room and " " not in value
    ]
    for name, value in rows:
        if (name, value) not in too_long:
            grid.add_row(Text(name), Text(value))
    console.print()
    console.print(grid)
    for name, value in too_long:
        # Not folded into a cell: a path should be copied in one piece.
        console.print(Text(f"{name}: {value}" if name else value), soft_wrap=True)
