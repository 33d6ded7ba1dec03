"""What something is that should be a tensor, or is one of another kind, and what to do about it."""

from typing import Any


def kind_of(value: Any) -> str:
    """What it is, in a few words."""
    if value is None:
        return "None"
    if isinstance(value, dict):
        return f"a dict of {', '.join(map(str, list(value)[:4]))}" if value else "an empty dict"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def advice(value: Any) -> str:
    """The end of a sentence that says what was wanted."""
    if isinstance(value, (tuple, list, dict)):
        return ": return the one tensor alone"
    return if_none(value) or ": return a tensor"


def if_none(value: Any) -> str:
    """What to ask where a function has given None: the end of a sentence, empty for all else."""
    return ": is a return missing?" if value is None else ""


def dtype_name(dtype: Any) -> str:
    """A tensor's data type as NumPy says it: `uint8`."""
    return str(dtype).removeprefix("torch.")
