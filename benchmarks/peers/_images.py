"""Images as both templates feed them: a Dataset of single ones, ToTensor, a DataLoader."""

from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

from benchmarks.peers._task import Task


class Images(Dataset):
    """Single images, turned into tensors one by one.

    Args:
        images: `(n, C, H, W)` uint8.
        targets: `(n,)` int64.
    """

    def __init__(self, images: Tensor, targets: Tensor) -> None:
        self.images, self.targets = images.permute(0, 2, 3, 1).numpy(), targets.tolist()
        self.transform = ToTensor()

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), self.targets[index]


def loader(given: Task, split: str, workers: int) -> DataLoader:
    """Batches of a split."""
    return DataLoader(
        Images(*given.splits[split]),
        batch_size=given.hparams.batch_size,
        shuffle=split == "train",
        num_workers=workers,
    )
