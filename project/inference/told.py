"""What is read becomes what is told: an answer for each image, or why there is none."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from torch import Tensor

from project.cli.faults import one_line
from project.inference.answers import Answers
from project.inference.chunks import Chunk
from project.inference.rows import HASH, MODEL, NAME, Row, row_of
from project.values import Prediction


class Told(NamedTuple):
    """An image.

    Attributes:
        row: what is told of it; None: it can't be predicted, or was before.
        fault: why it can't be predicted; an empty text: it can.
        name: of it.
        image: `(C, H, W)` as the model takes it; None where there is no row.
        prediction: likewise.
    """

    row: Row | None
    fault: str
    name: str
    image: np.ndarray | None = None
    prediction: Prediction | None = None


def told(answers: Answers, chunks: Iterable[Chunk], top_k: int) -> Iterator[list[Told]]:
    """All images of each chunk, in their order.

    Raises:
        ValueError: the model can't take images of its own size.
    """
    for chunk in chunks:
        pairs = zip(chunk.names, chunk.faults, strict=True)
        found = [Told(None, fault, name) for name, fault in pairs]
        for images, places in zip(chunk.groups, chunk.places, strict=True):
            for place, each in zip(places, _group(answers, images, top_k), strict=True):
                found[place] = _named(each, answers, chunk, place)
        yield found


def _group(answers: Answers, images: Tensor, top_k: int) -> list[Told]:
    """Images of one size; a net of masks may not be able to take any size."""
    try:
        predictions, more = answers(images)
    except RuntimeError as error:
        size = " x ".join(map(str, images.shape[2:]))
        why = f"the model can't take images of {size} pixels: {one_line(error)}"
        if images.shape[1:] == answers.first.shape:
            raise ValueError(why) from error
        return [Told(None, why, "") for _ in images]
    classes, found = answers.first.classes, []
    for i, prediction in enumerate(predictions):
        own = {name: values.tolist()[i] for name, values in more.items()}
        row = row_of(prediction, classes, top_k, own)
        found.append(Told(row, "", "", images[i].numpy(), prediction))
    return found


def _named(each: Told, answers: Answers, chunk: Chunk, place: int) -> Told:
    """With what is known of the file."""
    name = chunk.names[place]
    if each.row is None:
        return each._replace(name=name)
    own = {NAME: name, HASH: chunk.hashes[place], MODEL: answers.model_hash}
    return each._replace(row=each.row | own, name=name)
