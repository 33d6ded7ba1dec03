"""What runs are called side by side: by the flags that tell them apart best."""

import re
from collections.abc import Mapping, Sequence

from project.cli.roles import NEUTRAL_FLAGS
from project.provenance.find import RUN_ID

# So many flags are read at a glance; more are named only where fewer leave runs alike.
_TOLD, _MOST = 3, 5
_SEED, _CODE, _DATA = "seed", "code", "data hash"
_LAST = (_SEED, _CODE, _DATA)
_LONG = re.compile(r"-?\d*\.\d{4,}(e-?\d+)?")


def labels(
    flags: Sequence[Mapping[str, str]],
    codes: Sequence[str],
    data: Sequence[str],
    names: Sequence[str],
) -> list[str]:
    """A label for each run, or group of runs; all differ as long as the names do.

    Where no flag tells two apart, their code does; where that doesn't either, the seed, then the
    data, then the end of a run's id.

    Args:
        flags: Of each its flags, as texts; without the seed for groups of seeds.
        codes: Of each a mark of its code.
        data: Of each a mark of its data.
        names: What each is called where there is nothing else: an id, or a text for a group.
    """
    if len(names) == 1:
        return list(names)
    known = dict.fromkeys(name for own in flags for name in own if name not in NEUTRAL_FLAGS)
    cells = {name: [own.get(name, "-") for own in flags] for name in known}
    cells |= {_CODE: list(codes), _DATA: list(data)}
    cells = {name: texts for name, texts in cells.items() if len(set(texts)) > 1}
    # A flag that other programs, or older versions, only lack tells nothing of those that have it.
    told = [name for name in known if len({own[name] for own in flags if name in own}) > 1]
    chosen = _chosen(cells, [name for name in told if name not in _LAST])
    short = {name: _shortened(cells[name]) for name in chosen}
    found = [", ".join(f"{name} {short[name][i]}" for name in chosen) for i in range(len(names))]
    return [
        _with_name(text, name) if found.count(text) > 1 else text
        for text, name in zip(found, names, strict=True)
    ]


def marked(label: str, reproduces: str | None) -> str:
    """The label; of a reproduction also the end of the id of the run that it repeats."""
    return f"{label} = {reproduces.rpartition('-')[2]}" if reproduces else label


def telling_flags(flags: Sequence[Mapping[str, str]], beside: Sequence[str]) -> list[str]:
    """The few flags that tell runs apart best, without the seed.

    Args:
        flags: Of each its flags, as texts.
        beside: Of each what already tells it from others.
    """
    known = dict.fromkeys(name for own in flags for name in own if name not in NEUTRAL_FLAGS)
    cells = {name: [own.get(name, "-") for own in flags] for name in known}
    told = [name for name in known if len({own[name] for own in flags if name in own}) > 1]
    chosen, cells = [""], cells | {"": list(beside)}
    while len(chosen) <= _TOLD and (best := _best([n for n in told if n != _SEED], chosen, cells)):
        chosen.append(best)
    rest = [name for name in told if name not in (*chosen, _SEED)]
    return [*chosen[1:], *rest][:_TOLD]


def _chosen(cells: Mapping[str, Sequence[str]], told: Sequence[str]) -> list[str]:
    """The fewest flags that tell most apart; then others with several values, while they fit."""
    flags = [*told, *(name for name in cells if name not in (*told, *_LAST))]
    chosen: list[str] = []
    while len(chosen) < _MOST and (best := _best(flags, chosen, cells)):
        chosen.append(best)
    chosen += [name for name in told if name not in chosen][: max(0, _TOLD - len(chosen))]
    for name in (_CODE, _SEED, _DATA):
        if name in cells and _parts([*chosen, name], cells) > _parts(chosen, cells):
            chosen.append(name)
    return chosen


def _best(flags: Sequence[str], chosen: Sequence[str], cells: Mapping[str, Sequence[str]]) -> str:
    """The flag with which those chosen tell most apart; empty if none adds to that."""
    gains = {name: _parts([*chosen, name], cells) for name in flags}
    best = max(gains, key=lambda name: gains[name], default="")
    return best if best and gains[best] > _parts(chosen, cells) else ""


def _parts(names: Sequence[str], cells: Mapping[str, Sequence[str]]) -> int:
    """How many kinds of runs these flags tell apart."""
    return len(set(zip(*(cells[name] for name in names), strict=True))) if names else 1


def short_id(run_id: str) -> str:
    """The end of a run's id: its beginning is a time, which says little and needs space."""
    return run_id.rpartition("-")[2] if RUN_ID.fullmatch(run_id) else run_id


def _with_name(text: str, name: str) -> str:
    if RUN_ID.fullmatch(name):
        name = f"run {short_id(name)}"
    return f"{text}, {name}" if text else name


def _shortened(texts: Sequence[str]) -> Sequence[str]:
    """Numbers with few digits, if these tell them apart as well."""
    short = [f"{float(text):.3g}" if _LONG.fullmatch(text) else text for text in texts]
    return short if len(set(short)) == len(set(texts)) else texts
