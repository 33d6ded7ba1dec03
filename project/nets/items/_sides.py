"""The sides of a map: how many it has, a number for each, and what a window leaves of them."""

from collections.abc import Sequence

from project.nets.items._catalogue import Shape, plain


def n_sides(shape: Shape, item: str) -> int:
    """1 of `(channels, length)`, 2 of an image, 3 of a volume.

    Raises:
        ValueError: it is none of these.
    """
    if 2 <= len(shape) <= 4:
        return len(shape) - 1
    raise ValueError(f"{item} takes maps of 1 to 3 sides with channels before, not {plain(shape)}")


def of_each(value: int | tuple[int, ...], sides: int, name: str) -> tuple[int, ...]:
    """A number for each side: the same for all, or as given.

    Raises:
        ValueError: they are given for more or fewer sides.
    """
    if isinstance(value, int):
        return (value,) * sides
    if len(value) != sides:
        raise ValueError(f"{name} has {len(value)} numbers, but the map {sides} sides")
    return value


def after_window(
    shape: Shape,
    item: str,
    kernel: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> None:
    """Refuse a window that fits nowhere: nothing would be left of the map.

    Raises:
        ValueError: it is longer than a padded side.
    """
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    for side, span, pad in zip(shape[1:], spans, padding, strict=True):
        if side + 2 * pad < span:
            raise ValueError(
                f"{item} leaves nothing of {plain(shape)}: its window has {plain(tuple(spans))},"
                f" with a padding of {plain(tuple(padding))}; use larger images or fewer halvings"
            )
