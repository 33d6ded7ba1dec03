"""Model, loss and metrics take made-up samples before a run is opened: faults come first."""

from functools import partial
from typing import Any

from pytorch_lightning import Trainer
from torch import nn

from project import losses, metrics, models, plugs, tasks
from project.cli.faults import blamed, fault
from project.hyperparameters import Hyperparameters
from project.plugs.handing import made
from project.training.blank_scores import Shown, try_metrics
from project.training.rehearsal import Rehearsal


def measure(there: dict[str, Any]) -> tuple[metrics.Collection, dict[str, Shown]]:
    """All metrics, and the scores of a person's own ones, which have shown that they can score.

    Args:
        there: what they may ask for.

    Raises:
        ValueError: one of them is no metric, or can't score; names the place.
    """
    task, further = there["task"], plugs.load_outside("metric", there["hparams"].metric)
    for name, family in further.items():
        if not (isinstance(family, type) and issubclass(family, metrics.Metric)):
            raise fault("metric", name, "is no subclass of project.metrics.Metric")
    with blamed("metric", *further):
        make = partial(made, "metric", there=there)
        measured = task.metrics(further, make)
    names = {family: name for name, family in further.items()}
    targets = task.blank_targets(min(there["n_classes"], task.n_blank))
    blank = task.blank_outputs(targets), targets
    found = try_metrics(measured.metrics, names, blank, there["n_classes"])
    return measured, {name: score for own in found.values() for name, score in own.items()}


def try_out(
    model: nn.Module,
    loss: losses.Objective,
    task: tasks.Task,
    trainer: Trainer,
    hparams: Hyperparameters,
) -> tuple[str, tuple[str, ...]]:
    """Let model and loss take a few made-up images.

    Returns:
        The table of the model's layers, and the names of the loss's terms.

    Raises:
        ValueError: a person's own model or loss does something wrong; names the place.
    """
    layers = models.Layers(model)
    rehearsal = Rehearsal(
        model,
        loss,
        {term.plug: function for term, function in loss.parts},
        hparams.model,
        task,
        trainer.strategy.root_device,
        trainer.precision_plugin.forward_context,
        several=trainer.world_size > 1,
    )
    terms = rehearsal(training=not hparams.only_test, watched=layers)
    return layers.table(), terms
