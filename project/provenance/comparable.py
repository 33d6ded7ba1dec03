"""Which scores of several runs can be set against each other, and why others can't."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from project import plugs
from project.cli.fields import recorded
from project.hyperparameters import FLAGS
from project.plugs.weighted import Term, term
from project.scores import FORMER, WITHOUT_LEAKS
from project.words.names import some

Record = Mapping[str, Any]
_DEFAULTS = {f.name: recorded(f, f.default) for f in FLAGS}
# What all losses are set by, besides their own flags.
_OF_LOSSES = ("label_smoothing", "class_weights")
# What decides which samples a split has, besides the seed.
_OF_SPLITS = ("val_fraction", "test_fraction", "train_classes", "overfit_batches")
_OF_TESTS = ("test_fraction", "train_classes")  # of these, of the test alone
_ALL = "all"  # of the splits
_COUNTS = r"samples \d+(, \d+)*"  # in a reason


class _Kind(NamedTuple):
    """What a score is measured by.

    Attributes:
        split: whose samples it is of; `all` where it depends on the other splits; empty for none.
        is_loss: whether the training loss gives it.
        term: of several terms of that the one that gives it, by its name; empty for their sum.
        is_own: whether it is no score of a metric of this package.
    """

    split: str
    is_loss: bool
    term: str
    is_own: bool


def incomparable(runs: Iterable[tuple[Record, Collection[str]]]) -> dict[str, str]:
    """Of the scores whose values can't be set against each other: why, in a few words.

    A loss can't where another loss gave it, a score of a metric from outside where its source
    differs, any score where its samples are others. That a seed draws its own samples is no reason.
    What a record of a former version does not say is none either.

    Args:
        runs: the record of each and the names of its scores, such as `val_loss` and
            `test_recall/cat`. Records made up for runs of
            other programs (`foreign`) say nothing.
    """
    having: dict[str, list[int]] = {}
    known = [(record, scores) for record, scores in runs if _is_ours(record)]
    for index, (_, scores) in enumerate(known):
        for name in scores:
            having.setdefault(name, []).append(index)
    reasons: dict[tuple[_Kind, tuple[int, ...]], str | None] = {}
    found = {}
    for name, indices in having.items():
        key = _kind(name), tuple(indices)
        if key not in reasons:
            reasons[key] = _reason([known[index][0] for index in indices], key[0])
        if reason := reasons[key]:
            found[name] = reason
    return found


def told(reasons: Mapping[str, str], scores: Iterable[str]) -> list[str]:
    """A line for each reason of `incomparable`: which scores, why, and what can be compared.

    Args:
        reasons: by score.
        scores: all that the runs have.
    """
    by_reason: dict[str, dict[str, str]] = {}
    for name, reason in reasons.items():
        if "/" not in name:  # those of classes are no others
            # How many samples they are is another number for each split.
            by_reason.setdefault(re.sub(_COUNTS, "samples", reason), {})[name] = reason
    known = dict.fromkeys(scores)
    lines = []
    for shared, names in by_reason.items():
        said = set(names.values())
        reason = said.pop() if len(said) == 1 else shared
        others = [other for name in names if (other := instead(name)) in known]
        able = [name for name in others if name not in reasons]
        hint = f"; {some(able)} can be" if able else ""
        lines.append(f"{some(list(names))}: not compared, {reason}{hint}")
    return lines


def instead(score: str) -> str | None:
    """The score that says the same whatever the loss: `val_log_loss` for `val_loss`."""
    return score.replace("loss", "log_loss", 1) if _kind(score).is_loss else None


def is_of_a_part(record: Record) -> bool:
    """Whether a run was to see, or be scored on, some batches alone, as to try something out."""
    limits = ("limit_batches", "overfit_batches", "fast_dev_run")
    return _is_ours(record) and any(_flag(record, name) for name in limits)


def drawn_by_seed(records: Sequence[Record]) -> list[str]:
    """The splits, of val and test, whose samples are others for each seed."""
    known = [record for record in records if _is_ours(record)]
    several = len({_identity(_flag(record, "seed")) for record in known}) > 1
    splits = ("val", "test") if several else ()
    return [split for split in splits if len(set(_digests(known, split)) - {None}) > 1]


def _is_ours(record: Record) -> bool:
    return isinstance(record.get("flags"), Mapping) and not record.get("foreign")


def _kind(score: str) -> _Kind:
    split, _, rest = score.partition("_")
    if split not in ("train", "val", "test"):  # as learning_rate
        return _Kind("", False, "", False)
    bare = rest.partition("/")[0]
    alone = bare.removesuffix(WITHOUT_LEAKS)
    is_loss = alone == "loss" or alone.startswith("loss_")
    of = alone.removeprefix("loss").removeprefix("_") if is_loss else ""
    is_own = not is_loss and alone not in FORMER
    return _Kind(_ALL if alone != bare else split, is_loss, of, is_own)


def _reason(records: Sequence[Record], kind: _Kind) -> str | None:
    if len(records) < 2:
        return None
    reason = _other_loss(records, kind.term) if kind.is_loss else None
    reason = reason or (_other_metric(records) if kind.is_own else None)
    evaluated = kind.split in ("val", "test", _ALL)
    return reason or (_other_samples(records, kind.split) if evaluated else None)


def _other_loss(records: Sequence[Record], name: str) -> str | None:
    """Why a loss, or the term of this name, is not the same one."""
    own = [_loss_flags(record, name) for record in records]
    if len({row["loss"] for row in own}) > 1:  # of which each has its own flags
        own = [{flag: row[flag] for flag in ("loss", *_OF_LOSSES)} for row in own]
    if differing := _differing(own):
        return f"the loss differs ({differing})"
    for each in _terms(records[0], name):
        if path := _differing_source(records, "loss", each.plug):
            return f"the loss's source differs ({path})"
    return None


def _loss_flags(record: Record, name: str) -> dict[str, Any]:
    """The losses by name, and all that they are set by; a term's own value has no weight."""
    terms = _terms(record, name)
    chosen = [each.plug for each in terms] if name else [str(each) for each in terms]
    found = {"loss": " ".join(chosen)}
    found |= {flag: _flag(record, flag) for flag in _OF_LOSSES}
    for each in terms:
        settings = _mapping(record["flags"].get("plugs")).get(_module(each.plug))
        found |= {**_usual(each.plug), **_mapping(settings)}
        args = _mapping(_mapping(record["flags"].get("plugs")).get(each.plug))
        if ":" in each.plug:
            found |= {f"{plugs.args_of('loss', each.plug)}{n}": value for n, value in args.items()}
    return found


@cache
def _usual(text: str) -> dict[str, Any]:
    """The defaults of a built-in loss's own flags: former versions, which lacked them, did so."""
    from project.cli.settings import read  # which parses

    if plugs.is_outside("loss", text):
        return {}
    with suppress(ValueError, OSError):  # an edited record
        return {setting.name: setting.field.default for setting in read(plugs.find("loss", text))}
    return {}


def _terms(record: Record, name: str) -> list[Term]:
    """Those of a record's loss in the order of their names: all, or the one of this name."""
    chosen = _flag(record, "loss")
    texts = chosen if isinstance(chosen, list) else [chosen]
    found = []
    for text in texts:
        with suppress(ValueError):  # an edited record
            found.append(term(str(text)))
    own = [each for each in found if name == each.name]
    # A term may have terms of its own.
    own = own or [each for each in found if name.startswith(f"{each.name}_")]
    return own or sorted(found)


def _other_metric(records: Sequence[Record]) -> str | None:
    """The metrics from outside that all have; which of them gives a score no record says."""
    chosen = [_texts(_flag(record, "metric")) for record in records]
    for name in chosen[0]:
        if all(name in texts for texts in chosen[1:]):
            if path := _differing_source(records, "metric", name):
                return f"the metric's source differs ({path})"
    return None


def _other_samples(records: Sequence[Record], split: str) -> str | None:
    limits = [_limit(record) for record in records]
    if differing := _differing(limits):
        return f"other samples ({differing})"
    digests = _digests(records, split)
    if len(set(digests) - {None}) < 2:
        return None
    drawn = [_drawn(record, split) for record in records]
    if differing := _differing(drawn):
        return f"other samples ({differing})"
    if all(record.get("manifest_blake3") for record in records):
        return None  # of the same files, which only the seed splits, or another size shows
    by_seed: dict[str, set[str]] = {}
    for record, digest in zip(records, digests, strict=True):
        by_seed.setdefault(_identity(_flag(record, "seed")), set()).add(digest or "")
    same = all(len(found - {""}) < 2 for found in by_seed.values())
    return None if same else "other samples (data_hash)"


def _drawn(record: Record, split: str) -> dict[str, Any]:
    """What the samples of a split follow from, but for the seed."""
    data = _mapping(record.get("data"))
    names = [name for name in _OF_SPLITS if split != "test" or name in _OF_TESTS]
    names += ["train_fraction"] if split == _ALL else []
    found = {"data": data.get("name"), "classes": data.get("classes")}
    found |= {name: _flag(record, name) for name in names}
    if files := record.get("manifest_blake3"):
        found["files"] = str(files)[:8]
    counts = _mapping(data.get("counts"))
    parts = counts if split == _ALL else [split]
    return found | {"samples": sum(_total(counts.get(part)) for part in parts)}


def _total(count: Any) -> int:
    total = _mapping(count).get("total")
    return total if isinstance(total, int) else 0


def _limit(record: Record) -> dict[str, Any]:
    limit = _flag(record, "limit_batches")
    size = _flag(record, "batch_size") if limit is not None else None
    return {"limit_batches": limit, "batch_size": size}


def _digests(records: Sequence[Record], split: str) -> list[str | None]:
    """The content of a split by record; of all splits where not every record tells them apart."""
    data = [_mapping(record.get("data")) for record in records]
    own = [_mapping(told.get("hashes")).get(split) for told in data]
    found = own if all(own) else [told.get("hash") for told in data]
    return [None if digest is None else str(digest) for digest in found]


def _differing_source(records: Sequence[Record], kind: str, text: str) -> str | None:
    """The file of a plug, if two of the records know it with other contents."""
    folder = plugs.FOLDERS[kind]
    name = _module(text)
    files = (f"project/{folder}/{name.replace('-', '_')}.py",)
    if plugs.is_outside(kind, text):
        path = name.replace(".", "/")
        files = (f"{path}.py", f"{path}/__init__.py")
    found: dict[str, str] = {}
    for record in records:
        for path, digest in _mapping(record.get("sources")).items():
            if path in files or path.endswith(tuple(f"/{file}" for file in files)):
                found.setdefault(str(digest), path)
    return list(found.values())[-1] if len(found) > 1 else None


def _differing(rows: Sequence[Mapping[str, Any]]) -> str:
    """The names in which rows differ, with their values; empty if they are the same."""
    told = []
    for name in dict.fromkeys(name for row in rows for name in row):
        values = {_identity(row.get(name)): row.get(name) for row in rows}
        if len(values) > 1:
            texts = [_short(value) for value in values.values()]
            told.append(f"{name} {', '.join(texts)}" if len(set(texts)) > 1 else name)
    return "; ".join(told)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 24 and not isinstance(value, (list, Mapping)) else "..."


def _module(text: str) -> str:
    return text.partition(":")[0]


def _flag(record: Record, name: str) -> Any:
    """A flag's value; former versions, which lack it, did what its default does."""
    return record["flags"].get(name, _DEFAULTS.get(name))


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _identity(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
