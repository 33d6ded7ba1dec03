"""The graph of a model with what stands around it: images in, probabilities and decisions out."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export

from project.data.normalisation import Normalisation
from project.deployment.refusals import refusal
from project.inference.predictor import Predictor

INPUT, OUTPUTS = "images", ("probs", "decisions")


class Graph(nn.Module):
    """Maps images of the data set's data type to probabilities and decisions.

    Images `(b, C, H, W)` give `(b, n_classes)` float32 and `(b,)` int64; of masks `(b, n_classes,
    H, W)` and `(b, H, W)`. Preparation and normalisation are those of training, the rest the task's
    own.

    Args:
        predictor: on the CPU; computes in float32, whatever the run's precision was.
    """

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.model, self._task = predictor.model, predictor.task
        how = predictor.mean, predictor.std, predictor.dtype, predictor.device
        self._normalised, self._prepared = Normalisation(*how), predictor.preparation

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if self._prepared is not None:
            images = self._prepared(images)
        outputs = self.model(self._normalised(images))
        return self._task.probs(outputs), self._task.decisions(outputs)


def traced(predictor: Predictor) -> tuple[ExportedProgram, bool]:
    """The graph as torch.export takes it, for any number of images.

    Returns:
        It, and whether it takes images of any size.

    Raises:
        ValueError: the net can't be exported; the message names the operator or line, if known.
    """
    anyhow, batch = Dim.DYNAMIC, {0: Dim.DYNAMIC}
    if predictor.task.of_pixels:
        try:
            return _traced(predictor, batch | {2: anyhow, 3: anyhow}), True
        # Whatever it is; the next try tells what it is that can't be exported at any size.
        except Exception:
            pass
    try:
        return _traced(predictor, batch), False
    # torch.export raises anything, with pages of text.
    except Exception as error:
        raise refusal(error, predictor.hparams.model, "torch.export") from error


def _traced(predictor: Predictor, dims: dict[int, object]) -> ExportedProgram:
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, *predictor.shape), generator=source).to(predictor.dtype)
    with torch.no_grad(), quiet():
        return export(Graph(predictor), (images,), dynamic_shapes={INPUT: dims}, strict=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what exporters say of themselves; what goes wrong is raised as well."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
