"""How several processes train one model: Lightning's strategy, once they have met."""

import os
from datetime import timedelta

import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy

from project.processes.rendezvous import Meeting, meet

# Far longer than a process waits for another that lives, and shorter than torch's 30 minutes: what
# is not gone but hangs is noticed only then.
TIMEOUT = timedelta(minutes=10)


class Processes(DDPStrategy):
    """DistributedDataParallel, whose processes meet within a bound and with words."""

    def __init__(self, meeting_seconds: float) -> None:
        """
        Args:
            meeting_seconds: how long all may take to come together.
        """
        # The gradients are where they are summed: not copied back, and not kept twice.
        super().__init__(timeout=TIMEOUT, gradient_as_bucket_view=True)
        self._meeting_seconds = meeting_seconds

    def setup_distributed(self) -> None:
        """Meet the other processes, unless they have met already.

        Raises:
            NotMet: they have not come in time, or an address was not reached.
        """
        self.set_world_ranks()
        if not dist.is_initialized():
            where = self.cluster_environment
            os.environ["MASTER_ADDR"] = where.main_address
            os.environ["MASTER_PORT"] = str(where.main_port)
            meeting = Meeting(
                self.global_rank,
                self.world_size,
                self.num_nodes,
                self._get_process_group_backend(),
                (where.main_address, where.main_port),
                self._meeting_seconds,
            )
            on_gpu = self.root_device.type == "cuda"
            meet(meeting, TIMEOUT, self.root_device if on_gpu else None)
        # Finds what is there, and does the rest.
        super().setup_distributed()
