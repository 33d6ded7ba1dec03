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
    with quiet():
        torch.export.save(program, path, extra_files={METADATA: json.dumps(dict(metadata))})
