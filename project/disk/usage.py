"""How much of the disk runs and experiments take, by what it is for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from project.disk.entries import Once, below
from project.files import read_json
from project.provenance.removal import is_set_aside
from project.run_directory import (
    AFTER,
    BEST,
    CHECKPOINTS,
    FIGURES,
    JOURNAL,
    LAST,
    LOGITS,
    MANIFEST,
    METADATA,
    MLFLOW_FILES,
    MLFLOW_STORE,
    NEPTUNE,
    PATCH,
    PLUGS,
    PREDICTIONS,
    PROFILE,
    RECORD,
    SOURCE,
    SPLITS,
    STAGE_FILES,
    TABLE,
    TENSORBOARD,
    TRACKING,
    is_run,
)

_GENERATORS = 32_000  # bytes that their states and the position take in `last.pt`, at most
OPTIMIZER, REST, LEFT = "optimizer", "rest", "left over"
# What each file or folder of a run is for; what is not here is the rest: record, outcome, notes.
_KINDS = {
    **dict.fromkeys((JOURNAL, TABLE), "curves"),
    **dict.fromkeys((FIGURES, PROFILE), "figures"),
    **dict.fromkeys((PATCH, PLUGS, SOURCE, STAGE_FILES), "code"),
    **dict.fromkeys((MANIFEST, SPLITS), "data"),
    **dict.fromkeys((PREDICTIONS, LOGITS), "predictions"),
    **dict.fromkeys((TRACKING, TENSORBOARD, NEPTUNE), "trackers"),
    AFTER: "made after",
}
KINDS = (BEST, LAST, OPTIMIZER, *dict.fromkeys(_KINDS.values()), REST, LEFT)


@dataclass
class Usage:
    """What a run, or all runs of an experiment, take.

    Attributes:
        place: the run's directory, or the experiment's folder.
        kinds: bytes of the disk by what they are for, of `KINDS`.
        runs: how many there are.
    """

    place: Path
    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    runs: int = 1

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


def of_run(run: Path, once: Once) -> Usage:
    """What a run takes; a file that `once` has counted takes nothing."""
    found = Usage(run)
    for entry in below(run):
        found.kinds[_kind(entry.path.relative_to(run).parts)] += once.size(entry)
    weights = found.kinds[BEST] or _weights(run)
    beyond = found.kinds[LAST] - weights
    # An optimizer that has a state has a number for each weight at least.
    if beyond > max(weights / 2, _GENERATORS):
        found.kinds[LAST] -= beyond
        found.kinds[OPTIMIZER] = beyond
    return found


def of_experiments(exp_dir: Path) -> tuple[list[Usage], dict[str, int]]:
    """What each experiment takes, and by name what lies beside them; together, all of `exp_dir`."""
    once, found = Once(), []
    others: dict[str, int] = defaultdict(int)
    for folder in sorted(path for path in exp_dir.iterdir() if path.is_dir()):
        if runs := [path for path in _folders(folder) if is_run(path) or is_set_aside(path)]:
            found.append(_together(folder, [of_run(run, once) for run in runs]))
            found[-1].kinds[REST] += sum(map(once.size, below(folder)))
    for entry in below(exp_dir):
        others[_beside(entry.path.relative_to(exp_dir).parts)] += once.size(entry)
    return found, {name: size for name, size in others.items() if size}


def _together(folder: Path, runs: Iterable[Usage]) -> Usage:
    found = Usage(folder, runs=0)
    for run in runs:
        # One that is being deleted is none any more.
        left = is_set_aside(run.place)
        found.runs += not left
        for kind, size in run.kinds.items():
            found.kinds[LEFT if left else kind] += size
    return found


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_dir())


def _kind(parts: tuple[str, ...]) -> str:
    if parts[:1] == (CHECKPOINTS,) and len(parts) > 1:
        return parts[1] if parts[1] in (BEST, LAST) else LEFT
    return _KINDS.get(parts[0], REST) if parts else REST


def _beside(parts: tuple[str, ...]) -> str:
    for name in (MLFLOW_STORE, METADATA):  # and what SQLite has beside them
        if parts and parts[0].startswith(name):
            return name
    if parts and parts[0] == MLFLOW_FILES:
        return MLFLOW_FILES
    return "other files"


def _weights(run: Path) -> int:
    """What a model's numbers take, 4 bytes each, where no file tells."""
    try:
        return 4 * int(read_json(run / RECORD)["model"]["n_parameters"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
