"""The pictures of a folder: which are the same, and what of them a person should know."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from project.cli.stage import count, stage
from project.data._fit import CROP, told_fit
from project.data._rows import first_bits
from project.data._suspects import suspects
from project.data.cache import note
from project.data.decoding import content
from project.data.files import Files, names_below
from project.data.glimpses import FILM, KNOWN, SEE_THROUGH, remember
from project.data.samples import Samples

MANY = 1000
AT_ONCE = 64
SHOWN = 3


class Pictures:
    """Image files and the glimpses of them.

    Args:
        files: the n files.
        glimpses: `(n,)` of dtype GLIMPSE; what is not known yet is filled in when `parts` decode.
        parts: the samples that were made of them, one part after the other.
        size: pixels a side of the samples.
        fit: how the pictures became squares.
    """

    def __init__(
        self,
        files: Files,
        glimpses: np.ndarray,
        parts: Sequence[Samples],
        size: int,
        fit: str = CROP,
    ) -> None:
        assert sum(map(len, parts)) == len(glimpses) == len(files.paths)
        self.files, self.glimpses, self.parts = files, glimpses, parts
        self.size, self.fit = size, fit
        self._looked_at = self._known().sum()

    def name(self, i: int) -> str:
        """Of the i-th file, below its folder."""
        return names_below(self.files.folder, [self.files.paths[i]])[0]

    def identify(self) -> np.ndarray:
        """Numbers `(n,)` uint64, which are equal for equal pictures.

        Files are the same if their bytes are, or else their pixels, upright and as RGB, before they
        are scaled. Whether they may be is told by the glimpses; those that may are decoded whole.

        Raises:
            ValueError: an image can't be decoded; the message names it.
            OSError: a file can't be read.
        """
        stage("looking for equal images")
        self._look_at_the_rest()
        by_bytes = first_bits(self.files.digests)
        numbers, files, inverse = np.unique(by_bytes, return_index=True, return_inverse=True)
        may = suspects(self.glimpses[files], self.size)
        self._look_closely(files[may])
        numbers[may] = self.glimpses["content"][files[may]]
        self._remember()
        self._tell()
        return numbers[inverse]

    def _tell(self) -> None:
        """Say of how many pictures less is taken than a viewer might show, or otherwise."""
        if told := told_fit(self.glimpses["size"], self.fit, self.name):
            note(told)
        for flag, what in (
            (SEE_THROUGH, "with transparent parts, which are white here"),
            (FILM, "of several frames or pages, of which the first is taken"),
        ):
            found = np.flatnonzero(self.glimpses["flags"] & flag)
            if n := len(found):
                shown = ", ".join(map(self.name, found[:SHOWN])) + (", ..." if n > SHOWN else "")
                note(f"{n:,} {'image' if n == 1 else 'images'} {what} ({shown})")

    def _known(self) -> np.ndarray:
        return self.glimpses["flags"] & KNOWN > 0

    def _look_at_the_rest(self) -> None:
        known = self._known()
        if (n := len(known) - known.sum()) >= MANY:
            note(f"{n:,} images are looked at once, to find equal ones")
        start = 0
        for part in self.parts:
            end = start + len(part)
            rest, start = torch.from_numpy(np.flatnonzero(~known[start:end])), end
            if not len(rest):
                continue  # for nothing no workers need to start
            pieces = rest.split(AT_ONCE)
            for i, _ in enumerate(part.stream(rest, [len(piece) for piece in pieces]), start=1):
                count(i * AT_ONCE, len(rest))

    def _look_closely(self, files: np.ndarray) -> None:
        unknown = files[self.glimpses["content"][files] == 0]

        def look(i: int) -> None:
            with open(self.files.paths[i], "rb") as file:
                digest = content(file, self.files.paths[i])
            self.glimpses["content"][i] = int.from_bytes(digest[:8], "little")

        with ThreadPoolExecutor() as pool:
            for i, _ in enumerate(pool.map(look, unknown.tolist()), start=1):
                count(i, len(unknown))
        self._changed = len(unknown) > 0

    def _remember(self) -> None:
        if self._changed or self._known().sum() > self._looked_at:
            remember(self.glimpses, self.files.digests, self.files.folder, self.size, self.fit)
