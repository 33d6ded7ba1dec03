"""The processes of a run come together before anything is recorded, or one of them says why not."""

import sys

from pytorch_lightning import Trainer

from project.processes import peers
from project.processes.signals import Interrupted, at_once


def gather(trainer: Trainer) -> int | None:
    """Let the processes of a run meet; the exit code where a signal has ended that, or a failure.

    Raises:
        NotMet: they have not met, and this is the process to say it.
        ValueError: a variable is at fault here, and likewise.
    """
    if trainer.world_size == 1:
        return None
    rank = trainer.global_rank
    try:
        with at_once():
            trainer.strategy.setup_environment()  # which Lightning would do, once training begins
        return None
    except Interrupted as signal:
        peers.tell(rank, str(signal))
        number: int | None = signal.number
    except (ValueError, OSError) as error:
        # Also the first process leaves word: the others are still waiting for it.
        told = peers.tell(rank, str(error))
        number = peers.signal_in(str(error))
        if number is None and not (rank and told):
            raise
    if number is None:
        return 2
    print("\ninterrupted before training began; nothing was written", file=sys.stderr)
    return 0 if rank else 128 + number
