"""Lightning's Trainer, set up from the hyperparameters."""

import logging
import os
import warnings

import torch
from lightning_fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from project.hyperparameters import Hyperparameters
from project.processes.launch import n_local
from project.processes.place import SRUN, TORCHRUN, place
from project.processes.strategy import Processes


def make_trainer(hparams: Hyperparameters) -> Trainer:
    """A Trainer without callbacks and loggers; nothing of Lightning's own is printed or saved.

    Raises:
        ValueError: there are no such devices, or the precision isn't possible on them.
    """
    _quieten()
    several = hparams.nodes * n_local(hparams) > 1
    try:
        trainer = Trainer(
            accelerator=hparams.accelerator,
            devices=int(hparams.devices) if hparams.devices.isdecimal() else hparams.devices,
            num_nodes=hparams.nodes,
            strategy=Processes(hparams.rendezvous_timeout) if several else "auto",
            plugins=[_environment()],
            # Elsewhere our own BatchNorm2d does it: torch's is for GPUs.
            sync_batchnorm=several and hparams.accelerator != "cpu" and torch.cuda.is_available(),
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
            f"--accelerator {hparams.accelerator} --devices {hparams.devices}:"
            f" {' '.join(str(error).split())}"
        ) from error
    if hparams.precision == "16-mixed" and trainer.strategy.root_device.type == "cpu":
        raise ValueError("--precision 16-mixed needs a GPU; use bf16-mixed")
    if trainer.strategy.root_device.type == "cpu":
        # Lightning sets it, and every optimizer step then searches the disk for NVIDIA's library.
        os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
    return trainer


def _environment() -> ClusterEnvironment:
    """Where the process finds its peers; chosen here, so that it is what `place` has settled."""
    launcher = place().launcher
    if launcher == TORCHRUN:
        return TorchElasticEnvironment()
    # Its automatic requeueing would save and restart runs in Lightning's way.
    return SLURMEnvironment(auto_requeue=False) if launcher == SRUN else LightningEnvironment()


def _quieten() -> None:
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # Lightning recommends its own loaders, loggers and step counts, none of which are used here.
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
