"""`--learning-rate-scale` and `--layer-decay`: groups of parameters with rates of their own.

Without these flags, and without `--freeze`, the optimizer has the one group that it was made with,
and checkpoints are laid out as ever. With them each group says what it holds, by name, so that a
run which freezes or scales otherwise can take the optimizer's state over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from project.hyperparameters import Hyperparameters
from project.training.freezing import thawed
from project.training.parts import matches, parameters
from project.words.names import some

FLAG = "--learning-rate-scale"
# Of a group: the factor of the schedule's rate, that rate, and the names of its parameters.
SCALE, RATE, NAMES = "learning_rate_scale", "learning_rate", "names"


def divide(optimizer: Optimizer, model: nn.Module, hparams: Hyperparameters) -> Optimizer:
    """Give an optimizer that has no state yet the groups that the flags ask for, in place."""
    if not (hparams.learning_rate_scale or hparams.layer_decay or hparams.freeze):
        return optimizer
    names = {id(p): name for name, p in model.named_parameters()}
    scales = scales_of(model, hparams)
    groups: list[dict[str, Any]] = []
    for group in optimizer.param_groups:
        parts: dict[float, list[Tensor]] = {}
        for parameter in group["params"]:
            parts.setdefault(scales[names[id(parameter)]], []).append(parameter)
        for scale, own in parts.items():
            more = {SCALE: scale, RATE: group["lr"], NAMES: [names[id(p)] for p in own]}
            groups.append(group | more | {"params": own, "lr": group["lr"] * scale})
    optimizer.param_groups[:] = groups
    return optimizer


def scales_of(model: nn.Module, hparams: Hyperparameters) -> dict[str, float]:
    """The factor of the learning rate of each parameter, by its name.

    That of the last GLOB which means it, times that of its layer: `layer_decay` to the power of how
    many layers come after it (Clark et al. 2020, https://arxiv.org/abs/2003.10555, section 3.2).
    """
    by_layer = _decayed(model, hparams.layer_decay)
    aliases: dict[int, list[str]] = {}
    for name, parameter in parameters(model).items():
        aliases.setdefault(id(parameter), []).append(name)
    found = {}
    for name, parameter in model.named_parameters():
        scale = 1.0
        for glob, _, factor in (word.rpartition("=") for word in hparams.learning_rate_scale):
            if any(matches(glob, alias) for alias in aliases[id(parameter)]):
                scale = float(factor)
        found[name] = scale * by_layer.get(name, 1.0)
    return found


def lines(model: nn.Module, hparams: Hyperparameters) -> Iterator[str]:
    """A line for each factor of the learning rate, with what it is of; none where all are 1."""
    if not (hparams.learning_rate_scale or hparams.layer_decay):
        return
    by_scale: dict[float, list[str]] = {}
    scales = scales_of(model, hparams)
    for name in (name for name, p in model.named_parameters() if p.requires_grad):
        by_scale.setdefault(scales[name], []).append(name)
    for scale, names in sorted(by_scale.items()):
        yield f"learning rate x {scale:.3g}: {some(names, 3)}"


def _decayed(model: nn.Module, decay: float | None) -> dict[str, float]:
    if decay is None:
        return {}
    found = layers(model)
    return {n: decay ** (len(found) - 1 - i) for i, names in enumerate(found) for n in names}


def layers(model: nn.Module) -> list[list[str]]:
    """The names of the parameters of each layer, from the model's first to its last.

    A layer is a part with a number of its own, `blocks.0` of `blocks.0.3.weight`; if nothing on the
    way is a number, one whose name ends with one, `stage2`; otherwise the outermost module. One
    that has vectors alone, such as a norm, belongs to the layer before it.
    """
    found: dict[str, list[str]] = {}
    last = None
    for name, parameter in model.named_parameters():
        key = _layer(name)
        if key not in found and parameter.ndim < 2 and last is not None:
            key = last
        found.setdefault(key, []).append(name)
        last = key
    return list(found.values())


def _layer(name: str) -> str:
    *path, own = name.split(".")
    for pattern in (r"\d+", r".*\d"):
        for i, part in enumerate(path):
            if re.fullmatch(pattern, part):
                return ".".join(path[: i + 1])
    return path[0] if path else own


def fitted(kept: Mapping[str, Any], optimizer: Optimizer, model: nn.Module) -> Mapping[str, Any]:
    """A kept optimizer's state in the groups of this one; as it is where they are the same.

    What is known of a parameter goes with its name. One that was frozen begins without a state.

    Args:
        kept: as of `Optimizer.state_dict`.
        optimizer: of the model, as `divide` has left it.
        model: with all its parameters, frozen ones too.
    """
    own = optimizer.state_dict()["param_groups"]
    former = kept["param_groups"]
    if [group.get(NAMES) for group in own] == [group.get(NAMES) for group in former]:
        if all(now.get(SCALE) == then.get(SCALE) for now, then in zip(own, former, strict=True)):
            return kept
    number_of = {name: number for group in former for name, number in _numbered(group, model)}
    state = {
        number: kept["state"][number_of[name]]
        for group in own
        for name, number in _numbered(group, model)
        if number_of.get(name) in kept["state"]
    }
    return {"state": state, "param_groups": own}


def _numbered(group: Mapping[str, Any], model: nn.Module) -> Iterator[tuple[str, int]]:
    """Name and number of each parameter of a group; one without names has all that can train."""
    return zip(group.get(NAMES) or thawed(model), group["params"], strict=True)
