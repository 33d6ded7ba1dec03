"""Which scores are better when they are smaller."""

_LESS = ("loss", "log_loss", "brier", "calibration_error", "error_bound")


def less_is_better(name: str) -> bool:
    """Whether a smaller value of the score `name` is the better one."""
    return name.removesuffix("_without_leaks").endswith(_LESS)
