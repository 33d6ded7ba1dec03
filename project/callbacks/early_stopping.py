"""Early stopping: training ends when the monitored score has not improved for some epochs."""

from pytorch_lightning import Callback, LightningModule, Trainer

from project.training.saving import Checkpoints


class EarlyStopping(Callback):
    """Ends training `patience` epochs after the best one; needs no state of its own to be resumed.

    Args:
        patience: epochs without improvement.
        checkpoints: knows the best epoch; must stand before this callback.
    """

    def __init__(self, patience: int, checkpoints: Checkpoints) -> None:
        self.patience, self.checkpoints = patience, checkpoints

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        assert self.checkpoints.best is not None
        if trainer.current_epoch - self.checkpoints.best["epoch"] >= self.patience:
            trainer.should_stop = True
