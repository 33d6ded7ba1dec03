"""What the page asks the server for."""

from __future__ import annotations

import math
from typing import Annotated, Any

import sqlalchemy as sa
from starlette.responses import Response

from project.comparison.pictures import media_type
from project.files import finite
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.compare import (
    averages,
    axes,
    contents,
    curves,
    epochs,
    files,
    metrics,
    visible,
)
from project.server.compare.visible import Run
from project.server.errors import bad_request, not_found

ROOT = "/compare/api"
KINDS = ("step", "epoch", "time")
FEWEST, MOST = 10, 2000
# An image is shown, and its scripts, which an SVG file may hold, are not run.
IMAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=60",
}


@operation("compare", "GET", f"{ROOT}/content", "comparedRuns")
def compared_runs(context: Context, runs: str) -> dict[str, Any]:
    """All that is known of runs, but for their curves."""
    return finite(contents.contents(context, runs))


@operation("compare", "GET", f"{ROOT}/pulse", "pulseOfRuns")
def pulse_of_runs(context: Context, runs: str) -> dict[str, Any]:
    """What is another as soon as there is news of the runs."""
    return contents.pulse(context, runs)


@operation("compare", "GET", f"{ROOT}/points", "pointsOfRuns")
def points_of_runs(context: Context, runs: str) -> dict[str, dict[str, int]]:
    """Of each metric of runs: the number of its points."""
    with context.database.read() as connection:
        return metrics.points(connection, visible.find(connection, context.account, runs))


@operation("compare", "GET", f"{ROOT}/curves", "curvesOfRuns")
def curves_of_runs(
    context: Context,
    runs: str,
    metric: str,
    x: str = "step",
    low: Annotated[float, "query", "from"] | None = None,
    high: Annotated[float, "query", "to"] | None = None,
    points: int = 400,
) -> dict[str, Any]:
    """The curves of one metric; those with more points than twice `points` are downsampled.

    Of runs with `~` between their ids, the mean is drawn.
    """
    if x not in KINDS:
        raise bad_request(f"x: {x[:50]!r} is none of {', '.join(KINDS)}")
    if not all(bound is None or math.isfinite(bound) for bound in (low, high)):
        raise bad_request("from and to are numbers")
    if not FEWEST <= points <= MOST:
        raise bad_request(f"points: give from {FEWEST} to {MOST}")
    drawn = {}
    with context.database.read() as connection:
        for part in dict.fromkeys(filter(None, runs.split(","))):
            found = visible.find(connection, context.account, part.replace("~", ","))
            each = []
            for run in found:
                known = epochs.find(connection, run) if x == "epoch" else None
                if x != "epoch" or known is not None:
                    axis = axes.Axis(x, known, run.started or 0)
                    each.append(curves.read(connection, run, metric, axis, low, high, points))
            several = averages.averaged(each) if each and "~" in part else None
            drawn[part] = several or (each[0] if each else None)
    return drawn


@operation("compare", "GET", f"{ROOT}/image", "imageOfRun")
def image(context: Context, run: str, path: str) -> Response:
    """One image."""
    with context.database.read() as connection:
        found = _one(context, connection, run)
    kind = media_type(path)
    if kind is None:
        raise not_found("NOT_FOUND", "that is no image")
    with files.local(context.settings, found, path) as file:
        return Response(file.read_bytes(), media_type=kind, headers=IMAGE_HEADERS)


def _one(context: Context, connection: sa.Connection, run: str) -> Run:
    found = visible.find(connection, context.account, run)
    if len(found) != 1:
        raise bad_request("give one run")
    return found[0]
