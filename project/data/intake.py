"""How a single picture becomes an image as a model takes it, by the data set's own way of reading.

A data set's file may define `intake(shape, dtype, hparams)`, which gives what reads: it is called
for `shape` `(channels, height, width)` and `dtype`, "uint8" or "float32", as a checkpoint has them.
Where there is none, pictures have the model's size, or are made squares as `--fit` says.
"""

import sys
from dataclasses import dataclass
from typing import IO, Protocol

import numpy as np
from PIL import Image

from project import plugs
from project.data._fit import fitted, fitted_image
from project.data.decoding import decode, opened, upright
from project.data.mask_files import load_array
from project.files.sources import defined
from project.hyperparameters import Hyperparameters

ARRAY = ".npy"


class Intake(Protocol):
    """Reads images; worker processes get a copy of it, so it can be pickled."""

    def read(self, file: IO[bytes], path: str) -> np.ndarray:
        """The image of a file, `(C, H, W)`.

        Raises:
            ValueError: it can't be decoded, or has other channels; the message names `path`.
        """

    def fitted(self, image: np.ndarray, path: str) -> np.ndarray:
        """An image `(C, H, W)` of any size as a model takes it; errors as of `read`."""


@dataclass(frozen=True)
class Squares:
    """RGB squares of `size` pixels a side: see `decode`."""

    size: int
    fit: str

    def read(self, file: IO[bytes], path: str) -> np.ndarray:
        """As of `Intake`; JPEG may be decoded at a part of its size."""
        if path.lower().endswith(ARRAY):
            return self.fitted(channels_first(load_array(file, path), 3, path), path)
        return decode(file, path, self.size, self.fit).pixels

    def fitted(self, image: np.ndarray, path: str) -> np.ndarray:
        """As of `Intake`."""
        checked = _of_bytes(image, path)
        rgb = Image.fromarray(np.ascontiguousarray(checked.transpose(1, 2, 0)))
        square = fitted(rgb, self.size, self.fit, rgb.size)
        return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


@dataclass(frozen=True)
class Whole:
    """Images of any number of channels, at their own size or at the model's.

    Attributes:
        channels: that the model takes: a picture has 1, if it is grey, or 3.
        dtype: "uint8" or "float32".
        size: height and width that an image must have; None: it keeps its own.
        fit: how one of another size is made such a square.
    """

    channels: int
    dtype: str
    size: tuple[int, int] | None
    fit: str

    def read(self, file: IO[bytes], path: str) -> np.ndarray:
        """As of `Intake`."""
        if path.lower().endswith(ARRAY):
            return self.fitted(channels_first(load_array(file, path), self.channels, path), path)
        with opened(file, path) as image:
            pixels = np.asarray(upright(image).rgb)
        return self.fitted(self._of_picture(pixels, path), path)

    def fitted(self, image: np.ndarray, path: str) -> np.ndarray:
        """As of `Intake`."""
        found = image.astype(np.float32, copy=False) if self.dtype == "float32" else image
        found = _finite(found, path) if self.dtype == "float32" else _of_bytes(found, path)
        if self.size is None or found.shape[1:] == self.size:
            return np.ascontiguousarray(found)
        height, width = self.size
        if height != width:
            raise ValueError(
                f"{path} has {found.shape[1]} x {found.shape[2]} pixels (height x width), and the"
                f" model takes {height} x {width}"
            )
        return fitted_image(found, height, self.fit)

    def _of_picture(self, pixels: np.ndarray, path: str) -> np.ndarray:
        is_grey = (pixels == pixels[..., :1]).all() if self.channels == 1 else False
        found = 1 if is_grey else 3
        if found != self.channels:
            why = "save it as grey" if self.channels == 1 else f"give an array ({ARRAY})"
            raise ValueError(
                f"{path} has {found} channels, and the model takes {self.channels}: {why}"
            )
        return pixels.transpose(2, 0, 1)[: self.channels]


def intake_of(
    hparams: Hyperparameters, shape: tuple[int, int, int], dtype: str, any_size: bool
) -> Intake:
    """How the data set of these flags takes images in.

    Args:
        hparams: of the run.
        shape: `(channels, height, width)`.
        dtype: of the images: "uint8" or "float32".
        any_size: whether the model takes images of any height and width.
    """
    if has_own(hparams.data):
        plugs.load("data", hparams.data)
        own = sys.modules[plugs.find("data", hparams.data).module].intake
        return own(shape, dtype, hparams)
    keeps = any_size and hparams.image_size is None
    return Whole(shape[0], dtype, None if keeps else shape[1:], hparams.fit)


def has_own(data: str) -> bool:
    """Whether a data set's file says how single pictures are read; it is not imported for that."""
    try:
        path = plugs.find("data", data).path
    except ValueError:
        return False  # of a data set from outside that is not here
    return "intake" in (defined(path) or ())


def channels_first(array: np.ndarray, channels: int, path: str) -> np.ndarray:
    """An array of one image, `(H, W)`, `(H, W, C)` or `(C, H, W)`, as `(C, H, W)`.

    Where both may be meant, the channels come last, as in pictures.

    Raises:
        ValueError: it has other dimensions or channels; the message names `path`.
    """
    if array.ndim == 2 and channels == 1:
        return array[None]
    if array.ndim == 3 and array.shape[2] == channels:
        return array.transpose(2, 0, 1)
    if array.ndim == 3 and array.shape[0] == channels:
        return array
    raise ValueError(
        f"{path} holds {array.shape}, not (height, width, {channels}) as the model takes it"
    )


def _of_bytes(image: np.ndarray, path: str) -> np.ndarray:
    if image.dtype != np.uint8:
        raise ValueError(f"{path} holds {image.dtype}, and the model takes uint8, 0 to 255")
    return image


def _finite(image: np.ndarray, path: str) -> np.ndarray:
    if not np.isfinite(image).all():
        raise ValueError(f"{path} has numbers that are nan or infinite")
    return image
