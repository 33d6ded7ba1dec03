"""Which test samples one of two runs gets right and the other wrong, by their tables."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from project.comparison.loading import KnownRun
from project.comparison.mcnemar import MCNEMAR, SIGN, mcnemar
from project.run_directory import PREDICTIONS
from project.tables.parquet import read_columns

# Of the samples about which two runs differ most so many are named.
NAMED = 200
# So many runs are set beside the first one.
_OTHERS = 20
_READ = ("index", "path", "target", "prediction", "prob", "prob_true", "iou", "margin", "distance")

Table = tuple[Mapping[str, Any], Mapping[str, Any]]


def disagreements(
    runs: Sequence[KnownRun],
    names: Sequence[str],
    place: Callable[[KnownRun], Path] = lambda run: run.directory / PREDICTIONS,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The first run beside each of the others, as far as both were tested on the same samples.

    Args:
        runs: in the order of the comparison.
        names: what they are called.
        place: where a run's table of predictions is, if it has one.
    Returns:
        Of each pair `first` and `second` (names), `runs`, their numbers among these, `n` samples,
        `first_alone` and `second_alone`, how many only that run gets right (of masks: with the
        larger IoU), `both` and `neither`, `p` of McNemar's exact `test` (of masks the sign test,
        which is the same), and `samples`, those about which they differ most; and a line for each
        table that is damaged.
    Raises:
        OSError: a table can't be read.
    """
    tables, damages = [], []
    for run in runs[: 1 + _OTHERS]:
        try:
            tables.append(_read(place(run)))
        except ValueError as error:
            tables.append(None)
            damages.append(str(error))
    found = []
    for i in range(1, len(tables)):
        if tables[0] and tables[i] and _are_alike(runs[0], runs[i], tables[0], tables[i]):
            both = {"first": names[0], "second": names[i], "runs": [0, i]}
            found.append(both | _compare(tables[0], tables[i]))
    return found, damages


def pictures(path: Path, indices: Sequence[int]) -> dict[int, bytes]:
    """The PNG files that a table has of samples, by their index.

    Raises:
        ValueError: it is damaged.
        OSError: it can't be read.
    """
    if not path.is_file():
        return {}
    columns, _ = read_columns(path, ("index", "picture"))
    wanted = set(indices)
    each = zip(columns["index"].tolist(), columns.get("picture") or (), strict=False)
    return {index: picture for index, picture in each if picture and index in wanted}


def _read(path: Path) -> Table | None:
    return read_columns(path, _READ) if path.is_file() else None


def _are_alike(first: KnownRun, second: KnownRun, one: Table, other: Table) -> bool:
    """Whether both were tested on the same samples, with the same question."""
    digests = [(run.record["data"].get("hashes") or {}).get("test") for run in (first, second)]
    if digests[0] != digests[1] or digests[0] is None or one[0].keys() != other[0].keys():
        return False
    told = "prediction" in one[0] or "iou" in one[0]
    return told and np.array_equal(one[0]["index"], other[0]["index"]) and _same_about(one, other)


def _same_about(one: Table, other: Table) -> bool:
    return all(one[1].get(name) == other[1].get(name) for name in ("classes", "task"))


def _compare(one: Table, other: Table) -> dict[str, Any]:
    if "iou" in one[0]:
        better = np.nan_to_num(one[0]["iou"] - other[0]["iou"])
        ours, theirs, test = better > 0, better < 0, SIGN
        told = {"same": int((better == 0).sum())}
    else:
        right = [table[0]["target"] == table[0]["prediction"] for table in (one, other)]
        sure = "prob_true" if "prob_true" in one[0] else "margin"  # that of embeddings
        better = one[0][sure] - other[0][sure]
        ours, theirs, test = right[0] & ~right[1], right[1] & ~right[0], MCNEMAR
        told = {
            "both": int((right[0] & right[1]).sum()),
            "neither": int((~right[0] & ~right[1]).sum()),
        }
    alone = int(ours.sum()), int(theirs.sum())
    rows = np.flatnonzero(ours | theirs)
    rows = rows[np.argsort(-np.abs(better[rows]), kind="stable")][:NAMED]
    return {
        "n": len(better),
        "first_alone": alone[0],
        "second_alone": alone[1],
        **told,
        "test": test,
        "p": mcnemar(*alone),
        "samples": [_sample(row, one, other) for row in rows.tolist()],
    }


def _sample(row: int, one: Table, other: Table) -> dict[str, Any]:
    """`index`, `path`, `target`, and of `first` and `second` what they said of it."""
    columns, about = one
    told = {"index": int(columns["index"][row]), "path": columns["path"][row]}
    if "target" in columns:
        told["target"] = about["classes"][columns["target"][row]]
    sides = zip(("first", "second"), (one, other), strict=True)
    return told | {name: _said(row, *table) for name, table in sides}


def _said(row: int, columns: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    if "iou" in columns:
        return {"iou": float(columns["iou"][row])}
    return {
        "prediction": about["classes"][columns["prediction"][row]],
        **{name: float(columns[name][row]) for name in ("prob", "distance") if name in columns},
        "right": bool(columns["prediction"][row] == columns["target"][row]),
    }
