"""From a data set's name to its splits, statistics, content hash and loaders."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from project import plugs
from project.cli.faults import fault
from project.cli.stage import stage
from project.data import beforehand
from project.data._block import Block
from project.data._counts import counted
from project.data._faults import fault_of
from project.data._fingerprint import split_hash, total_hash
from project.data._former import Former, keep
from project.data._leaks import find_leaks
from project.data._loader import Loader
from project.data._split import Splits, split
from project.data._statistics import statistics
from project.data.order import permutation
from project.data.prepared import Data
from project.data.ragged import Ragged
from project.data.samples import Raw, Resident, Samples, Subset
from project.data.streamed import Streamed
from project.data.targets import Labels, Masks
from project.files.definitions import returning
from project.hyperparameters import Hyperparameters
from project.plugs.handing import made
from project.values import Batch

if TYPE_CHECKING:
    from project.data._readied import Readying

__all__ = [
    "Batch",
    "Block",
    "Data",
    "Former",
    "Labels",
    "Loader",
    "Masks",
    "Ragged",
    "Raw",
    "Resident",
    "Samples",
    "Streamed",
    "Subset",
    "load",
    "prepare",
]


def prepare(hparams: Hyperparameters, former: Sequence[Former] = ()) -> Data:
    """Load the data set `hparams.data`, split it, measure its training split and hash all of it.

    Args:
        hparams: of the run.
        former: how a run that goes on with changed data has used them, see `_former.keep`.

    Raises:
        ValueError: there is no such data set, or it is missing, damaged, or too small to be split;
            in one line.
        OSError: it can't be read, or not downloaded.
    """
    ready = _readying(hparams)
    raw = beforehand.find(hparams) or load(hparams)
    if ready:
        ready.check(raw.train)
    stage("splitting and hashing the data")
    drawn = split(raw, hparams)
    splits = _fixed_batches(keep(drawn, former, raw.files) if former else drawn, hparams)
    hashes = {name: split_hash(part, raw.classes) for name, part in splits._asdict().items()}
    inputs = ready.inputs(splits._asdict(), hparams.seed) if ready else splits._asdict()
    measure = ready.statistics if ready else statistics
    measured = measure(inputs["train"], hashes["train"], Path(hparams.data_dir), raw.fit)
    return Data(
        name=hparams.data,
        classes=raw.classes,
        shape=inputs["train"].samples.shape,
        mean=measured.mean,
        std=measured.std,
        class_counts=tuple(counted(splits.train, len(raw.classes))["per_class"]),
        **splits._asdict(),
        hashes=hashes,
        hash=total_hash(hashes, raw.classes),
        files=raw.files,
        leaks=find_leaks(raw, splits),
        fit=raw.fit,
        pictures=raw.pictures,
        recipe=ready.recipe if ready else None,
        inputs=inputs,
        starts={name: raw.start(part.samples) for name, part in splits._asdict().items()},
    )


def _readying(hparams: Hyperparameters) -> "Readying | None":
    if hparams.recipe is None:
        return None
    from project.data._readied import Readying  # which runs without a recipe need not pay

    return Readying(hparams.recipe)


def load(hparams: Hyperparameters) -> Raw:
    """The data set `hparams.data` as it is, not yet split.

    Raises:
        ValueError, OSError: as of `prepare`.
    """
    function = plugs.entry("data", hparams.data)
    raw = made("data", hparams.data, function, {"hparams": hparams})
    if why := fault_of(raw):
        raise fault("data", hparams.data, why, returning(function), function)
    if hparams.crop_size is not None and not isinstance(raw.train, Ragged):
        raise ValueError(
            f"--crop-size {hparams.crop_size}: training on --data {hparams.data} takes its images"
            " whole, as they are made; leave it out"
        )
    return raw


def _fixed_batches(splits: Splits, hparams: Hyperparameters) -> Splits:
    """With `overfit_batches`, a few batches of the training split for training and validation."""
    if hparams.overfit_batches is None:
        return splits
    n = hparams.overfit_batches * hparams.batch_size
    # Shuffled: the samples of a folder are sorted by class.
    few = permutation(len(splits.train), hparams.seed, "order", 0)[:n]
    train = Subset(splits.train.samples, splits.train.indices[few])
    return splits._replace(train=train, val=train)
