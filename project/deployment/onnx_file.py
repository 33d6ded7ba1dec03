"""The graph as an ONNX file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from project.deployment.graph import INPUT, OUTPUTS, quiet
from project.deployment.metadata import as_texts
from project.deployment.refusals import refusal

NAME = "model.onnx"
# A file of protobuf holds 2 GiB; larger weights lie beside it.
LARGEST = 1_800_000_000


def write_onnx(
    program: ExportedProgram, metadata: Mapping[str, Any], path: Path, any_size: bool
) -> None:
    """Write a graph, with what it says of itself.

    Args:
        program: of `traced`.
        metadata: of `metadata_of`.
        path: of the file; large weights are put beside it, into `model.onnx.data`.
        any_size: whether it takes images of any size.

    Raises:
        ValueError: an operator of the net can't be written; the message names it.
        OSError: the file can't be written.
    """
    try:
        with quiet(), torch.no_grad():
            made = torch.onnx.export(
                program, dynamo=True, input_names=[INPUT], output_names=list(OUTPUTS), verbose=False
            )
    # It raises anything, with pages of text.
    except Exception as error:
        raise refusal(error, str(metadata["model"]), "torch.onnx") from error
    assert made is not None
    made.model.metadata_props.update(as_texts(metadata))
    _name_dimensions(made.model, any_size)
    size = sum(t.numel() * t.element_size() for t in program.state_dict.values())
    made.save(path, external_data=size > LARGEST)


def _name_dimensions(model: Any, any_size: bool) -> None:
    """Call what may be of any length by what it is: n images of h x w pixels."""
    names = {0: "n"} | ({2: "h", 3: "w"} if any_size else {})
    images, (probs, decisions) = model.graph.inputs[0], model.graph.outputs
    for value, given in ((images, names), (probs, names), (decisions, {})):
        given = given or {max(i - 1, 0): name for i, name in names.items()}
        value.shape = type(value.shape)([given.get(i, d) for i, d in enumerate(value.shape.dims)])
