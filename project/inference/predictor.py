"""A trained model that predicts as its test did, from a checkpoint alone.

predictor = Predictor.load("last")              # a run, or a .pt file
(prediction,) = predictor("cat.jpg")            # or (H, W, 3) uint8, a batch, paths, a tensor
predictor.classes[prediction.value], prediction.confidence, prediction.entropy
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from project import models, tasks
from project.cli.faults import blamed
from project.data.intake import Intake, has_own, intake_of
from project.data.normalisation import Normalisation
from project.hyperparameters import Hyperparameters
from project.inference.arithmetic import as_tested, precision_on, usable
from project.inference.arrays import Arrays, as_images, stacked
from project.inference.brought import Brought, brought, importable
from project.inference.changes import refuse_changed
from project.inference.files import content_of
from project.inference.found import Found, find
from project.inference.settings import settings_of
from project.plugs import answering
from project.run_directory import PLUGS
from project.training import checkpoint
from project.training.digest import digest
from project.training.layout import make_ready
from project.training.weights import load_weights
from project.values import Prediction, Tree
from project.words.names import some

if TYPE_CHECKING:
    from project.recipes.recipe import Preparation

_DTYPES = {"uint8": torch.uint8, "float32": torch.float32}


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model with all that its test did before and after it.

    Attributes:
        task: what its outputs mean.
        classes: names, by number.
        shape: `(channels, height, width)` of an image; of masks, only the channels count.
        dtype: of images: uint8 of 0 to 255, or float32.
        mean, std: that images are normalised by, per channel.
        preparation: what they go through before that, of a recipe; None: nothing.
        hparams: the flags of its data, model and task.
        model: in evaluation mode, on `device`.
        device: where it is.
        precision: of the forward pass: that of the run, where the device has it.
        intake: what reads pictures, and fits arrays, as the data set does.
        weights_hash: of its weights, as the run's outcome has it.
        run_id: None: the file lies in no run.
        data_hash: of all data of the run; None: likewise.
    """

    task: tasks.Task
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    dtype: torch.dtype
    mean: tuple[float, ...]
    std: tuple[float, ...]
    preparation: "Preparation | None"
    hparams: Hyperparameters
    model: nn.Module
    device: torch.device
    precision: str
    intake: Intake
    weights_hash: str
    run_id: str | None = None
    data_hash: str | None = None

    @classmethod
    def load(
        cls,
        source: str | Path,
        *,
        device: str | torch.device = "cpu",
        trust: bool | Callable[[Brought], bool] = False,
        accept_changes: bool = False,
        exp_dir: Path | None = None,
    ) -> Self:
        """The model of a run's best checkpoint, or of a `.pt` file.

        Args:
            source: a run (an id, an unambiguous part of it, its directory, `last`, `best:METRIC`),
                or a file.
            device: where it computes.
            trust: whether code that came with the run from outside the project may be run; or what
                asks a person, unless they have said so before.
            accept_changes: whether the model may be made, and pictures read, by other code of this
                project than the run had.
            exp_dir: the folder of all runs; None: what the environment says, or `experiments`.

        Raises:
            ValueError: there is no such run, checkpoint or device, the model can't be built, code
                came with the run, or the project's has changed; in one line.
            OSError: a file can't be read.
        """
        there, found = usable(device), find(source, exp_dir)
        state = checkpoint.load(found.path)
        code = brought(found, state)
        if code and not (trust is True or code.is_trusted() or (trust and trust(code))):
            raise ValueError(
                f"run {code.run.name} brings code of its own ({some(sorted(code.files))}): look at"
                f" it in {code.run / PLUGS}, then trust it: a terminal is asked, or --trust,"
                " trust=True"
            )
        with importable(code):
            return cls.made(found, state, there, accept_changes)

    @classmethod
    def made(
        cls, found: Found, state: Mapping[str, Any], device: torch.device, accept: bool = False
    ) -> Self:
        """The model of what a checkpoint says; its code can be imported. Errors as of `load`."""
        hparams = settings_of(state, found.path)
        if not accept:
            parts = answering.parts(hparams.model, str(hparams.task), hparams.recipe)
            refuse_changed(found, state, parts)
        shape, classes = tuple(state["shape"]), tuple(state["classes"])
        there = _known(hparams, state)
        task = tasks.build(str(hparams.task), there, None, hparams.data)
        # What draws random numbers in a person's program draws the same ones after this.
        with torch.random.fork_rng(devices=[]), blamed("model", hparams.model):
            model = models.build(shape, task.n_outputs, hparams, there | {"task": task})
        load_weights(model, state, found.path)
        make_ready(model, device, hparams)
        dtype, any_size = state.get("dtype", "uint8"), task.of_pixels
        return cls(
            task=task,
            classes=classes,
            shape=tuple(state.get("taken", shape)),
            dtype=_DTYPES[dtype],
            mean=tuple(state["mean"]),
            std=tuple(state["std"]),
            preparation=_preparation(hparams.recipe),
            hparams=hparams,
            model=model.eval(),
            device=device,
            precision=precision_on(hparams, device),
            intake=_intake(found, state, hparams, any_size, accept),
            weights_hash=digest(state["model"]),
            run_id=found.run.name if found.run else None,
            data_hash=found.record["data"]["hash"] if found.record else None,
        )

    def normalised(self, images: Tensor) -> Tensor:
        """Images `(n, C, H, W)` of `dtype` as the model's inputs, float32 on the device."""
        there = images.to(self.device).contiguous()
        if self.preparation is not None:
            there = self.preparation(there)
        return Normalisation(self.mean, self.std, self.dtype, self.device)(there)

    def outputs(self, images: Tensor) -> Tree:
        """The model's outputs of images `(n, C, H, W)`, as the test takes them.

        Raises:
            ValueError: the images are of another data type, or have other channels or another
                size.
        """
        self._check(images)
        with as_tested(self.device, self.precision, self.hparams.deterministic):
            return self.task.infer(self.model, self.normalised(images))

    def probs(self, images: Tensor) -> Tensor:
        """The probability of each class, `(n, n_classes)` or, of pixels, `(n, n_classes, H, W)`.

        Raises:
            ValueError: as of `outputs`, or the task has no probabilities.
        """
        found = self.task.probs(self.outputs(images))
        if found is None:
            raise ValueError(f"task {self.task.name} has no probabilities")
        return found

    def __call__(
        self, images: Arrays | str | Path | Sequence[str | Path], *, bgr: bool = False
    ) -> list[Prediction]:
        """What the model says of each image.

        Args:
            images: a tensor `(n, C, H, W)` or `(C, H, W)` as the model takes it; arrays of any
                height and width as Pillow and OpenCV have them: `(H, W, C)`, `(H, W)` of grey,
                `(n, H, W, C)`, or a list of such; or paths of files.
            bgr: whether the channels of arrays are in OpenCV's order, blue first.

        Raises:
            ValueError: as of `outputs`, or a file is no image.
            OSError: a file can't be read.
        """
        if isinstance(images, (str, Path)):
            images = [images]
        if not isinstance(images, Tensor) and len(images) and isinstance(images[0], (str, Path)):
            batch = self.read(images)
        else:
            batch = self.taken(images, bgr=bgr)
        return self.task.decode(self.outputs(batch))

    def read(self, paths: Sequence[str | Path]) -> Tensor:
        """The images of files, `(n, C, H, W)`: decoded, upright and resized as the data set's.

        Raises:
            ValueError: one is no image, or has other channels; or they are of other sizes, and the
                model takes any.
            OSError: one can't be read.
        """
        each = [self.intake.read(content_of(path), str(path)) for path in paths]
        return torch.from_numpy(stacked(each))

    def taken(self, images: Arrays, *, bgr: bool = False) -> Tensor:
        """Arrays of any height and width as the model takes them; see `__call__`."""
        batch = as_images(images, self.shape[0], self.dtype, bgr)
        if isinstance(images, Tensor) or batch.shape[1:] == self.shape:
            return batch
        each = [self.intake.fitted(image, "the image") for image in batch.numpy()]
        return torch.from_numpy(stacked(each))

    def _check(self, images: Tensor) -> None:
        if images.ndim != 4:
            raise ValueError(f"images are {tuple(images.shape)}, not (n, channels, height, width)")
        if images.dtype != self.dtype:
            raise ValueError(f"images are {images.dtype}, and the model takes {self.dtype}")
        n_sides = 1 if self.task.of_pixels else 3
        found, due = tuple(images.shape[1:]), self.shape
        if found[:n_sides] != due[:n_sides]:
            raise ValueError(
                f"images are {found}, channels, height and width, and the model takes {due}"
            )


def _intake(
    found: Found, state: Mapping[str, Any], hparams: Hyperparameters, any_size: bool, accept: bool
) -> Intake:
    """What reads as the data set does; of one that reads no files, as today's code does."""
    if not accept and has_own(hparams.data):
        refuse_changed(found, state, answering.reading())
    shape = tuple(state.get("taken", state["shape"]))
    return intake_of(hparams, shape, state.get("dtype", "uint8"), any_size)


def _preparation(recipe: str | None) -> "Preparation | None":
    if recipe is None:
        return None
    from project.recipes.recipe import made  # which models without a recipe need not pay

    return made(recipe).preparation


def _known(hparams: Hyperparameters, state: Mapping[str, Any]) -> dict[str, Any]:
    """What a task or a model may ask for, as when it was trained."""
    classes = tuple(state["classes"])
    return {
        "hparams": hparams,
        "shape": tuple(state["shape"]),
        "classes": classes,
        "n_classes": len(classes),
        "class_counts": torch.tensor(state.get("class_counts", [0] * len(classes))),
    }
