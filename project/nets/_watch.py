"""What each run of a layer adds to operations and to memory, while a model runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from project.nets.items import Shape
from project.nets.tracing import BATCH, several


class Call(NamedTuple):
    """One call of a layer; numbers are of one image."""

    module: nn.Module
    shapes: tuple[Shape, ...]
    flops: int
    kept: int


class Watch:
    """Notes what each call of a layer costs.

    Args:
        model: whose parameters and buffers are kept anyway.
        layers: of it, none within another.
    """

    def __init__(self, model: nn.Module, layers: Sequence[nn.Module]) -> None:
        self.calls: list[Call] = []
        self.counter = FlopCounterMode(display=False)
        own = [*model.parameters(), *model.buffers()]
        # Tensors without data have no address; what stands for their memory has.
        self._known = {_memory(tensor): tensor for tensor in own}
        self._layers, self._before = layers, (0, 0)
        self.kept = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this is entered, the model is run."""
        hooks = []
        for layer in dict.fromkeys(self._layers):
            hooks.append(layer.register_forward_pre_hook(self._begin))
            hooks.append(layer.register_forward_hook(self._end))
        try:
            with self.counter, saved_tensors_hooks(self._keep, lambda tensor: tensor):
                yield
        finally:
            for hook in hooks:
                hook.remove()

    def _keep(self, tensor: Tensor) -> Tensor:
        if _memory(tensor) not in self._known:
            # Held, so that its memory does not become another's.
            self._known[_memory(tensor)] = tensor
            self.kept += tensor.untyped_storage().nbytes()
        return tensor

    def _begin(self, *_: Any) -> None:
        self._before = self.counter.get_total_flops(), self.kept

    def _end(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        flops, kept = self._before
        tensors = [each for each in several(outputs) or [outputs] if isinstance(each, Tensor)]
        shapes = tuple(tuple(tensor.shape[1:]) for tensor in tensors)
        flops = (self.counter.get_total_flops() - flops) // BATCH
        self.calls.append(Call(module, shapes, flops, (self.kept - kept) // BATCH))


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
