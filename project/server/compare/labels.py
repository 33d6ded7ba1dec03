"""What runs are called on the page: as in the file that `project.compare --html` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from project.comparison.labels import labels, marked
from project.comparison.units import exact_text
from project.comparison.values import code_mark, data_mark
from project.provenance import repetitions
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
    found = {}
    for ours in (True, False):
        # Flags of other programs tell nothing of ours, and the other way round.
        indices = [i for i, run in enumerate(runs) if _is_ours(run) == ours]
        own = [(runs[i], documents[i], known[i]) for i in indices]
        found |= dict(zip(indices, _labels(own), strict=True)) if own else {}
    times = Counter(run.name for run in runs)
    called = [_called(run, found[i], times[run.name] == 1) for i, run in enumerate(runs)]
    originals = [repetitions.original(one.record) for one in documents]
    return [marked(label, own) for label, own in zip(called, originals, strict=True)]


def _labels(told: Sequence[tuple[Run, Documents, Mapping[Fact, str]]]) -> list[str]:
    flags = [_flags(documents, facts) for _, documents, facts in told]
    codes = [code_mark(_values(facts, "code", "sha", "dirty")) for *_, facts in told]
    data = [data_mark({"data_hash": facts.get(("data", "hash"))}) for *_, facts in told]
    return labels(flags, codes, data, [run.name for run, *_ in told])


def _is_ours(run: Run) -> bool:
    """Whether it is of this project: these are named by ids, which begin with a time."""
    return RUN_ID.fullmatch(run.name) is not None


def _called(run: Run, label: str, alone: bool) -> str:
    if _is_ours(run):
        return label
    name = run.name
    return name if alone or name == label else f"{name}, {label.removesuffix(f', {name}')}"


def _flags(documents: Documents, facts: Mapping[Fact, str]) -> dict[str, str]:
    if documents.flags is not None:
        return {name: exact_text(value) for name, value in documents.flags.items()}
    return {name: text for (section, name), text in facts.items() if section == "flags"}


def _values(facts: Mapping[Fact, str], section: str, *names: str) -> dict[str, str | bool | None]:
    """Texts as they are, but for those of truths."""
    texts = {name: facts.get((section, name)) for name in names}
    return {name: text == "true" if name == "dirty" else text for name, text in texts.items()}
