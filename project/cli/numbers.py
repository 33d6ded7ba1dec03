"""Numbers as people write them, the same for flags, files and weights."""

import math
import re

# Decimal, in ASCII; no 1_000, no 0x10, no 1:30.
# A text, not compiled here: that is 0.4 ms, which --help need not pay.
_NUMBER = r"(?i)[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|nan)"


def whole_number(text: str) -> int | float | None:
    """The whole number that a text is, inf where it is beyond all; None if it is none."""
    value = number(text)
    if value is None or not (math.isfinite(value) and value.is_integer()):
        # What no float holds is out of every bound, and value_problems says so.
        return value if value is not None and math.isinf(value) else None
    # A float would round what has more than 15 digits.
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,310}", text) else int(value)


def number(text: str) -> float | None:
    """The number that a decimal text is; None if it is none."""
    return float(text) if re.fullmatch(_NUMBER, text) else None


def inside(value: float, bounds: str) -> bool:
    """Whether a number is in an interval such as `[0, 1)`."""
    low, high = (float(b) for b in bounds[1:-1].split(","))
    return (low < value or (bounds[0] == "[" and low == value)) and (
        value < high or (bounds[-1] == "]" and high == value)
    )
