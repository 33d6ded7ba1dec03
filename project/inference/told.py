"""What is read becomes what is told: an answer for each image, or why there is none."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

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
        ValueError: the model can't take an image.
    """
    for chunk in chunks:
        pairs = zip(chunk.names, chunk.faults, strict=True)
        found = [Told(None, fault, name) for name, fault in pairs]
        for images, places in zip(chunk.groups, chunk.places, strict=True):
            predictions, more = answers(images)
            for i, (place, prediction) in enumerate(zip(places, predictions, strict=True)):
                own = {name: float(values[i]) for name, values in more.items()}
                row = row_of(prediction, answers.first.classes, top_k, own)
                name = chunk.names[place]
                row |= {NAME: name, HASH: chunk.hashes[place], MODEL: answers.model_hash}
                found[place] = Told(row, "", name, images[i].numpy(), prediction)
        yield found
