"""Images of runs, side by side: figures among their files, and series that a run logged."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from project.comparison.pictures import by_name, media_type, picture_name
from project.server.api.context import Context
from project.server.compare import files
from project.server.compare.visible import Run
from project.server.store.tables import attributes, entries
from project.words.telling import natural


def listed(context: Context, runs: list[Run]) -> list[dict[str, Any]]:
    """A row for each name that any run has an image under.

    Returns:
        For each row its `name`, and in `runs` each run's images in order, with `path` and `step`;
        the images of a series share one row.
    """
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for run in runs:
        for name, images in _of_run(context, run).items():
            found.setdefault(name, {})[run.id] = images
    names = sorted(found, key=by_name)
    return [{"name": n, "runs": [found[n].get(run.id, []) for run in runs]} for n in names]


def _of_run(context: Context, run: Run) -> dict[str, list[dict[str, Any]]]:
    paths = [path for path in files.listed(context.settings, run) if media_type(path)]
    series = _series(context, run)
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(paths, key=natural):
        told = series.get(path, {"name": picture_name(path), "step": None, "note": ""})
        found.setdefault(told["name"], []).append(told | {"path": path})
    for images in found.values():
        images.sort(key=lambda image: image["step"] or 0)
    return found


def _series(context: Context, run: Run) -> dict[str, dict[str, Any]]:
    """What the run says of the images of its series, by their file's path."""
    if run.container_id is None:
        return {}
    of_series = attributes.c.type == "imageSeries"
    joined = entries.join(
        attributes,
        (attributes.c.container_id == entries.c.container_id)
        & (attributes.c.path == entries.c.path)
        & of_series,
    )
    columns = (entries.c.path, entries.c.step, entries.c.value)
    query = sa.select(*columns).select_from(joined)
    query = query.where(entries.c.container_id == run.container_id).order_by(entries.c.number)
    with context.database.read() as connection:
        rows = connection.execute(query).all()
    return {told["path"]: told for told in map(_told, rows) if told["path"]}


def _told(row: sa.Row) -> dict[str, Any]:
    value = json.loads(row.value)
    note = " ".join(filter(None, [value.get("name"), value.get("description")]))
    return {"name": row.path, "path": value.get("file"), "step": row.step, "note": note}
