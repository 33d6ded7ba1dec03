"""The machine and the software of a run against those of now: what may explain another result."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from project.provenance.environment import VARIABLES, usable_cpus

# Set by Lightning and by launchers while a run goes on; they follow from the flags.
_FOLLOWING = {"PL_GLOBAL_SEED", "PL_SEED_WORKERS", "PYTORCH_NVML_BASED_CUDA_CHECK", "PYTHONPATH"}
_FOLLOWING |= {"WORLD_SIZE", "LOCAL_WORLD_SIZE", "SLURM_JOB_ID", "SLURM_NTASKS"}
# Set by the Trainer, from the flags.
_SETTINGS = {"deterministic_algorithms", "deterministic_warn_only", "cudnn_deterministic"}
_SETTINGS |= {"cudnn_benchmark", "float32_matmul_precision"}
# Where things are, not what they are.
_WHERE = {"executable", "memory_bytes", "host", "user"}


class Difference(NamedTuple):
    """One value of the environment that is another.

    Attributes:
        path: its keys from the outside in, as `("packages", "numpy")`.
        then: what was recorded.
        now: what is.
    """

    path: tuple[str, ...]
    then: Any
    now: Any

    @property
    def line(self) -> str:
        """For people."""
        return f"{'.'.join(self.path)}: {_word(self.then)} -> {_word(self.now)}"


def restored(recorded: Mapping[str, Any]) -> dict[str, str]:
    """The environment for a process that is to compute as the recorded one did.

    Args:
        recorded: the record's `environment`.
    """
    kept = {k: v for k, v in os.environ.items() if k not in VARIABLES or k in _FOLLOWING}
    then = {k: v for k, v in recorded["variables"].items() if k not in _FOLLOWING}
    threads = (recorded["torch"] or {}).get("threads")
    if threads and "OMP_NUM_THREADS" not in then and threads != usable_cpus():
        # Sums over another number of threads round differently.
        then["OMP_NUM_THREADS"] = str(threads)
    return kept | then


def differences(
    then: Mapping[str, Any], now: Mapping[str, Any], *, trained: bool = True
) -> list[str]:
    """What differs between two records' `environment`, a line each, most telling first.

    Args:
        then: of the recorded run.
        now: of the reproduction, or of a process that has not made a Trainer.
        trained: whether it has, and so PyTorch's settings are those of the flags.
    """
    return [difference.line for difference in differing(then, now, trained=trained)]


def differing(
    then: Mapping[str, Any], now: Mapping[str, Any], *, trained: bool = True
) -> list[Difference]:
    """As `differences`, each by its parts."""
    found = _differing((), _comparable(then, trained), _comparable(now, trained))
    # Threads and devices change rounding; most packages do not.
    return sorted(found, key=lambda difference: difference.path[0] == "packages")


def _comparable(environment: Mapping[str, Any], trained: bool) -> dict[str, Any]:
    kept = {k: v for k, v in environment.items() if k not in _WHERE}
    variables = environment.get("variables") or {}
    kept["variables"] = {k: v for k, v in variables.items() if k not in _FOLLOWING}
    if environment.get("torch") and not trained:
        torch = environment["torch"]
        kept["torch"] = {k: v for k, v in torch.items() if k not in _SETTINGS}
    return kept


def _differing(path: tuple[str, ...], then: Any, now: Any) -> Iterator[Difference]:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}):
            yield from _differing((*path, str(key)), then.get(key), now.get(key))
    elif then != now:
        yield Difference(path, then, now)


def _word(value: Any) -> str:
    return "none" if value is None else str(value)
