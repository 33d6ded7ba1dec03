"""How several processes train one model: Lightning's strategy, without the network where it can."""

import os
import sys
from datetime import timedelta

import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor
from torch.distributed import GradBucket
from torch.futures import Future

from project.models import BatchNorm2d
from project.rendezvous import Meeting, meet
from project.shared_memory import SharedMemory, is_possible

# Far longer than a process waits for another that lives, and shorter than torch's 30 minutes: what
# is not gone but hangs is noticed only then.
TIMEOUT = timedelta(minutes=10)


class Processes(DDPStrategy):
    """DistributedDataParallel; processes of one machine's CPUs sum gradients in shared memory."""

    def __init__(self, meeting_seconds: float) -> None:
        """
        Args:
            meeting_seconds: how long all may take to come together.
        """
        # The gradients are where they are summed: not copied back, and not kept twice.
        super().__init__(timeout=TIMEOUT, gradient_as_bucket_view=True)
        self._memory: SharedMemory | None = None
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

    def configure_ddp(self) -> None:
        """Wrap the model, and choose the sums' way: here, the processes have met."""
        super().configure_ddp()
        if self.root_device.type == "cpu" and self.num_nodes == 1 and is_possible():
            try:
                memory = SharedMemory(TIMEOUT)
            except OSError as error:
                if self.is_global_zero:
                    note = f"note: the processes share no memory, and are slower by that: {error}"
                    print(note, file=sys.stderr)
                return
            self.model.register_comm_hook(memory, _average)
            self._memory, self._usual = memory, BatchNorm2d.gather
            BatchNorm2d.gather = staticmethod(memory.gather)

    def teardown(self) -> None:
        """The others need not wait for this process any more."""
        if self._memory is not None:
            self._memory.leave()
            self._memory, BatchNorm2d.gather = None, staticmethod(self._usual)
        super().teardown()


def _average(memory: SharedMemory, bucket: GradBucket) -> Future[Tensor]:
    gradients = bucket.buffer()
    memory.sum_(gradients)
    gradients /= dist.get_world_size()
    done: Future[Tensor] = Future()
    done.set_result(gradients)
    return done
