"""Runs that differ only in their seed, and how groups of them compare."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from project.comparison.ancestry import history
from project.comparison.flat import differ, flatten, identity
from project.comparison.loading import KnownRun
from project.comparison.same_code import Blobs, code_note, same_code
from project.comparison.spread import paired, summary
from project.comparison.values import setting_of
from project.provenance import repetitions
from project.provenance.comparable import incomparable

# What is of one machine, or follows from the seed. It may differ in a group, which then says so.
_OF_THE_MACHINE = ("executable", "platform", "memory_bytes", "cpu.", "torch.cpu_capability")
_OF_THE_MACHINE += ("torch.threads", "torch.interop_threads", "gpu.driver")
OF_THE_SEED = ("variables.PL_GLOBAL_SEED", "variables.SLURM_JOB_ID")


def groups(
    runs: Sequence[KnownRun],
    labels: Sequence[str],
    trees: Sequence[str | None],
    blobs: Blobs = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """The groups of at least two seeds, in the order of their first runs.

    A group's statistics are over its finished runs, of each seed the newest.

    Args:
        runs: Compared.
        labels: Of the runs.
        trees: Ids of their code's trees, as far as known.
        blobs: Of each tree its files' contents.
    Returns:
        Of each group its `label`, its `runs` (labels), `counted` (those that the statistics are
        of), `seeds` (of `counted`), `also_differ` (names in the environment), `notes` (lines about
        what else differs), and `scores`: `n`, `mean` and `sd` by name.
    """
    indices = _partition(runs, trees)
    found = []
    for n, members in enumerate(indices):
        own = [(runs[i], labels[i]) for i in members]
        note = code_note([runs[i] for i in members], [trees[i] for i in members], blobs)
        group = _group(chr(65 + n) if n < 26 else f"G{n}", own)
        found.append(group | {"notes": [note] if note else []})
    return found


def pairs(
    found: Sequence[Mapping[str, Any]], runs: Mapping[str, KnownRun], base: int = 0
) -> list[dict[str, Any]]:
    """The paired differences by seed of each other group from one of them, the first if not said.

    Args:
        found: Of `groups`.
        runs: By their labels.
        base: The index of the group that the others are set against.
    Returns:
        `from` and `to` (labels of groups), `seeds` in common, and `scores` by name, as `paired`;
        without those that can't be compared.
    """
    compared = []
    for other in (group for i, group in enumerate(found) if i != base):
        first, second = _by_seed(found[base], runs), _by_seed(other, runs)
        both = [(run.record, run.scores) for run in (*first.values(), *second.values())]
        apart = incomparable(both)
        names = [n for n in found[base]["scores"] if n in other["scores"] and n not in apart]
        scores = {n: paired(_score(first, n), _score(second, n)) for n in names}
        seeds = sorted(first.keys() & second.keys())
        ends = {"from": found[base]["label"], "to": other["label"]}
        compared.append(ends | {"seeds": seeds, "scores": scores})
    return compared


def together(runs: Sequence[KnownRun], others: Sequence[KnownRun]) -> list[KnownRun]:
    """Those of the others that make a group with one of the runs, and have a seed that it lacks."""
    every = [*runs, *others]
    found = []
    for part in _partition(every, [None] * len(every)):
        own = {_seed(every[i]) for i in part if i < len(runs)}
        # Of a repeated seed the newest counts.
        newest = {_seed(every[i]): every[i] for i in part if i >= len(runs)}
        found += [run for seed, run in newest.items() if own and seed not in own]
    return found


def _partition(runs: Sequence[KnownRun], trees: Sequence[str | None]) -> list[list[int]]:
    parts: dict[str, list[int]] = {}
    ids = {run.run_id for run in runs}
    for index, run in enumerate(runs):
        if _seed(run) is not None and not repetitions.is_repeated(run.record, ids):
            parts.setdefault(_identity(run), []).append(index)
    kept = [
        part
        for asked in parts.values()
        for members in _of_same_code(runs, trees, asked)
        for part in _of_same_data(runs, members)
    ]
    return sorted(part for part in kept if len({_seed(runs[i]) for i in part}) > 1)


def _of_same_code(
    runs: Sequence[KnownRun], trees: Sequence[str | None], members: list[int]
) -> list[list[int]]:
    parts = same_code([runs[i] for i in members], [trees[i] for i in members])
    return [[members[i] for i in part] for part in parts]


def _of_same_data(runs: Sequence[KnownRun], members: list[int]) -> list[list[int]]:
    """The split, and so the data's hash, may follow from the seed, but must not vary within one."""
    hashes: dict[int, set[str]] = {}
    by_hash: dict[str, list[int]] = {}
    for index in members:
        digest = str(runs[index].record["data"].get("hash"))
        hashes.setdefault(_seed(runs[index]), set()).add(digest)
        by_hash.setdefault(digest, []).append(index)
    return [members] if all(len(s) == 1 for s in hashes.values()) else list(by_hash.values())


def _identity(run: KnownRun) -> str:
    """Equal for runs that were asked for the same, but for the seed, on the same software."""
    record = run.record
    data = [record["data"].get(name) for name in ("name", "classes", "shape")]
    # Counts per class are the same for every seed, as splits are stratified; of masks they aren't.
    counts = record["data"].get("counts") or {}
    data.append({s: n["total"] if "pixels" in n else n for s, n in counts.items()} or None)
    environment = {k: v for k, v in flatten(record["environment"]).items() if _decides(k)}
    return identity([setting_of(record["flags"]), history(run), data, environment])


def _decides(name: str) -> bool:
    return not name.startswith(_OF_THE_MACHINE + OF_THE_SEED)


def _seed(run: KnownRun) -> int | None:
    seed = run.record["flags"].get("seed")
    return seed if isinstance(seed, int) else None


def _group(label: str, members: Sequence[tuple[KnownRun, str]]) -> dict[str, Any]:
    newest: dict[int, tuple[KnownRun, str]] = {}
    for run, name in sorted(members, key=lambda member: member[0].run_id):
        if run.status == "finished":
            newest[_seed(run)] = (run, name)
    counted = [newest[seed] for seed in sorted(newest)]
    scores = [run.scores for run, _ in counted]
    names = dict.fromkeys(name for values in scores for name in values)
    return {
        "label": label,
        "runs": [name for _, name in members],
        "counted": [name for _, name in counted],
        "seeds": sorted(newest),
        "also_differ": _also_differ([run for run, _ in members]),
        "scores": {name: summary([v[name] for v in scores if name in v]) for name in names},
    }


def _also_differ(runs: Sequence[KnownRun]) -> list[str]:
    machines = [flatten(r.record["environment"]) | {"host": r.record.get("host")} for r in runs]
    names = dict.fromkeys(name for machine in machines for name in machine)
    return [
        name
        for name in names
        if not name.startswith(OF_THE_SEED) and differ(machine.get(name) for machine in machines)
    ]


def _by_seed(group: Mapping[str, Any], runs: Mapping[str, KnownRun]) -> dict[int, KnownRun]:
    return {_seed(runs[label]): runs[label] for label in group["counted"]}


def _score(runs: Mapping[int, KnownRun], name: str) -> dict[int, float]:
    return {seed: run.scores[name] for seed, run in runs.items() if name in run.scores}
