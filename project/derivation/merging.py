"""The merge of models: the mean of their weights, its batch norms measured, all of them scored."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from project import data
from project.cli.stage import stage
from project.derivation.mean import mean, misfits
from project.derivation.sources import Source, check_target, write
from project.hyperparameters import BY_NAME
from project.inference.arithmetic import as_tested
from project.inference.asking import loaded
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.training.freezing import freeze
from project.training.state import as_trained
from project.training.statistics import has_statistics, renew_statistics
from project.words.paths import brief

SPLIT = "val"
# What weights mean depends on: those of models that differ here have no mean.
_SAME = ("task", "classes", "dtype", "mean", "std")


def merge(sources: Sequence[Source], shares: Sequence[float], asked: Namespace) -> Iterator[str]:
    """Make a file of the mean of several models; yields what is to be told.

    Batch norms' statistics are those of the mean over the training split of the first model, in its
    batches, order and augmentation; those that training kept frozen stay as they are.

    Args:
        sources: two or more, of one model.
        shares: what each counts.
        asked: the flags of the command.

    Raises:
        ValueError: the models are unlike, or the first one's data are not there; a line for each.
        OSError: a file can't be read or written.
    """
    check_target(asked.output)
    _check(sources)
    stage("loading the model and its data")
    predictor = loaded(str(sources[0].found.path), asked)
    dataset = _dataset(predictor, sources[0], asked.data_dir)
    splits = Splits(dataset, int(predictor.hparams.batch_size))
    scores = [_scored(predictor, splits, source.weights) for source in sources]
    weights = mean([source.weights for source in sources], shares)
    as_averaged = _scored(predictor, splits, weights)
    renewed = has_statistics(predictor.model)
    if renewed:
        _renew(predictor, dataset, sources[0])
    merged = _score(predictor, splits)
    weights = {name: tensor.cpu() for name, tensor in predictor.model.state_dict().items()}
    told: dict[str, Any] = {"split": SPLIT, "sources": scores, "merged": merged}
    more = {"shares": list(shares), "scores": told | {"before_statistics": as_averaged}}
    hashed = write(asked.output, "merge", sources, weights, more)
    stage("")
    rows = [(source.name, found) for source, found in zip(sources, scores, strict=True)]
    rows += [("mean, statistics averaged", as_averaged)] if renewed else []
    yield from _table([*rows, ("merged", merged)])
    yield from _other_splits(sources)
    yield f"{brief(asked.output)}: the mean of {len(sources)} models ({hashed})"


def _check(sources: Sequence[Source]) -> None:
    """Refuse models that have no mean, all of them at once."""
    for source in sources:
        source.require_whole()
    first = sources[0]
    told = misfits([source.name for source in sources], [source.weights for source in sources])
    for source in sources[1:]:
        differing = [n for n in _SAME if first.state.get(n) != source.state.get(n)]
        if differing:
            names = ", ".join(differing)
            told.append(f"{first.name} and {source.name} were trained with another {names}")
    if told:
        raise ValueError("\n".join(told))


def _dataset(predictor: Predictor, first: Source, data_dir: str | None) -> data.Data:
    """The data of the first model; where its run is known, compared with what that had."""
    if first.found.run:
        dataset = Splits.of_run(first.found.run, predictor.hparams, data_dir).dataset
    else:
        there = predictor.hparams.replace(data_dir=data_dir) if data_dir else predictor.hparams
        dataset = data.prepare(there)
    return as_trained(dataset, first.state, first.found.path)


def _scored(
    predictor: Predictor, splits: Splits, weights: Mapping[str, torch.Tensor]
) -> dict[str, float]:
    predictor.model.load_state_dict(weights)
    return _score(predictor, splits)


def _score(predictor: Predictor, splits: Splits) -> dict[str, float]:
    """The headline scores of the validation samples, by name."""
    stage("scoring")
    task = predictor.task
    metrics = task.metrics().to(predictor.device)
    metrics.reset()
    for held in splits.batches(SPLIT):
        metrics.update(predictor.outputs(held.images), held.targets.to(predictor.device))
    found = metrics.compute()
    return {name: float(found[name]) for name in task.headline if name in found}


def _renew(predictor: Predictor, dataset: data.Data, first: Source) -> None:
    stage("measuring the batch norms")
    freeze(predictor.model, first.state["hyperparameters"].get("freeze", ()))
    hparams = predictor.hparams
    loader = dataset.to(predictor.device).loader("train", hparams)
    loader.seek(0)
    batches = (batch.images for block in loader for batch in block)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hparams.seed)  # dropout draws
        with as_tested(predictor.device, predictor.precision, hparams.deterministic):
            renew_statistics(predictor.model, batches)


def _table(rows: Sequence[tuple[str, Mapping[str, float]]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    for name, scores in rows:
        told = "  ".join(f"{SPLIT}_{score} {value:.4f}" for score, value in scores.items())
        yield f"{name:<{width}}  {told}"


def _other_splits(sources: Sequence[Source]) -> Iterator[str]:
    """A line for each model whose validation samples were others: these may have trained it."""
    first = _split_flags(sources[0])
    for source in sources[1:]:
        theirs = _split_flags(source)
        if differing := [name for name in theirs if theirs[name] != first[name]]:
            yield (
                f"note: {source.name} was trained with another {', '.join(differing)}: some of"
                " these validation samples may have trained it, and so the merged one"
            )


def _split_flags(source: Source) -> dict[str, Any]:
    flags = source.state["hyperparameters"]
    names = ("seed", "data", "val_fraction", "test_fraction", "train_fraction")
    return {name: flags.get(name, BY_NAME[name].default) for name in names}
