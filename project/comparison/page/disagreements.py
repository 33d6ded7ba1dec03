"""The samples that one run gets right and another wrong, with their pictures, for the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.loading import KnownRun
from project.comparison.mcnemar import sentence
from project.comparison.samples import pictures
from project.run_directory import PREDICTIONS
from project.words.addresses import data_address

# Of so many samples of a pair the page has the row, and the picture where a run has kept it.
SHOWN = 48
# Of so many pairs there are pictures.
_PICTURED = 5


def shown(pairs: Sequence[Mapping[str, Any]], runs: Sequence[KnownRun]) -> list[dict[str, Any]]:
    """The pairs of `disagreements`, each with its `sentence` and the `picture` of some samples.

    Args:
        pairs: of `disagreements`.
        runs: in the order of the comparison.
    Raises:
        OSError: a table can't be read.
    """
    return [_shown(pair, runs, i < _PICTURED) for i, pair in enumerate(pairs)]


def _shown(pair: Mapping[str, Any], runs: Sequence[KnownRun], pictured: bool) -> dict[str, Any]:
    samples = pair["samples"][:SHOWN]
    found: dict[int, str] = {}
    # A sample that one of them gets wrong has its picture there, unless there are very many.
    for i in pair["runs"] if pictured else ():
        path = runs[i].directory / PREDICTIONS
        kept = pictures(path, [sample["index"] for sample in samples])
        found |= {index: data_address(picture) for index, picture in kept.items()}
    each = [{**sample, "picture": found.get(sample["index"])} for sample in samples]
    return {**pair, "sentence": sentence(pair), "samples": each}
