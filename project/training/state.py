"""All that training needs to go on exactly as if it had never stopped, taken out and put back."""

from typing import Any

import torch.distributed as dist

from project.training import generators


def capture(solver: Any) -> dict[str, Any]:
    """The state between two steps, as tensors and plain values; every process must call it.

    Args:
        solver: in training, so that it has a trainer and an optimizer.
    """
    scaler = scaler_of(solver)
    return {
        "model": solver.model.state_dict(),
        "optimizer": solver.trainer.optimizers[0].state_dict(),
        "scaler": scaler.state_dict() if scaler is not None else {},
        "rng": _rng_of_all_ranks(solver.trainer.world_size),
        "step": solver.step,
        "train_loss": solver.train_loss,
    }


def restore(solver: Any, state: dict[str, Any]) -> None:
    """Put back what `capture` returned, once the optimizer exists."""
    solver.model.load_state_dict(state["model"])
    solver.trainer.optimizers[0].load_state_dict(state["optimizer"])
    scaler = scaler_of(solver)
    if scaler is not None:
        scaler.load_state_dict(state["scaler"])
    solver.train_loss = state["train_loss"]
    generators.restore(state["rng"][solver.global_rank])


def scaler_of(solver: Any) -> Any:
    """The gradients' scaler, which only 16-mixed has, or None."""
    return getattr(solver.trainer.precision_plugin, "scaler", None)


def _rng_of_all_ranks(world_size: int) -> list[dict[str, Any]]:
    states: list[Any] = [generators.state()] * world_size
    if world_size > 1:
        dist.all_gather_object(states, states[0])
    return states
