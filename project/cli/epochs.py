"""The epochs of a run as lines of a table that is as wide as the terminal, at most."""

from collections.abc import Mapping, Sequence

from project.cli.summary import duration, number
from project.words.width import cell_width, squeezed

NARROWEST, WIDEST = 7, 24  # characters of a score's column
GAP = "  "


class EpochTable:
    """A heading, and a line for each epoch.

    Args:
        names: of the scores; the last of those that have no room are left out.
        kept: the one of them that stays.
        max_epochs: how many epochs there may be.
        width: characters that a line may have.
    """

    def __init__(self, names: Sequence[str], kept: str, max_epochs: int, width: int) -> None:
        self._max_epochs = max_epochs
        self._first = max(len("epoch"), 2 * len(str(max_epochs)) + 1)
        room = width - self._first - len(GAP + f"{'time':>7}" + GAP + "best")
        self.columns = {name: max(NARROWEST, min(cell_width(name), WIDEST)) for name in names}
        for name in reversed(names):
            if sum(self.columns.values()) + len(GAP) * len(self.columns) > room and name != kept:
                del self.columns[name]
        if len(self.columns) == 1:
            room = max(NARROWEST, room - len(GAP))
            self.columns = {name: min(n, room) for name, n in self.columns.items()}

    def heading(self) -> str:
        """The names of the columns."""
        texts = [(squeezed(name, n), n) for name, n in self.columns.items()]
        names = [" " * (n - cell_width(text)) + text for text, n in texts]
        return GAP.join([f"{'epoch':>{self._first}}", *names, f"{'time':>7}"])

    def line(
        self, epoch: int, scores: Mapping[str, float], seconds: float, best: bool = False
    ) -> str:
        """An epoch, counted from 1: its scores, how long it took, whether it is the best so far."""
        first = f"{epoch}/{self._max_epochs}"
        values = [
            f"{number(scores[name]) if name in scores else '-':>{n}}"
            for name, n in self.columns.items()
        ]
        texts = [f"{first:>{self._first}}", *values, f"{duration(seconds):>7}"]
        return GAP.join([*texts, *["best"] * best])
