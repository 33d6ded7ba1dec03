"""The same data and model for all contestants, from the same flags."""

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from project import data, models
from project.cli.flags import parse
from project.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class Task:
    """What there is to learn.

    Attributes:
        hparams: of the project, from which a peer takes sizes and rates.
        splits: images `(n, C, H, W)` uint8 and targets `(n,)` int64, or masks `(n, H, W)`, of
            "train", "val" and "test".
        mean: of the training pixels / 255, one per channel.
        std: likewise.
        n_classes: of the targets.
    """

    hparams: Hyperparameters
    splits: dict[str, tuple[Tensor, Tensor]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    n_classes: int

    @property
    def trained(self) -> int:
        """Samples that an epoch trains on."""
        limit = (self.hparams.limit_batches or 2**62) * self.hparams.batch_size
        return min(len(self.splits["train"][1]), limit)

    def model(self) -> nn.Module:
        """A new model."""
        shape = tuple(self.splits["train"][0].shape[1:])
        return models.build(shape, self.n_classes, self.hparams)

    def normalised(self, images: Tensor) -> Tensor:
        """Images as the model takes them, `(n, C, H, W)` float32."""
        mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (self.mean, self.std))
        return (images.float() / 255 - mean) / std


def task(flags: Sequence[str]) -> Task:
    """The data and model that the project's command would take for these flags."""
    with TemporaryDirectory() as folder:
        hparams = parse([*flags, "--data-dir", folder]).hparams
        found = data.prepare(hparams)
    parts = {name: getattr(found, name) for name in ("train", "val", "test")}
    splits = {
        name: (p.samples.fetch(p.indices), p.samples.targets.ready(p.targets))
        for name, p in parts.items()
    }
    return Task(hparams, splits, found.mean, found.std, len(found.classes))
