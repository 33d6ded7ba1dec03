"""The nets of configs/nets: each is its hand-written twin bit for bit, and scores as it says."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.models import resnet
from project.nets.loading import load
from project.nets.net import Net
from tests.nets import twins
from tests.nets.shipped import FOLDER, stated

HPARAMS = Hyperparameters(width=6, depth=2, hidden_dim=7, dropout=0.3)
# By file: the images' shape, odd where the net takes that, and the twin for it.
TWINS: dict[str, tuple[tuple[int, int, int], Callable[[], nn.Module]]] = {
    "dense": ((2, 9, 8), lambda: twins.Dense(2, 5, 6, 2)),
    "resnet": ((2, 8, 8), lambda: resnet.build((2, 8, 8), 5, HPARAMS)),
    "unet": ((2, 11, 14), lambda: twins.UNet(2, 5, 6, 0.3)),
    "siamese": ((2, 8, 9), lambda: twins.Siamese((2, 8, 9), 5, 6, 7, 0.3)),
    "heads": ((2, 9, 9), lambda: twins.Heads(2, 5, 6)),
}


class Operators(TorchDispatchMode):
    """Notes each operator that runs."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **kwargs or {})


def shipped(name: str, shape: tuple[int, int, int]) -> Net:
    path = FOLDER / f"{name}.yaml"
    return load(path.read_text(), str(path), shape, 5, HPARAMS)


def with_state(module: nn.Module, inputs: Tensor) -> list[nn.Module]:
    """The modules with weights of their own, in the order in which they first run."""
    found: list[nn.Module] = []
    leaves = [m for m in module.modules() if m._parameters or m._buffers]
    handles = [m.register_forward_hook(lambda m, *_: found.append(m)) for m in leaves]
    module(inputs)
    for handle in handles:
        handle.remove()
    return list(dict.fromkeys(found))


@torch.no_grad()
def give_same_weights(net: nn.Module, twin: nn.Module, inputs: Tensor) -> None:
    """Draw all weights and statistics anew, the same for both."""
    pairs = zip(with_state(net, inputs), with_state(twin, inputs), strict=True)
    for ours, theirs in pairs:
        assert type(ours) is type(theirs)
        for name, value in ours.state_dict().items():
            if value.is_floating_point():
                value.copy_(
                    torch.rand_like(value) + 0.5 if "var" in name else torch.randn_like(value)
                )
        theirs.load_state_dict(ours.state_dict())


def trained_step(module: nn.Module, inputs: Tensor) -> tuple[list[Tensor], list[str]]:
    """Outputs, gradients of inputs and weights in their order of use, statistics; operators."""
    order = with_state(module.eval(), inputs)
    inputs = inputs.clone().requires_grad_()
    torch.manual_seed(1)  # of the dropout
    with Operators() as seen:
        outputs = module.train()(inputs)
        outputs.square().sum().backward()
    grads = [p.grad for each in order for p in each._parameters.values() if p is not None]
    statistics = [b for each in order for b in each._buffers.values()]
    with torch.no_grad():
        evaluated = module.eval()(inputs)
    return [outputs, inputs.grad, *grads, *statistics, evaluated], seen.names


def test_each_net_is_its_hand_written_twin_bit_for_bit_and_operator_for_operator() -> None:
    assert TWINS.keys() == {path.stem for path in FOLDER.glob("*.yaml")}
    for name, (shape, twin) in TWINS.items():
        torch.manual_seed(0)
        net, module, inputs = shipped(name, shape), twin(), torch.randn(3, *shape)
        give_same_weights(net, module, inputs)
        ours, operators = trained_step(net, inputs)
        theirs, expected = trained_step(module, inputs)
        assert operators == expected and len(operators) > 20, name
        n_weights = len(list(net.parameters()))
        n_buffers = len(list(net.buffers()))
        assert len(ours) == len(theirs) == 3 + n_weights + n_buffers
        for i, (found, wanted) in enumerate(zip(ours, theirs, strict=True)):
            assert torch.equal(found, wanted), (name, i)
            assert found.dtype == torch.int64 or found.abs().sum() > 0, (name, i)


def test_each_file_says_how_to_run_it_and_what_it_scores() -> None:
    for path in FOLDER.glob("*.yaml"):
        command, score, mean, seeds = stated(path)
        hparams = parse(command, {}).hparams
        assert (hparams.model, hparams.exp_name) == (f"file:configs/nets/{path.name}", path.stem)
        assert score in ("accuracy", "mean_dice") and 0.9 < mean < 1 and len(seeds) > 2
