"""The weights alone as safetensors, with all that the net is made of again in `config.json`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from project.deployment.runtimes import Answers
from project.files import read_json
from project.inference.brought import brought, importable
from project.inference.found import Found
from project.inference.predictor import Predictor

NAME, CONFIG = "model.safetensors", "config.json"  # as the model hub calls them
# What of a checkpoint is needed to make the net again, but for its weights; former ones lack the
# last two.
_NEEDED = ("hyperparameters", "task", "classes", "shape", "mean", "std", "dtype", "class_counts")
USE = '''"""The weights in the net of the project, which it needs: python consumer.py PICTURE ..."""
import sys
from pathlib import Path

from project.deployment.weights_file import load

predictor = load(Path(__file__).parent)
for path in sys.argv[1:]:
    (prediction,) = predictor(path)
    print(path, prediction.value, *predictor.task.says(prediction))
'''


def write_weights(state: Mapping[str, Any], metadata: Mapping[str, Any], folder: Path) -> None:
    """Write a checkpoint's weights and configuration.

    Args:
        state: of the checkpoint.
        metadata: of `metadata_of`.
        folder: where.

    Raises:
        OSError: they can't be written.
    """
    from safetensors.torch import save

    # Tied weights share memory, which the format has no word for.
    tensors = {k: v.contiguous().clone() for k, v in state["model"].items()}
    (folder / NAME).write_bytes(save(tensors, {"format": "pt"}))
    classes = list(metadata["classes"])
    config = {
        "architectures": [metadata["model"]],
        "id2label": dict(enumerate(classes)),
        "label2id": {name: i for i, name in enumerate(classes)},
        "num_channels": metadata["channels"],
        "image_size": [metadata["height"], metadata["width"]],
        **metadata,
        # Checkpoints of former versions know no task.
        "task": {"name": metadata["task"]},
        **{key: state[key] for key in _NEEDED if key in state},
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def load(folder: Path, run: Path | None = None, accept_changes: bool = False) -> Predictor:
    """The model of a folder that was written so; its net is this project's own, or a plug's.

    Args:
        folder: with both files.
        run: of which it is, whose `plugs/` hold a net from outside; None: it is importable.
        accept_changes: as of `Predictor.load`.

    Raises:
        ValueError: it holds something else.
        OSError: a file can't be read.
    """
    from safetensors.torch import load_file

    config = read_json(folder / CONFIG, *_NEEDED[:-2])
    state = {key: config[key] for key in _NEEDED if key in config}
    state["model"] = load_file(folder / NAME)
    found = Found(folder / NAME, run)
    with importable(brought(found, state)):
        return Predictor.made(found, state, torch.device("cpu"), accept_changes or run is None)


class ReadBack:
    """The weights read back, in the project's own net.

    Args:
        folder: where they were written.
        run: of which they are.
    """

    name = "the net of this project, with the weights read back"

    def __init__(self, folder: Path, run: Path) -> None:
        exact = load(folder, run, accept_changes=True)  # of which the exported one is, too
        self._predictor = replace(exact, precision="32")

    def __call__(self, images: np.ndarray) -> Answers:
        outputs = self._predictor.outputs(torch.from_numpy(images))
        task = self._predictor.task
        probs, decisions = task.probs(outputs), task.decisions(outputs)
        return probs.numpy(), decisions.numpy()

    def close(self) -> None:
        del self._predictor
