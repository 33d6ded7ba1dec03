"""That a run to go on from has done all that a new one asks for, in words."""

from project.hyperparameters import Hyperparameters


def nothing_left(parent: str, epochs: int, steps: int, hparams: Hyperparameters) -> str | None:
    """Why there is nothing to train, and what to give; None where there may be something.

    Args:
        parent: the run to go on from.
        epochs: that it has completed.
        steps: of the optimizer, likewise.
        hparams: of the new run, whose totals include these.
    """
    if hparams.max_steps is not None and steps >= hparams.max_steps:
        done, give = f"{steps} steps", f"--max-steps {2 * steps}, or --max-steps none"
    elif epochs >= hparams.max_epochs:
        done, give = f"{epochs} epochs", f"--max-epochs {epochs + 10}"
    else:
        return None
    return f"--from {parent}: it has its {done}; give a larger total, its own included: {give}"
