"""The command line of lightning-hydra-template's style: Hydra composes a config from its parts."""

from dataclasses import dataclass, field

import hydra
import pytorch_lightning
import torch
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig


@dataclass
class Data:
    """The data's part of the config."""

    batch_size: int = 128
    num_workers: int = 0


@dataclass
class Config:
    """The whole."""

    data: Data = field(default_factory=Data)
    learning_rate: float = 1e-3
    seed: int = 0


ConfigStore.instance().store(name="train", node=Config)


@hydra.main(version_base="1.3", config_path=None, config_name="train")
def main(config: DictConfig) -> None:
    """As far as `--help` needs it."""
    pytorch_lightning.seed_everything(config.seed)
    print(torch.rand(config.data.batch_size).mean())


if __name__ == "__main__":
    main()
