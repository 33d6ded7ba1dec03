"""What runs are called on the page: as in the file that `project.compare --html` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from project.comparison.labels import labels
from project.comparison.units import exact_text
from project.comparison.values import code_mark, data_mark
from project.provenance.find import RUN_ID
from project.server.compare.differences import Fact
from project.server.compare.documents import Documents
from project.server.compare.visible import Run


def of_runs(
    runs: Sequence[Run], documents: Sequence[Documents], known: Sequence[Mapping[Fact, str]]
) -> list[str]:
    """A label for each run: of this project's the flags that tell it apart, of others' its name.

    Args:
        runs: compared.
        documents: of each.
        known: of each, what `runs.facts` tells.
    """
    flags = [_flags(*pair) for pair in zip(documents, known, strict=True)]
    codes = [code_mark(_values(facts, "code", "sha", "dirty")) for facts in known]
    data = [data_mark({"data_hash": facts.get(("data", "hash"))}) for facts in known]
    found = labels(flags, codes, data, [run.name for run in runs])
    times = Counter(run.name for run in runs)
    return [
        _called(run.name, label, times[run.name] == 1)
        for run, label in zip(runs, found, strict=True)
    ]


def _called(name: str, label: str, alone: bool) -> str:
    if RUN_ID.fullmatch(name):  # of ours, whose names are ids, which begin with a time
        return label
    return name if alone or name == label else f"{name}, {label.removesuffix(f', {name}')}"


def _flags(documents: Documents, facts: Mapping[Fact, str]) -> dict[str, str]:
    if documents.flags is not None:
        return {name: exact_text(value) for name, value in documents.flags.items()}
    return {name: text for (section, name), text in facts.items() if section == "flags"}


def _values(facts: Mapping[Fact, str], section: str, *names: str) -> dict[str, str | bool | None]:
    """Texts as they are, but for those of truths."""
    texts = {name: facts.get((section, name)) for name in names}
    return {name: text == "true" if name == "dirty" else text for name, text in texts.items()}
