"""What one run adds to the tables."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from project import plugs
from project.comparison.loading import KnownRun
from project.comparison.values import is_of_class, setting_of, values_of
from project.metadataset.tables import id_of
from project.scores import agreed, headline, judged

# What a run is built of: these plugs say which flags there are.
BUILT_OF = ("model", "loss", "optimizer")
_NEVER = datetime.fromtimestamp(0, UTC)


class Facts(NamedTuple):
    """A run's row, and those that it shares with others.

    Attributes:
        experiment: of the run itself, without scores of classes.
        classes: these scores, by name.
        shared: by table, the row's id and what it says.
    """

    experiment: dict[str, Any]
    classes: dict[str, Any]
    shared: dict[str, tuple[str, dict[str, Any]]]


def facts(run: KnownRun) -> Facts:
    """All that the tables say of a run."""
    setting = setting_of(plugs.flat(run.record["flags"]))
    values = values_of(run, _NEVER)
    # It grows by the second; `created` stays.
    values.pop("age")
    own = {name: value for name, value in values.items() if name not in setting}
    classes = {name: value for name, value in own.items() if is_of_class(name)}
    plain = {name: value for name, value in own.items() if name not in classes}
    memory = run.outcome.get("peak_memory") or {}
    plain |= {"peak_memory": memory.get("resident"), "error": run.outcome.get("error")}
    shared = {
        "dataset_stats": dataset_stats(run.record),
        "task": task(run.record),
        "hyperparameter_space": space(run.record),
        "hyperparameters": setting,
    }
    return Facts(plain, classes, {name: (id_of(row), row) for name, row in shared.items()})


def dataset_stats(record: Mapping[str, Any]) -> dict[str, Any]:
    """The samples of a run, in numbers.

    `balance` is the entropy of the training split's classes by that of as many equally frequent
    ones: 1 where all are, 0 where there is one alone. Of masks, classes are counted in pixels.
    """
    data, counts = record["data"], record["data"].get("counts") or {}
    shape = [*(data.get("shape") or []), None, None, None]
    per_class = _numbers((counts.get("train") or {}).get("per_class"))
    leaks, hashes = data.get("leaks") or {}, data.get("hashes") or {}
    recipe = data.get("recipe") or {}
    return {
        **{name: data.get(name) for name in ("name", "kind", "dtype", "fit", "mean", "std")},
        **dict(zip(("channels", "height", "width"), shape, strict=False)),
        **{part: (counts.get(part) or {}).get("total") for part in ("train", "val", "test")},
        "n_classes": len(data.get("classes") or []) or None,
        "classes": data.get("classes"),
        "smallest_class": min(per_class, default=None),
        "largest_class": max(per_class, default=None),
        "balance": _balance(per_class),
        "recipe": recipe.get("name"),
        "leaks_into_test": leaks.get("test"),
        "contradicting_labels": leaks.get("labels"),
        "hash": data.get("hash"),
        **{f"hash_{part}": hashes.get(part) for part in ("train", "val", "test")},
        "files": record.get("manifest_blake3"),
    }


def task(record: Mapping[str, Any]) -> dict[str, Any]:
    """What was to be found, in which data; whichever samples a seed drew of them."""
    data, ways = record["data"], record["scores"]
    first = judged(record)
    return {
        "name": record["task"].get("name"),
        "data": data.get("name"),
        "kind": data.get("kind"),
        "n_classes": len(data.get("classes") or []) or None,
        "classes": data.get("classes"),
        "headline": list(headline(record)),
        "judged": first,
        "better": agreed([ways], f"val_{first}"),
        "files": record.get("manifest_blake3"),
    }


def space(record: Mapping[str, Any]) -> dict[str, Any]:
    """Which plugs the run was built of, and what they can be told besides the flags of every run.

    The index adds the ranges, which follow from the code and not from the run.
    """
    flags = record["flags"]
    own = sorted(name for name in plugs.flat(flags) if name not in flags)
    return {kind: chosen(flags, kind) for kind in BUILT_OF} | {"own": own}


def chosen(flags: Mapping[str, Any], kind: str) -> str:
    """The plugs of a kind that flags choose, without weights, in one text."""
    value = flags.get(kind)
    items = value if isinstance(value, (list, tuple)) else [value]
    return " ".join(plugs.unweighted(item) for item in items if isinstance(item, str))


def _numbers(value: Any) -> Sequence[float]:
    found = value if isinstance(value, list) else []
    return [n for n in found if isinstance(n, (int, float))]


def _balance(counts: Sequence[float]) -> float | None:
    total = sum(counts)
    if len(counts) < 2 or total <= 0:
        return None
    shares = [count / total for count in counts if count > 0]
    return -sum(share * math.log(share) for share in shares) / math.log(len(counts))
