"""What a run will do, told at once: before anything slow is loaded."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from project.hyperparameters import Hyperparameters
from project.words.paths import brief


def planned(
    hparams: Hyperparameters,
    given: Mapping[str, Any],
    resume: Path | None,
    weights: Path | None,
    defaults: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The line: model and data, how long, into which folder, and what a plug's own defaults are.

    Args:
        hparams: of the run.
        given: what the person gave of them, by field name.
        resume: directory of the run to go on with.
        weights: checkpoint file to start from, or to test.
        defaults: the plug whose own default a flag has, by the flag's name.
    """
    if resume is not None:
        return f"going on with {brief(resume)}: {_what(hparams, given)}, {_length(hparams)}"
    into = f"into {brief(Path(hparams.exp_dir, hparams.exp_name))}/"
    if hparams.only_test:
        return f"testing {brief(weights)}; {into}"
    start = f", from the weights of {brief(weights)}" if weights else ""
    start = f", going on from {hparams.from_}" if hparams.from_ else start
    line = f"{_what(hparams, given)}{start}, {_length(hparams)}; {into}"
    if not defaults:
        return line
    from project.cli.defaults import told  # which few runs need

    return "; ".join([line, *told(defaults, vars(hparams))])


def _what(hparams: Hyperparameters, given: Mapping[str, Any]) -> str:
    folder = f" in {brief(hparams.data_dir)}" if "data_dir" in given else ""
    return f"{hparams.model} on {hparams.data}{folder}"


def _length(hparams: Hyperparameters) -> str:
    if hparams.fast_dev_run:
        return f"one batch of {hparams.batch_size} of each split"
    n = hparams.max_epochs
    epochs = f"{'up to ' if hparams.early_stopping else ''}{n:,} epoch{'s' * (n != 1)}"
    most = hparams.max_steps
    steps = f" or {most:,} step{'s' * (most != 1)}" if most else ""
    return f"{epochs}{steps} in batches of {hparams.batch_size:,}"
