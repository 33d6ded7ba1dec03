"""What a figure depends on besides the code: the machine and the versions."""

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "torch",
    "pytorch-lightning",
    "torchmetrics",
    "scikit-learn",
    "numpy",
    "mlflow",
    "hydra-core",
)


def machine() -> dict[str, object]:
    """Date, processor, cores, memory in GiB and versions; neither a path nor the machine's name."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": round(memory),
        "versions": {"Python": platform.python_version()} | _versions(),
    }


def machine_line() -> str:
    """The same in one sentence."""
    found = machine()
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['date']}, {found['processor']}, {found['cores']} cores, {found['memory']} GiB;"
        f" {versions}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
