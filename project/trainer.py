"""Lightning's Trainer, set up from the hyperparameters."""

import logging
import os
import warnings

from pytorch_lightning import Trainer
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from project.hyperparameters import Hyperparameters


def make_trainer(hparams: Hyperparameters) -> Trainer:
    """A Trainer without callbacks and loggers; nothing of Lightning's own is printed or saved.

    Raises:
        ValueError: there are no such devices, or the precision isn't possible on them.
    """
    _quieten()
    try:
        trainer = Trainer(
            accelerator=hparams.accelerator,
            devices=int(hparams.devices) if hparams.devices.isdecimal() else hparams.devices,
            num_nodes=hparams.nodes,
            strategy=hparams.strategy,
            precision={"32": "32-true"}.get(hparams.precision, hparams.precision),
            deterministic=hparams.deterministic,
            max_epochs=hparams.max_epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
        )
    # A TypeError is what a list of devices gets where they have no indices, on a CPU.
    except (MisconfigurationException, RuntimeError, TypeError) as error:
        raise ValueError(
            f"--accelerator {hparams.accelerator} --devices {hparams.devices}"
            f" --strategy {hparams.strategy}: {' '.join(str(error).split())}"
        ) from error
    if hparams.precision == "16-mixed" and trainer.strategy.root_device.type == "cpu":
        raise ValueError("--precision 16-mixed needs a GPU; use bf16-mixed")
    if trainer.strategy.root_device.type == "cpu":
        # Lightning sets it, and every optimizer step then searches the disk for NVIDIA's library.
        os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
    return trainer


def _quieten() -> None:
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # Lightning recommends its own loaders, loggers and step counts, none of which are used here.
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
