"""The machine and the software a run happens on, as far as they can change its numbers or speed."""

import getpass
import json
import os
import platform
import re
import socket
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from project.provenance.redact import Redactor

# Only these are recorded: the rest of the environment is nobody's business.
VARIABLES = (
    *("OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES", "OMP_SCHEDULE", "GOMP_CPU_AFFINITY"),
    *("KMP_AFFINITY", "KMP_BLOCKTIME", "MKL_NUM_THREADS", "MKL_CBWR", "MKL_DYNAMIC"),
    *("MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE"),
    *("NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "ATEN_CPU_CAPABILITY", "LD_PRELOAD", "MALLOC_CONF"),
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONPATH", "PL_GLOBAL_SEED", "PL_SEED_WORKERS"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING"),
    *("CUDA_DEVICE_MAX_CONNECTIONS", "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE"),
    *("CUDNN_CONV_WSCAP_DBG", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "MIOPEN_FIND_MODE"),
    *("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_NVML_BASED_CUDA_CHECK"),
    *("PYTORCH_ENABLE_MPS_FALLBACK", "PYTORCH_MPS_HIGH_WATERMARK_RATIO", "PYTORCH_JIT"),
    *(
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
        "TORCH_BLAS_PREFER_CUBLASLT",
        "TORCH_CUDNN_V8_API_DISABLED",
    ),
    *("TORCH_CUDNN_V8_API_LRU_CACHE_LIMIT", "TORCH_COMPILE_DISABLE", "TORCHDYNAMO_DISABLE"),
    *("TORCHINDUCTOR_MAX_AUTOTUNE", "TORCHINDUCTOR_FREEZING", "TORCH_DISTRIBUTED_DEBUG"),
    *(
        "TORCH_NCCL_ASYNC_ERROR_HANDLING",
        "TORCH_NCCL_BLOCKING_WAIT",
        "TORCH_NCCL_AVOID_RECORD_STREAMS",
    ),
    *(
        "NCCL_ALGO",
        "NCCL_PROTO",
        "NCCL_DEBUG",
        "NCCL_P2P_DISABLE",
        "NCCL_IB_DISABLE",
        "NCCL_SHM_DISABLE",
    ),
    *("NCCL_SOCKET_IFNAME", "NCCL_MIN_NCHANNELS", "NCCL_MAX_NCHANNELS", "GLOO_SOCKET_IFNAME"),
    *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "SLURM_JOB_ID", "SLURM_NTASKS", "SLURM_CPUS_PER_TASK"),
)


def environment() -> dict[str, Any]:
    """Python, machine, devices, PyTorch's settings, packages, chosen variables, host and user.

    PyTorch's part is present only if the process has imported it; nothing is imported for it.
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cpu": {"model": _cpu_model(), "count": os.cpu_count(), "usable": usable_cpus()},
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "torch": _torch_settings(),
        "gpu": _gpus(),
        "variables": variables(),
        "packages": {name: version for name, version, _ in _installed()},
        "host": socket.gethostname(),
        "user": _user(),
    }


def variables() -> dict[str, str]:
    """The chosen variables of this process, by name."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def lock_text(redactor: Redactor) -> str:
    """What `pip install -r` needs to install the same packages: `name==version` lines, sorted.

    A package that came from a repository or an address is named by it (PEP 508, with the commit);
    one that came from a local path by its version, with the path as a comment.
    """
    header = f"# Python {platform.python_version()} on {platform.platform()}\n"
    lines = (_requirement(*found) for found in _installed())
    return redactor.redact(header + "".join(f"{line}\n" for line in lines))


def _installed() -> list[tuple[str, str, Distribution]]:
    """Name and version of each package, sorted by name; the first on the path counts."""
    found: dict[str, tuple[str, str, Distribution]] = {}
    for dist in distributions():
        # Parsing all of it, the README too, would take ten times as long.
        text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
        told = [re.search(rf"^{field}: *(\S+)", text, re.M) for field in ("Name", "Version")]
        # pip leaves folders without metadata when it is stopped.
        if all(told):
            name, version = (match[1] for match in told if match)
            name = re.sub(r"[-_.]+", "-", name).lower()
            found.setdefault(name, (name, version, dist))
    return sorted(found.values(), key=lambda package: package[0])


def _requirement(name: str, version: str, dist: Distribution) -> str:
    origin = json.loads(dist.read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    if not url:
        return f"{name}=={version}"
    if "dir_info" in origin:
        return f"# {name}=={version} was installed from {url}"
    if url.startswith("file:"):
        return f"{name}=={version}  # was installed from {url}"
    if vcs := origin.get("vcs_info"):
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{name} @ {url}"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    names = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.M) if info.exists() else None
    return names[1].strip() if names else platform.processor() or platform.machine()


def usable_cpus() -> int:
    """Cores this process may run on, which a scheduler may have limited."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return len(usable) or os.cpu_count() or 1


def _torch_settings() -> dict[str, Any] | None:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "deterministic_warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "cudnn_deterministic": torch.backends.cudnn.deterministic,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_conv_precision": torch.backends.cudnn.conv.fp32_precision,
    }


def _gpus() -> dict[str, Any] | None:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    devices = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return {
        "driver": _driver(),
        "devices": [
            {
                "name": device.name,
                "memory_bytes": device.total_memory,
                "capability": f"{device.major}.{device.minor}",
            }
            for device in devices
        ],
    }


def _driver() -> str | None:
    """NVIDIA's kernel driver; None elsewhere than on Linux."""
    file = Path("/proc/driver/nvidia/version")
    found = (
        re.search(r"Kernel Module\D*(\d+(?:\.\d+)+)", file.read_text()) if file.exists() else None
    )
    return found[1] if found else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the numeric user may have no name.
        return str(os.getuid())
