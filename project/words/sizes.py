"""Sizes and large numbers as people read them."""


def size_text(n: int) -> str:
    """Bytes in units of 10^3, with at most three digits: `0.9 MB`, `12 kB`."""
    return _in_units(n, ("B", "kB", "MB", "GB", "TB"))


def count_text(n: int) -> str:
    """A number, from 1,000 on in thousands, millions, ..., of two or three digits: `1.2 M`."""
    return str(n) if n < 1000 else _in_units(n, ("", "k", "M", "G", "T"))


def _in_units(n: int, units: tuple[str, ...]) -> str:
    value, unit = float(n), units[0]
    for larger in units[1:]:
        # What would be rounded to 1000 is one of the next unit.
        if value < 999.5 and (unit != units[0] or n < 100):
            break
        value, unit = value / 1000, larger
    digits = 1 if value < 9.95 and unit != units[0] else 0
    return f"{value:,.{digits}f} {unit}"
