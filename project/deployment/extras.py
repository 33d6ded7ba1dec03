"""Packages that exporting needs and training does not: which to install where one is missing."""

from importlib.util import find_spec

REQUIREMENTS = "requirements-export.txt"
_NEEDED = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "mlflow": ("onnx", "onnxscript", "onnxruntime", "mlflow"),
    "torch-export": (),
    "safetensors": ("safetensors",),
}
FORMATS = tuple(_NEEDED)
PRECISIONS = ("fp32", "fp16", "int8")


def check_installed(format: str) -> None:
    """Refuse a format whose packages are not there; nothing is imported.

    Raises:
        ValueError: one is missing; the message names the file to install.
    """
    missing = [name for name in _NEEDED[format] if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"--format {format} needs {' and '.join(missing)}: pip install -r {REQUIREMENTS}"
        )
