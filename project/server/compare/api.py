"""What the page asks the server for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import sqlalchemy as sa
from starlette.responses import Response

from project.comparison.pictures import media_type
from project.provenance import repetitions
from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.compare import (
    axes,
    curves,
    differences,
    documents,
    epochs,
    files,
    images,
    labels,
    latest,
    metrics,
    patches,
)
from project.server.compare import runs as facts
from project.server.compare import visible
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


@operation("compare", "GET", f"{ROOT}/latest", "latestRuns")
def latest_runs(context: Context, search: str = "", offset: int = 0) -> dict[str, Any]:
    """The latest runs that hold each word of `search`."""
    if not 0 <= offset < 10**9:
        raise bad_request("offset: give 0 or more")
    with context.database.read() as connection:
        found = latest.listed(connection, context.account, search, offset)
    return found | {"runs": _shown(context, found["runs"])}


@operation("compare", "GET", f"{ROOT}/runs", "comparedRuns")
def compared_runs(context: Context, runs: str) -> dict[str, Any]:
    """All that is known of runs, but for their curves: as rows of one table."""
    with context.database.read() as connection:
        found = visible.find(connection, context.account, runs)
        told = documents.read(context, found)
        known = [facts.facts(connection, *pair) for pair in zip(found, told, strict=True)]
        listed = metrics.listed(connection, found, told)
    rows = differences.rows(known)
    named = zip(_shown(context, found), labels.of_runs(found, told, known), strict=True)
    shown = [run | {"label": label} for run, label in named]
    for run, known_of in zip(shown, told, strict=True):
        run["reproduces"] = repetitions.original(known_of.record)
    return {"runs": shown, "rows": rows, "metrics": listed}


@operation("compare", "GET", f"{ROOT}/extremes", "extremesOfRun")
def extremes(context: Context, run: str) -> dict[str, Any]:
    """Of each metric of a run: its least and greatest value, and its number of points."""
    with context.database.read() as connection:
        return metrics.extremes(connection, _one(context, connection, run))


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
    """The curves of one metric; those with more points than twice `points` are downsampled."""
    if x not in KINDS:
        raise bad_request(f"x: {x[:50]!r} is none of {', '.join(KINDS)}")
    if not all(bound is None or math.isfinite(bound) for bound in (low, high)):
        raise bad_request("from and to are numbers")
    if not FEWEST <= points <= MOST:
        raise bad_request(f"points: give from {FEWEST} to {MOST}")
    drawn = {}
    with context.database.read() as connection:
        for run in visible.find(connection, context.account, runs):
            known = epochs.find(connection, run) if x == "epoch" else None
            if x == "epoch" and known is None:
                drawn[run.id] = None
                continue
            axis = axes.Axis(x, known, run.started or 0)
            drawn[run.id] = curves.read(connection, run, metric, axis, low, high, points)
    return drawn


@operation("compare", "GET", f"{ROOT}/images", "imagesOfRuns")
def images_of_runs(context: Context, runs: str) -> list[dict[str, Any]]:
    """The images of runs, by name."""
    with context.database.read() as connection:
        found = visible.find(connection, context.account, runs)
    return images.listed(context, found)


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


@operation("compare", "GET", f"{ROOT}/patch", "patchOfRuns")
def patch_of_runs(context: Context, runs: str) -> patches.Patch:
    """The uncommitted changes of one run, or what those of two differ in."""
    with context.database.read() as connection:
        found = visible.find(connection, context.account, runs)
    return patches.compare(context, found)


def _one(context: Context, connection: sa.Connection, run: str) -> Run:
    found = visible.find(connection, context.account, run)
    if len(found) != 1:
        raise bad_request("give one run")
    return found[0]


def _shown(context: Context, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs as the page has them; where their files are is not for it."""
    shown = []
    for run in runs:
        fields = asdict(run)
        fields.pop("artifact_uri")
        role = Role.MEMBER if context.account.admin else None
        role = role or context.account.experiments.get(str(run.experiment_id), 0)
        stoppable = run.container_id and run.status == "running" and role >= Role.MEMBER
        shown.append(fields | {"stoppable": bool(stoppable)})
    return shown
