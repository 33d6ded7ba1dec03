"""Sizes as people read them."""


def size_text(n: int) -> str:
    """Bytes in units of 10^3, with at most three digits: `0.9 MB`, `12 kB`."""
    value, unit = float(n), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        # What would be rounded to 1000 is one of the next unit.
        if value < 999.5 and (unit != "B" or n < 100):
            break
        value, unit = value / 1000, larger
    digits = 1 if value < 9.95 and unit != "B" else 0
    return f"{value:,.{digits}f} {unit}"
