"""Where MLflow shows a Neptune attribute: as a metric, a param or tags, under which name and text.

Runs logged through Neptune and directly to MLflow look alike: what this project's own tracker (and
Lightning's former Neptune logger) puts into namespaces stands in MLflow where the MLflow tracker
would have put it. See `project.tracking.neptune.layout` and
`project.tracking.mlflow.layout`.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2s
from typing import NamedTuple

from project.provenance.find import RUN_ID
from project.tracking.mlflow.layout import NAME_LENGTH, PARAM_LENGTH, TAG_LENGTH, cut, safe_name
from project.tracking.neptune.layout import SECTIONS

METRIC, PARAM, TAG = "metric", "param", "tag"
LIMITS = {PARAM: PARAM_LENGTH, TAG: TAG_LENGTH}
SHOWN_TYPES = ("float", "int", "bool", "string", "datetime")
# What the MLflow tracker writes as tags: the path, and the tags. See `tracking.mlflow.layout.tags`.
TAGS = {
    "run/run_id": ("run_id", "mlflow.source.name", "mlflow.source.type"),
    "run/user": ("user", "mlflow.user"),
    "run/host": ("host",),
    "run/command": ("command",),
    "run/tags": ("tags",),
    "run/description": ("mlflow.note.content",),
    "source_code/git/sha": ("git_sha", "mlflow.source.git.commit"),
    "source_code/git/branch": ("mlflow.source.git.branch",),
    "source_code/git/remote": ("mlflow.source.git.repoURL",),
    "source_code/git/dirty": ("git_dirty",),
    "source_code/git/patch_blake3": ("patch_blake3",),
    "source_code/git/source_blake3": ("source_blake3",),
    "data/hash": ("data_hash",),
    "result/status": ("status",),
    "result/error": ("error",),
    "result/best/epoch": ("best_epoch",),
    "result/best/step": ("best_step",),
    "result/best/monitor": ("best_monitor",),
    "result/best/value": ("best_value",),
}
# What it writes whatever the run.
CONSTANT = {"mlflow.source.name": "project.run", "mlflow.source.type": "LOCAL"}
CHECKPOINTS = "training/model/checkpoints/"
PARAMS = re.compile(r"training/(?:hyperparams/(?P<flag>.+)|model/(?P<size>n_parameters))")
# Namespaces of facts that are no parameters.
FACTS = re.compile(r"(?:run|source_code|environment|monitoring|result|training/model)/")
# Where this project's tracker puts records and outcomes, of which MLflow's has less.
RECORDED = tuple(f"{namespace}/" for namespace in (*SECTIONS.values(), "run", "result"))
# What stands for Python's None: Neptune has no null.
NONE = "None"


class Showing(NamedTuple):
    """Where an attribute is shown: as what, under which name, and under which tags besides."""

    shown_as: str
    key: str
    besides: tuple[str, ...] = ()


def is_ours(custom_id: str | None) -> bool:
    """Whether the client of this custom id is this project's tracker."""
    return custom_id is not None and RUN_ID.fullmatch(custom_id) is not None


def showing(path: str, type_: str, ours: bool) -> Showing | None:
    """Where the attribute would be shown if no other had taken the name; None if nowhere.

    Args:
        path: the attribute's.
        type_: the attribute's.
        ours: whether the run is this project's, whose tracker for MLflow leaves most facts out.
    """
    if path.startswith("sys/"):
        return None
    if type_ == "floatSeries":
        return Showing(METRIC, safe_name(path.removeprefix("training/")))
    if type_ not in SHOWN_TYPES:
        return None
    if path in TAGS:
        return Showing(TAG, TAGS[path][0], TAGS[path][1:])
    if path.startswith(CHECKPOINTS):
        return Showing(TAG, _short(f"checkpoint_{safe_name(path.removeprefix(CHECKPOINTS))}", path))
    flag = PARAMS.fullmatch(path)
    if flag:
        return Showing(PARAM, safe_name(flag["flag"] or flag["size"]))
    if ours and path.startswith(RECORDED):
        return None
    return Showing(TAG if FACTS.match(path) else PARAM, safe_name(path))


def free(wanted: Showing, path: str, taken: set[tuple[str, str]]) -> Showing:
    """`wanted`, or one under the full path if another attribute has the name."""
    if (wanted.shown_as, wanted.key) not in taken:
        return wanted
    full = safe_name(path)
    if (wanted.shown_as, full) not in taken:
        return Showing(wanted.shown_as, full)
    # Not the hash that `safe_name` cuts long names with.
    digest = blake2s(path.encode(), digest_size=16, person=b"taken").hexdigest()
    return Showing(wanted.shown_as, f"{full[: NAME_LENGTH - len(digest) - 1]}:{digest}")


def shown_text(
    path: str, type_: str, shown_as: str, text: str | None, number: float | None
) -> str | None:
    """The value as MLflow shows it, cut to its limit; None for a tag that has nothing to say."""
    value = _text(type_, text, number)
    if path == "run/tags":
        value = ", ".join(json.loads(value))
    if shown_as == TAG and value in ("", NONE):
        return None
    if value == NONE and path.startswith("training/hyperparams/"):
        value = "null"
    return cut(value, LIMITS[shown_as])


def _text(type_: str, text: str | None, number: float | None) -> str:
    if type_ == "bool":
        return "true" if number else "false"
    if type_ == "float" and text:  # a negative zero
        return text
    if type_ == "float":
        # Our tracker sends integers of more than 32 bits, which Neptune has not, as floats.
        whole = number.is_integer() and 2**31 <= abs(number) < 2**53
        return json.dumps(int(number) if whole else number)
    if type_ == "datetime":
        from project.server.api.properties import iso

        return iso(number)
    return text


def _short(key: str, path: str) -> str:
    if len(key) <= NAME_LENGTH:
        return key
    return safe_name(path)
