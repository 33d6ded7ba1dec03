"""The software that a run computes with: which other versions and variables change its results."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from project.provenance.environment_changes import Difference, differing

# The rest of the environment is the machine's.
PARTS = ("python", "implementation", "packages", "variables")
# Packages that compute, beside those that the run's own sources import, ...
_COMPUTING = re.compile(
    r"torch.*|pytorch-lightning|lightning.*|triton.*|nvidia-.*|numpy|scipy|scikit-learn"
    r"|pillow.*|mkl.*|intel-openmp|onednn.*|openblas.*"
)
# ... but for these, which hash, write, send and show.
_TELLING = {"blake3", "matplotlib", "rich", "pyyaml", "python-dotenv", "tensorboard", "psutil"}
_TELLING |= {"torchinfo", "torchsummary", "torchviz", "torch-tb-profiler", "nvidia-ml-py"}
_TELLING |= {"mlflow", "mlflow-skinny", "mlflow-tracing", "neptune", "neptune-client", "pytest"}
# Variables that say where a job runs, and what it prints, keeps and waits for: a requeued one gets
# others.
_ELSEWHERE = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HIP_VISIBLE_DEVICES"}
_ELSEWHERE |= {"ROCR_VISIBLE_DEVICES", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"}
_ELSEWHERE |= {"KMP_AFFINITY", "KMP_BLOCKTIME", "MALLOC_CONF", "CUDA_LAUNCH_BLOCKING"}
_ELSEWHERE |= {"CUDA_MODULE_LOADING", "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"}
_ELSEWHERE |= {"PYTORCH_MPS_HIGH_WATERMARK_RATIO", "TORCH_DISTRIBUTED_DEBUG", "NCCL_DEBUG"}
_ELSEWHERE |= {"TORCH_NCCL_ASYNC_ERROR_HANDLING", "TORCH_NCCL_BLOCKING_WAIT"}
_ELSEWHERE |= {"TORCH_NCCL_AVOID_RECORD_STREAMS", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME"}
_ELSEWHERE |= {"SLURM_CPUS_PER_TASK", "CUDA_DEVICE_MAX_CONNECTIONS"}


class Software:
    """Judges differences between two environments.

    Args:
        root: the folder that holds `project/`.
        sources: names of the files that the run has imported, from there or whole paths.
    """

    def __init__(self, root: Path, sources: Sequence[str]) -> None:
        self._root, self._sources = root, sources

    def differing(self, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
        """What differs of two environments' software, as far as the former knows of it."""
        known = [k for k in PARTS if then.get(k) or (k == "variables" and k in then)]
        return differing({k: then[k] for k in known}, {k: now.get(k) for k in known})

    def matters(self, difference: Difference) -> bool:
        """Whether results may follow from it."""
        part, name = difference.path[0], difference.path[-1]
        if part == "packages":
            computing = bool(_COMPUTING.fullmatch(name))
            return name not in _TELLING and (computing or self._imports(name))
        return name not in _ELSEWHERE

    def _imports(self, package: str) -> bool:
        """Whether one of the run's own sources imports the package."""
        modules = "|".join(map(re.escape, _modules(package)))
        return bool(re.search(rf"^\s*(?:import|from)\s+(?:{modules})\b", self._text, re.MULTILINE))

    @cached_property
    def _text(self) -> str:
        paths = [self._root / name for name in self._sources if name.endswith(".py")]
        return "\n".join(p.read_text("utf-8", "replace") for p in paths if p.is_file())


def _modules(package: str) -> set[str]:
    """The names that a package is imported by; its own where it isn't installed any more."""
    named = {package.replace("-", "_")}
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return named
    listed = (found.read_text("top_level.txt") or "").split()
    files = {path.parts[0].removesuffix(".py") for path in found.files or ()}
    return named | set(listed) | {name for name in files if name.isidentifier()}
