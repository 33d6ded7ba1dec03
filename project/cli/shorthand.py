"""Flags that stand for others: `--lr` for `--learning-rate`, `--gpus 2` for two flags at once.

What is recorded, printed and compared has the long names alone.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from project.cli.fields import Field, flag_name
from project.words.telling import quoted

GPUS = "gpus"
_NUMBER = r"auto|0|[1-9][0-9]{0,3}|[0-9]{1,4}(,[0-9]{1,4})+"


def short_names(flags: Iterable[Field]) -> dict[str, str]:
    """The long name of each short one."""
    return {f.metadata["short"]: f.name for f in flags if "short" in f.metadata}


def written_out(values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The values of one source, the command line or a file, with `gpus` as what it stands for.

    And what is wrong with that, in a line: it is no number of GPUs, or another flag beside it
    contradicts it.
    """
    values = dict(values)
    if (asked := values.pop(GPUS, None)) is None:
        return values, None
    if not isinstance(asked, str) or not re.fullmatch(_NUMBER, asked):
        return values, (
            f"--gpus {quoted(asked)} is no number of GPUs: give one (0 is the CPU), their indices"
            " ('0,2') or auto"
        )
    own = {"accelerator": "cpu"} if asked == "0" else {"accelerator": "gpu", "devices": asked}
    for name, value in own.items():
        if values.get(name, value) != value:
            meaning = " ".join(f"{flag_name(n)} {v}" for n, v in own.items())
            return values, (
                f"--gpus {asked} is {meaning}, which {flag_name(name)} {values[name]} contradicts:"
                " leave one out"
            )
    return values | own, None
