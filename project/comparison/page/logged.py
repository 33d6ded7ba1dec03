"""What runs logged and drew, as far as a page has it in itself; a server is asked for the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from project.comparison import progress
from project.comparison.loading import KnownRun
from project.comparison.page.curves import Line, Packed, lines_of, mean_lines, pack
from project.comparison.page.figures import figures
from project.comparison.units import Unit


@dataclass(frozen=True)
class Logged:
    """What the page has of curves and pictures.

    Attributes:
        names: of all that any run logged.
        lasts: the last value of each, by the run's label.
        axes, curves: as in `curves.Packed`; empty where a server is asked for them.
        images, pictures: of `figures`; likewise.
        notes: what is left out, as sentences.
        problems: a line for each thing that could not be read.
    """

    names: Sequence[str]
    lasts: Mapping[str, Mapping[str, float]]
    axes: Sequence[Any] = ()
    curves: Mapping[str, Any] = field(default_factory=dict)
    images: Sequence[Any] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    problems: Sequence[str] = ()


def read_logged(
    found: Mapping[str, Any], runs: Sequence[KnownRun], units: Sequence[Unit], now: datetime
) -> Logged:
    """All that the runs' directories have.

    Args:
        found: Of `describe`, of `runs`.
        runs: In the same order.
        units: The groups of a description, and the runs that are in none.
        now: When the page is made.
    Raises:
        OSError: a picture can't be read.
    """
    lines, problems = _lines(found["runs"], runs, now)
    packed = pack({**lines, **_means(found, units, lines)})
    images, pictures, left_out = figures(runs, list(lines))
    return Logged(
        list(dict.fromkeys(name for curves in lines.values() for name in curves)),
        {
            label: {n: float(line.value[-1]) for n, line in own.items()}
            for label, own in lines.items()
        },
        packed.axes,
        packed.curves,
        images,
        pictures,
        _notes(packed, left_out),
        problems,
    )


def began(run: Mapping[str, Any], now: datetime) -> float | None:
    """Unix seconds when a described run began; None if its record does not say when."""
    return None if run["age"] is None else now.timestamp() - run["age"]


def _lines(
    described: Sequence[Mapping[str, Any]], runs: Sequence[KnownRun], now: datetime
) -> tuple[dict[str, dict[str, Line]], list[str]]:
    lines, problems = {}, []
    for entry, run in zip(described, runs, strict=True):
        try:
            curves = entry["curves"] if "curves" in entry else progress.curves(run.directory)
        except ValueError as error:
            curves = {}
            problems.append(str(error))
        lines[entry["label"]] = lines_of(curves, began(entry, now))
    return lines, problems


def _means(
    found: Mapping[str, Any], units: Sequence[Unit], lines: Mapping[str, Mapping[str, Line]]
) -> dict[str, dict[str, Line]]:
    """Of each group the curves that its statistics are of; before any run has finished, of all."""
    groups = {group["label"]: group["counted"] or group["runs"] for group in found["groups"]}
    return {
        unit.label: mean_lines([lines[label] for label in groups[unit.label]])
        for unit in units
        if unit.is_group
    }


def _notes(packed: Packed, pictures_out: int) -> list[str]:
    """What the page leaves out, as sentences."""
    notes = []
    if packed.cut:
        least = 2 * packed.buckets
        notes.append(
            f"Curves of more than {least:,} points show the least and the greatest value of each of"
            f" {packed.buckets:,} stretches ({packed.cut:,} curves)."
        )
    if pictures_out:
        notes.append(f"{pictures_out:,} figures are left out, as the page would be too large.")
    return notes
