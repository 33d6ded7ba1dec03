"""Which epoch a step of a run is in, as far as it is known."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from project.comparison.epochs import Epochs
from project.server.compare.visible import Run
from project.server.mlflow.experiments import TAGS
from project.server.mlflow.points import LATEST, METRICS

# Names under which Lightning and others log the epoch.
NAMES = ("epoch", "train/epoch", "trainer/epoch")


def find(connection: sa.Connection, run: Run) -> Epochs | None:
    """The epochs of a run: from the series it logged, or the length of one; None if unknown."""
    return _logged(connection, run) or _of_our_run(connection, run)


def _logged(connection: sa.Connection, run: Run) -> Epochs | None:
    """Each epoch begins with the first point that has its number."""
    name = METRICS.c.key
    query = sa.select(name, METRICS.c.value, sa.func.min(METRICS.c.step).label("step"))
    query = query.where(METRICS.c.run_uuid == run.id, name.in_(NAMES), sa.not_(METRICS.c.is_nan))
    rows = connection.execute(query.group_by(name, METRICS.c.value)).all()
    for wanted in NAMES:
        points = sorted((row.value, row.step) for row in rows if row.key == wanted)
        epochs, steps = np.array(points, dtype=float).reshape(-1, 2).T
        if len(points) > 1 and (np.diff(steps) > 0).all():
            return Epochs(steps, epochs)
    return None


def _of_our_run(connection: sa.Connection, run: Run) -> Epochs | None:
    """A run of this project says after which step its best epoch was over."""
    names = ("run_id", "best_epoch", "best_step")
    query = sa.select(TAGS.c.key, TAGS.c.value)
    query = query.where(TAGS.c.run_uuid == run.id, TAGS.c.key.in_(names))
    told = {row.key: row.value for row in connection.execute(query)}
    if "run_id" not in told:
        return None
    length = _length(told.get("best_step"), told.get("best_epoch"))
    # Until it has ended: it validates first after its first epoch.
    length = length or _first_validation(connection, run)
    return Epochs(np.array([0.0, length]), np.array([0.0, 1.0])) if length else None


def _length(step: str | None, epoch: str | None) -> float | None:
    if step is None or epoch is None or not (step.isdecimal() and epoch.isdecimal()):
        return None
    return int(step) / (int(epoch) + 1)


def _first_validation(connection: sa.Connection, run: Run) -> float | None:
    here = LATEST.c.run_uuid == run.id
    query = sa.select(LATEST.c.key).where(here, LATEST.c.key.like("val\\_%", escape="\\"))
    key = connection.execute(query.order_by(LATEST.c.key).limit(1)).scalar()
    first = sa.select(sa.func.min(METRICS.c.step))
    first = first.where(METRICS.c.run_uuid == run.id, METRICS.c.key == key)
    return None if key is None else connection.execute(first).scalar()
