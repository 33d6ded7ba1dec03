"""A file's mask as classes: palettes' indices, values or colours, each as a coding says."""

from typing import IO

import numpy as np
from PIL import Image, ImageOps

from project.data.coding import FILES, LARGEST, UNKNOWN, Coding, packed
from project.data.decoding import opened

_SAVE = "save it as PNG, with 8 or 16 bits of grey or a palette"


def read_mask(file: IO[bytes], path: str, colours: bool = False) -> np.ndarray:
    """What stands in a file: values `(H, W)` in 0..65535, or colours `(H, W, 3)` uint8.

    Of a palette the indices are taken, of grey pictures the values as they are, of `.npy` whole
    numbers. A picture with colours whose three are equal everywhere is a grey one.

    Args:
        file: its content.
        path: its name.
        colours: whether colours are wanted of grey pictures and palettes too.

    Raises:
        ValueError: it is no mask; the message names `path`.
    """
    if path.lower().endswith(".npy"):
        found = _flat(load_array(file, path))
    else:
        with opened(file, path) as image:
            is_deep = image.mode == "RGB" and ";16" in str(image.tile[:1])
            if is_deep:
                raise ValueError(
                    f"the mask {path} has 16 bits a colour, of which 8 are read; {_SAVE}"
                )
            found = _pixels(ImageOps.exif_transpose(image), path, colours)
    if found.ndim == 2:
        found = _whole(found, path, 255 if colours else LARGEST)
        return np.stack([found.astype(np.uint8)] * 3, 2) if colours else found
    if found.ndim != 3 or found.shape[2] != 3 or found.dtype != np.uint8:
        raise ValueError(f"the mask {path} is {found.shape} {found.dtype}, not (height, width)")
    is_grey = not colours and (found == found[..., :1]).all()
    return found[..., 0] if is_grey else found


def load_array(file: IO[bytes], path: str) -> np.ndarray:
    """The array of a `.npy` file.

    Raises:
        ValueError: it is none, or of other things than numbers; the message names `path`.
    """
    try:
        found = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        why = " ".join(str(error).split())
        raise ValueError(f"can't read {path} as .npy: {why}; repair or remove it") from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "buif":
        kind = getattr(found, "dtype", type(found).__name__)
        raise ValueError(f"{path} holds {kind}, no array of real numbers; save it with numpy.save")
    return found


def _pixels(image: Image.Image, path: str, colours: bool) -> np.ndarray:
    if image.mode in ("LA", "PA", "RGBA"):
        if image.getchannel("A").getextrema()[0] < 255:
            raise ValueError(f"the mask {path} has transparent parts, which are no class; {_SAVE}")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode == "P" and colours:
        image = image.convert("RGB")
    if image.mode in ("1", "L", "P", "RGB", "F") or image.mode.startswith("I"):
        return np.asarray(image)
    raise ValueError(f"the mask {path} is a picture of mode {image.mode}; {_SAVE}")


def _flat(found: np.ndarray) -> np.ndarray:
    """Without the dimension of a single channel, if it has one."""
    if found.ndim == 3 and found.shape[0] == 1:
        return found[0]
    return found[..., 0] if found.ndim == 3 and found.shape[2] == 1 else found


def _whole(values: np.ndarray, path: str, largest: int) -> np.ndarray:
    if values.dtype.kind == "f" and not (values == np.rint(values)).all():
        raise ValueError(f"the mask {path} holds fractions; its values must be whole numbers")
    if values.size and not 0 <= values.min() <= values.max() <= largest:
        odd = values.min() if values.min() < 0 else values.max()
        raise ValueError(f"the mask {path} has the value {odd:g}, not 0 to {largest}; change it")
    return values.astype({"b": np.uint8, "f": np.int64}.get(values.dtype.kind, values.dtype))


def coded(found: np.ndarray, coding: Coding, path: str) -> np.ndarray:
    """Classes `(H, W)` uint8 of what `read_mask` found; IGNORED is what counts nowhere.

    Raises:
        ValueError: a value or colour is unknown; the message names it and `path`.
    """
    is_colour = found.ndim == 3
    if is_colour and not coding.is_of_colours:
        raise ValueError(
            f"the mask {path} has colours, as {_first_colour(found)}; say in {FILES[0]} in the data"
            ' folder what they mean ({"0,0,0": "ground", "128,0,64": "tree"; null: ignored})'
        )
    codes = packed(found) if is_colour else found.astype(np.int64, copy=False)
    classes = coding.table[codes]
    unknown = classes == UNKNOWN
    if unknown.any():
        which = found[unknown][0]
        told = f"colour {','.join(map(str, which))}" if is_colour else f"value {int(which)}"
        if coding.source:
            why = f"which {coding.source} does not name; name it there (null: ignored)"
        else:
            why = f"which no training mask has; name it in {FILES[0]}, or correct the mask"
        raise ValueError(f"the mask {path} has the {told}, {why}")
    return classes


def _first_colour(found: np.ndarray) -> str:
    rows = found.reshape(-1, 3)
    odd = (rows != rows[:, :1]).any(1)
    return ",".join(map(str, rows[odd.argmax()]))
