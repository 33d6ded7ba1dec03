"""Early stopping: training ends when the monitored score has not improved for some epochs."""

from pytorch_lightning import Callback, LightningModule, Trainer

from project.training.saving import Checkpoints


class EarlyStopping(Callback):
    """Ends training `patience` epochs after the best one; needs no state of its own to be resumed.

    Args:
        patience: epochs without improvement.
        checkpoints: knows the best epoch; must stand before this callback.
        begins: the epoch in which a run began that goes on from another one. Where patience was
            at its end there already, it counts anew.
    """

    def __init__(self, patience: int, checkpoints: Checkpoints, begins: int = 0) -> None:
        self.patience, self.checkpoints, self.begins = patience, checkpoints, begins

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        assert self.checkpoints.best is not None
        best, latest = self.checkpoints.best["epoch"], self.begins - 1
        if best <= latest - self.patience:
            best = latest
        if trainer.current_epoch - best >= self.patience:
            trainer.should_stop = True
