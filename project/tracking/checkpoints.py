"""`--upload`: which of a run's checkpoints trackers get, once it has ended."""

from collections.abc import Sequence
from pathlib import Path

from project.files import read_json
from project.run_directory import OUTCOME, RECORD, best, last
from project.tracking.choice import load
from project.words.sizes import size_text


def wanted(run_dir: Path) -> list[Path]:
    """The checkpoints of an ended run that its `--upload` asks for, as far as they were kept.

    Raises:
        ValueError: its record is damaged.
        OSError: it can't be read.
    """
    if not (run_dir / OUTCOME).exists():
        return []  # killed: it may go on
    asked = (read_json(run_dir / RECORD).get("flags") or {}).get("upload")
    found = {"best": [best(run_dir)], "last": [last(run_dir)]}
    found["all"] = [*found["best"], *found["last"]]
    return [path for path in found.get(asked, []) if path.exists()]


def told(run_dir: Path) -> str:
    """The same for people, with sizes: `best.pt 44 MB`."""
    return ", ".join(f"{path.name} {size_text(path.stat().st_size)}" for path in wanted(run_dir))


def check(asked: str, trackers: Sequence[str]) -> list[str]:
    """A line for each tracker that takes no checkpoints.

    Raises:
        ValueError: none of them does.
    """
    unable = [name for name in trackers if not takes(name)]
    if len(unable) == len(trackers):
        why = f"{', '.join(unable)} takes none" if unable else "this run is sent nowhere"
        raise ValueError(
            f"--upload {asked} needs a tracker that takes checkpoints, as mlflow and neptune do:"
            f" {why}"
        )
    return [f"--upload {asked}: {name} takes no checkpoints" for name in unable]


def takes(name: str) -> bool:
    """Whether a tracker takes checkpoints; one from outside does unless it says otherwise."""
    return getattr(load(name).build(Path(), {}), "takes_checkpoints", True)
