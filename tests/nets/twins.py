"""The nets of configs/nets as plain PyTorch modules, as one would write them by hand.

That of resnet.yaml is `project/models/resnet.py`.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu


def rectified(before: int, after: int) -> nn.Sequential:
    """A convolution, normalised and rectified."""
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


class Grow(nn.Module):
    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, growth, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([self.conv(relu(self.norm(features))), features], 1)


class Dense(nn.Module):
    def __init__(self, channels: int, n_classes: int, width: int, depth: int) -> None:
        super().__init__()
        growth = width // 2
        widths = [width + i * growth for i in range(depth + 1)]
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.first = nn.Sequential(*(Grow(n, growth) for n in widths[:-1]))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.conv = nn.Conv2d(widths[-1], width, 1)
        self.pool = nn.AvgPool2d(2)
        self.second = nn.Sequential(*(Grow(n, growth) for n in widths[:-1]))
        self.last = nn.BatchNorm2d(widths[-1] + width)
        self.head = nn.Linear(widths[-1] + width, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.stem(images)
        features = self.pool(self.conv(relu(self.norm(self.first(stem)))))
        features = self.second(features)
        small = interpolate(stem, features.shape[2:], mode="bilinear")
        return self.head(relu(self.last(torch.cat([features, small], 1))).mean((2, 3)))


class UNet(nn.Module):
    def __init__(self, channels: int, n_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.large, self.middle = self.two(channels, width), self.two(width, 2 * width)
        self.small = nn.Sequential(*self.two(2 * width, 4 * width), nn.Dropout(dropout))
        self.up_middle = nn.ConvTranspose2d(4 * width, 2 * width, 2, 2)
        self.down_middle = self.two(4 * width, 2 * width)
        self.up_large = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.down_large = self.two(6 * width, width)
        self.head = nn.Conv2d(width, n_classes, 1)

    @staticmethod
    def two(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(rectified(before, after), rectified(after, after))

    def forward(self, images: Tensor) -> Tensor:
        large = self.large(images)
        middle = self.middle(self.pool(large))
        small = self.small(self.pool(middle))
        height, width = middle.shape[2:]
        features = self.up_middle(small)[:, :, :height, :width]
        features = self.down_middle(torch.cat([features, middle], 1))
        height, width = large.shape[2:]
        features = self.up_large(features)[:, :, :height, :width]
        deep = interpolate(small, (height, width), mode="bilinear")
        return self.head(self.down_large(torch.cat([features, large, deep], 1)))


class Siamese(nn.Module):
    def __init__(
        self, shape: tuple[int, int, int], n_classes: int, width: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        channels, rows, columns = shape
        n_features = 2 * width * (rows // 2) * (columns // 2 // 2)
        self.tower = nn.Sequential(
            rectified(channels, width),
            rectified(width, width),
            nn.MaxPool2d(2),
            rectified(width, 2 * width),
            nn.Flatten(),
            nn.Linear(n_features, hidden),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * hidden, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        half = images.shape[3] // 2
        left, right = images.narrow(3, 0, half), images.narrow(3, half, half)
        first, second = self.tower(left), self.tower(right)
        return self.head(self.dropout(torch.cat([(second - first).abs(), first, second], 1)))


class Heads(nn.Module):
    def __init__(self, channels: int, n_classes: int, width: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(rectified(channels, width), rectified(width, width))
        self.pool = nn.MaxPool2d(2)
        self.coarse = nn.Sequential(rectified(width, 2 * width), rectified(2 * width, 2 * width))
        self.early, self.late = nn.Linear(width, n_classes), nn.Linear(2 * width, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        fine = self.fine(images)
        coarse = self.coarse(self.pool(fine))
        early, late = self.early(fine.mean((2, 3))), self.late(coarse.mean((2, 3)))
        return (late + early) / 2
