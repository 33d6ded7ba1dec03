"""What Optuna's tables say of a trial: its flags, scores and notes, a row of values for each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from optuna.distributions import distribution_to_json
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState

from project.search.values import COMPLETE, Trial

Found = tuple[sa.Row[Any], Trial, FrozenTrial]
_BEFORE = "constraints"
# JSON on a web page knows no infinities.
_HUGE = 1e308


def whole(found: Found) -> dict[str, Any]:
    """The trial itself, but for its study."""
    row, trial, optunas = found
    began = {"datetime_start": _time(row.started or row.ended)}
    return {
        "number": trial.number,
        "state": optunas.state,
        **began,
        "datetime_complete": _time(row.ended),
    }


def _params(found: Found) -> Iterator[dict[str, Any]]:
    optunas = found[2]
    for name, value in optunas.params.items():
        distribution = optunas.distributions[name]
        yield {
            "param_name": name,
            "param_value": distribution.to_internal_repr(value),
            "distribution_json": distribution_to_json(distribution),
        }


def _values(found: Found) -> Iterator[dict[str, Any]]:
    for i, value in enumerate(found[2].values or ()):
        stored, kind = models.TrialValueModel.value_to_stored_repr(value)
        yield {"objective": i, "value": stored, "value_type": kind}


def _intermediate(found: Found) -> Iterator[dict[str, Any]]:
    model = models.TrialIntermediateValueModel
    for step, value in found[2].intermediate_values.items():
        stored, kind = model.intermediate_value_to_stored_repr(value)
        yield {"step": step, "intermediate_value": stored, "intermediate_value_type": kind}


def _about(found: Found) -> Iterator[dict[str, Any]]:
    """What the study says beside: the run, its time and its measures."""
    _, trial, optunas = found
    reason = trial.reason
    if trial.state == COMPLETE and optunas.state == TrialState.FAIL:
        reason = "a score is no number"
    about = {**trial.measures, "run": trial.run, "seconds": trial.seconds}
    about |= {"cpu_seconds": trial.cpu_seconds}
    about |= {"reason": reason or None, "retry_of": trial.retry_of}
    for key, value in about.items():
        if value is not None:
            plain = str(value) if isinstance(value, float) and not math.isfinite(value) else value
            yield {"key": key, "value_json": json.dumps(plain)}


def _notes(found: Found) -> Iterator[dict[str, Any]]:
    """Constraints, as Optuna 5 notes each, and all as before, which its dashboard still reads."""
    finite = {key: max(min(v, _HUGE), -_HUGE) for key, v in found[2].system_attrs.items()}
    for key, value in [*finite.items(), *([(_BEFORE, [*finite.values()])] if finite else [])]:
        yield {"key": key, "value_json": json.dumps(value)}


def _time(seconds: float) -> datetime:
    """As Optuna stores it: UTC without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


# The tables of a trial's parts, and what each says of it.
PARTS = {
    models.TrialParamModel: _params,
    models.TrialValueModel: _values,
    models.TrialIntermediateValueModel: _intermediate,
    models.TrialUserAttributeModel: _about,
    models.TrialSystemAttributeModel: _notes,
}
