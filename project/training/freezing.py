"""`--freeze`: parameters that training leaves as they are, and what is measured in their modules.

A frozen parameter takes no gradient, and no optimizer knows it. A module that has one of its own,
or that the GLOB means by name, stays in evaluation mode while the rest trains: batch norms keep
their running statistics, and nothing is dropped in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from types import MethodType

from torch import nn

from project.training.parts import matches, tensors, unfound

FLAG = "--freeze"
# An attribute of the parameters that the flag has frozen; others a model has frozen itself.
BY_FLAG = "frozen_by_flag"


def problems(names: Iterable[str], globs: Sequence[str], flag: str = FLAG) -> Iterator[str]:
    """A line for each GLOB that means none of the parameters of these names."""
    names = list(names)
    for glob in globs:
        if not any(matches(glob, name) for name in names):
            yield unfound(flag, glob, names)


def freeze(model: nn.Module, globs: Sequence[str]) -> None:
    """Freeze what the GLOBs mean, in place; again, it changes nothing."""
    if not globs:
        return
    still = {
        id(tensor)
        for name, tensor in tensors(model).items()
        if any(matches(glob, name) for glob in globs)
    }
    for parameter in model.parameters():
        if id(parameter) in still and parameter.requires_grad:
            parameter.requires_grad_(False)
            setattr(parameter, BY_FLAG, True)
    for name, module in model.named_modules(remove_duplicate=False):
        own = (*module._parameters.values(), *module._buffers.values())
        named = name and any(matches(glob, name) for glob in globs)
        # By the tensors, too: another block may share them, which no GLOB names.
        if named or any(id(tensor) in still for tensor in own):
            _keep_still(module)


def thawed(model: nn.Module) -> list[str]:
    """The names of the parameters that train where nothing is frozen by the flag."""
    return [n for n, p in model.named_parameters() if p.requires_grad or hasattr(p, BY_FLAG)]


def _keep_still(module: nn.Module) -> None:
    """Let a module be in evaluation mode for good, whoever calls `train` on it or on the model.

    A module frozen through a parameter of its own may hold others that train: these are asked.
    """
    module.train = MethodType(_still, module)
    module.training = False


def _still(module: nn.Module, mode: bool = True) -> nn.Module:
    for child in module.children():
        child.train(mode)
    module.training = False
    return module
