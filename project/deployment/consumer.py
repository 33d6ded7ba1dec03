"""The text of `consumer.py`, which lies beside an exported file and uses it without this project.

It reads pictures as the data set does: decoded, upright, on white, of the net's size by Pillow.
"""

from typing import NamedTuple

from project.data.intake import Squares, Whole
from project.inference.predictor import Predictor
from project.words.returned import dtype_name

NAME = "consumer.py"
MOST_LINES = 20
_BILINEAR = "Image.Resampling.BILINEAR"
PAD = "pad"
# The bars must not depend on the size at which a JPEG is decoded.
_OPEN_PADDED = "image, whole = Image.open(path), ImageOps.exif_transpose(Image.open(path)).size"
_EIGHT_BITS = (
    'image = Image.fromarray((np.asarray(image) >> 8).astype("u1"))'
    ' if image.mode[0] == "I" else image'
)


class Use(NamedTuple):
    """How a format is used.

    Attributes:
        needs: packages, for people.
        imports: lines.
        load: lines that give `classes` and what answers.
        answer: an expression of `images` that gives probabilities and decisions, as NumPy arrays.
    """

    needs: str
    imports: tuple[str, ...]
    load: tuple[str, ...]
    answer: str


ONNX = Use(
    "onnxruntime",
    ("import json", "import sys", "import numpy as np", "import onnxruntime"),
    (
        'session = onnxruntime.InferenceSession(__file__.replace("consumer.py", "model.onnx"))',
        'classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])',
    ),
    'session.run(None, {"images": images})',
)
TORCH = Use(
    "torch",
    ("import json", "import sys", "import numpy as np", "import torch"),
    (
        'file, extra = __file__.replace("consumer.py", "model.pt2"), {"metadata.json": ""}',
        "program, classes = torch.export.load(file, extra_files=extra),"
        ' json.loads(extra["metadata.json"])["classes"]',
    ),
    "(x.detach().numpy() for x in program.module()(torch.from_numpy(images.copy())))",
)
MLFLOW = Use(
    "mlflow and onnxruntime",
    ("import sys", "import mlflow", "import numpy as np"),
    (
        'model = mlflow.pyfunc.load_model(__file__.replace("consumer.py", "model"))',
        'classes = model.metadata.metadata["classes"]',
    ),
    "model.predict(images).values()",
)


def consumer(use: Use, predictor: Predictor) -> str:
    """The program: `python consumer.py PICTURE ...` prints a line for each.

    Args:
        use: of the format.
        predictor: says how pictures are read, and what is answered.
    """
    reading = _reading(predictor)
    pillow = any("Image" in line for line in reading) or predictor.task.of_pixels
    imports = [*use.imports, *(["from PIL import Image, ImageOps"] if pillow else [])]
    needs = f"numpy, {'Pillow, ' * pillow}{use.needs}"
    lines = [
        f'"""Decides on pictures: python consumer.py PICTURE ... (needs {needs})."""',
        *imports,
        *use.load,
        "for path in sys.argv[1:]:",
        *(f"    {line}" for line in reading),
        f"    probs, decisions = {use.answer}",
        *(f"    {line}" for line in _telling(predictor)),
    ]
    return "\n".join(lines) + "\n"


def _reading(predictor: Predictor) -> list[str]:
    """Lines that make `images` `(1, C, H, W)` of the picture at `path`."""
    how, channels, kind = predictor.intake, predictor.shape[0], dtype_name(predictor.dtype)
    if kind != "uint8" or channels not in (1, 3) or not isinstance(how, Squares | Whole):
        return [f'images = np.load(path)[None].astype("{kind}")  # (1, {channels}, height, width)']
    draft, size = [], how.size
    if isinstance(how, Squares):
        # JPEG is decoded at a part of its size, where that is enough.
        draft, size = [f'image.draft("RGB", ({2 * how.size}, {2 * how.size}))'], (how.size,) * 2
    return [
        _OPEN_PADDED if size and how.fit == PAD else "image = Image.open(path)",
        *draft,
        "image = ImageOps.exif_transpose(image)",
        _EIGHT_BITS,
        'rgba = image.convert("RGBA")',
        'rgb = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")',
        *(_fitting(how.fit, size[0]) if size and size[0] == size[1] else []),
        f"images = np.asarray(rgb).transpose(2, 0, 1)[None, :{channels}]",
    ]


def _fitting(fit: str, size: int) -> list[str]:
    """Lines that make `rgb` a square, as `--fit` says."""
    if fit == "crop":
        return [f"rgb = ImageOps.fit(rgb, ({size}, {size}), {_BILINEAR})"]
    if fit == "squeeze":
        return [f"rgb = rgb.resize(({size}, {size}), {_BILINEAR})"]
    longer, ends = "max(whole)", (1 - size, size + 1)  # the middle of black bars
    return [
        f"size = [max(1, ({2 * size} * side + {longer}) // (2 * {longer})) for side in whole]",
        f"rgb = rgb.resize(size, {_BILINEAR}).crop([(s + k) // 2 for k in {ends} for s in size])",
    ]


def _telling(predictor: Predictor) -> list[str]:
    if predictor.task.of_pixels:
        return [
            'Image.fromarray(decisions[0].astype(np.uint8)).save(f"{path}.mask.png")',
            'print(path, f"{path}.mask.png", {classes[i] for i in np.unique(decisions)})',
        ]
    return ['print(path, classes[decisions[0]], f"{probs.max():.4f}", sep="\\t")']
