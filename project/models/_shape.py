"""What a model asks of the images' shape."""


def require_side(shape: tuple[int, int, int], least: int, model: str) -> None:
    """Refuse images too small for a model.

    Args:
        shape: channels, height and width.
        least: pixels that each side needs.
        model: its name on the command line.

    Raises:
        ValueError: a side is shorter.
    """
    _, height, width = shape
    if min(height, width) < least:
        raise ValueError(
            f"--model {model} can't take images of {height}x{width} pixels: each side needs at"
            f" least {least}; use larger images or --model mlp"
        )
