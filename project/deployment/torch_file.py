"""The graph as a file of torch.export, which any PyTorch of the same version runs by itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from project.deployment.graph import quiet

NAME = "model.pt2"
METADATA = "metadata.json"


def write_program(program: ExportedProgram, metadata: Mapping[str, Any], path: Path) -> None:
    """Write a graph; `torch.export.load(path, extra_files={"metadata.json": ""})` gives it back.

    Raises:
        OSError: the file can't be written.
    """
    about = {METADATA: json.dumps(dict(metadata))}
    try:
        with quiet(), path.open("wb") as file:
            torch.export.save(program, file, extra_files=about)
    except RuntimeError as error:
        # torch's writer trips over the failed write that is the cause.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise
