"""The flags that name parts of a model: all mistakes at once, then what they ask for is done."""

from torch import nn

from project.hyperparameters import Hyperparameters
from project.training import freezing, rates, sharing
from project.training.parts import parameters, tensors


def arrange(model: nn.Module, hparams: Hyperparameters) -> None:
    """Share and freeze, in place, what the flags name; of a model with its weights, where it stays.

    Raises:
        ValueError: a name or a GLOB means nothing, or blocks are unlike; a line for each.
    """
    names, scaled = parameters(model), [w.rpartition("=")[0] for w in hparams.learning_rate_scale]
    told = [
        *sharing.problems(tensors(model), hparams.share),
        *freezing.problems(names, hparams.freeze),
        *freezing.problems(names, scaled, rates.FLAG),
    ]
    if told:
        raise ValueError("\n".join(told))
    sharing.share(model, hparams.share)
    freezing.freeze(model, hparams.freeze)
