"""The wiring: hyperparameters become data, model, solver, trainer, record and trackers."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, Trainer, seed_everything

from project import checkpoint, data, losses, metrics, models
from project.callbacks.checkpoints import Checkpoints
from project.callbacks.early_stopping import EarlyStopping
from project.callbacks.interrupt import Interrupt
from project.callbacks.profile import Profile
from project.callbacks.progress import Progress
from project.callbacks.reports import Reports
from project.callbacks.summary import outcome_rows, print_summary
from project.files import read_json, write_atomic
from project.plan import Plan
from project.provenance.code import CodeState
from project.provenance.environment import environment, lock_text
from project.provenance.record import make_record
from project.provenance.redact import Redactor
from project.provenance.run import Run
from project.session import Ended, Session
from project.solver import Solver
from project.tracking import Attached, RunLogger, attach
from project.trainer import make_trainer

SPLITS = ("train", "val", "test")
# How long the end of a run waits for trackers; they go on in the background after that.
TRACKER_SECONDS = 10.0


@dataclass
class Parts:
    """What an experiment is made of; the same in each of its processes."""

    dataset: data.Data
    trainer: Trainer
    solver: Solver
    loaders: dict[str, data.Loader]


def conduct(plan: Plan, code: CodeState, argv: Sequence[str]) -> int:
    """Carry out `plan` in this process, the only one or one of several.

    Args:
        plan: what to do.
        code: state of the sources when the process began.
        argv: the command line, for the record.

    Returns:
        The exit code.

    Raises:
        ValueError: the data, the model, the checkpoint or the devices are not what the flags say.
        OSError: something can't be read or written; in both cases nothing was begun.
    """
    state = checkpoint.load(plan.source) if plan.source else None
    if state and plan.hparams.only_test:
        plan = plan.inherit(state["hyperparameters"])
    parts = build(plan, state)
    if not parts.trainer.is_global_zero:
        return make_session(plan, parts, state, None).execute().exit_code
    run = open_run(plan, code, argv, parts)
    announce(run, plan, parts)
    attached = attach(run.directory, plan.trackers)
    parts.trainer.logger = RunLogger(run.directory)
    session = make_session(plan, parts, state, run.directory)
    ended = session.execute()
    close(run, attached, parts, session, ended)
    return ended.exit_code


def build(plan: Plan, state: dict[str, Any] | None) -> Parts:
    """Data, model and all around them, from the hyperparameters and perhaps a checkpoint."""
    hparams = plan.hparams
    trainer = make_trainer(hparams)
    seed_everything(hparams.seed, workers=True, verbose=False)
    dataset = data.prepare(hparams)
    if state and hparams.only_test:
        dataset = as_trained(dataset, state, plan.source)
    model = models.build(dataset.shape, len(dataset.classes), hparams)
    if state:
        checkpoint.load_weights(model, state, plan.source)
    dataset = dataset.to(trainer.strategy.root_device)
    ranks = {"rank": trainer.global_rank, "world_size": trainer.world_size}
    loaders = {split: dataset.loader(split, hparams, **ranks) for split in SPLITS}
    if hparams.compile:
        model.compile()
    solver = Solver(
        model,
        losses.build(hparams),
        metrics.classification(len(dataset.classes)),
        dataset.classes,
        hparams,
        loaders["train"].steps,
    )
    return Parts(dataset, trainer, solver, loaders)


def as_trained(dataset: data.Data, state: dict[str, Any], path: Path) -> data.Data:
    """The data, normalised as it was when the checkpoint's model was trained.

    Raises:
        ValueError: its classes or its images' shape are others.
    """
    for name, ours in (("classes", dataset.classes), ("shape", dataset.shape)):
        if list(ours) != list(state[name]):
            raise ValueError(
                f"{path} was trained on other {name}: {_short(state[name])}, not {_short(ours)} as"
                f" --data {dataset.name}"
            )
    return replace(dataset, mean=tuple(state["mean"]), std=tuple(state["std"]))


def make_session(plan: Plan, parts: Parts, state: dict | None, directory: Path | None) -> Session:
    """The session, with the callbacks that stand around training; a new one has its line here."""
    hparams, dataset = plan.hparams, parts.dataset
    describe = {
        "hyperparameters": Redactor().redact_json(hparams.to_values()),
        "classes": list(dataset.classes),
        "shape": list(dataset.shape),
        "mean": list(dataset.mean),
        "std": list(dataset.std),
    }
    going_on = state if plan.resume else None
    folder = directory / "checkpoints" if directory else None
    checkpoints = Checkpoints(folder, hparams.monitor, hparams.checkpoint_every, describe, going_on)
    callbacks: list[Callback] = [checkpoints]
    if hparams.early_stopping is not None:
        callbacks.append(EarlyStopping(hparams.early_stopping, checkpoints))
    if directory is not None:
        shown = ("val_loss", "val_accuracy", hparams.monitor)
        callbacks += [Progress(shown), Reports(directory)]
        if hparams.profile:
            callbacks.append(Profile(directory / "profile"))
    # Last: what the others do after a step is done before a signal ends the run.
    callbacks.append(Interrupt(checkpoints))
    parts.trainer.callbacks.extend(callbacks)
    return Session(
        parts.trainer, parts.solver, parts.loaders, checkpoints, going_on, hparams.only_test
    )


def open_run(plan: Plan, code: CodeState, argv: Sequence[str], parts: Parts) -> Run:
    """Make the run's directory and record, or go on with the interrupted run's.

    Raises:
        OSError: the directory can't be written; nothing is left behind.
    """
    if plan.resume is not None:
        return Run.reopen(plan.resume)
    hparams, model = plan.hparams, parts.solver.model
    redactor = Redactor()
    counts = {"n_parameters": models.n_parameters(model), "n_trainable": models.n_trainable(model)}
    record = make_record(
        hparams.to_values(),
        argv,
        code,
        parts.dataset.describe(),
        {"name": hparams.model, **counts},
        environment(),
        redactor,
    )
    run = Run.create(
        Path(hparams.exp_dir),
        hparams.exp_name,
        record,
        patch=code.patch,
        requirements=lock_text(redactor),
    )
    (run.directory / "checkpoints").mkdir()
    return run


def announce(run: Run, plan: Plan, parts: Parts) -> None:
    """Say on standard error what is about to run, on what."""
    dataset, model = parts.dataset, parts.solver.model
    counts = ", ".join(f"{len(getattr(dataset, split)):,} {split}" for split in SPLITS)
    print(models.summary(model, dataset.shape), file=sys.stderr)
    print(
        f"{'going on with ' if plan.resume else ''}{run.directory}: {plan.hparams.model} on"
        f" {dataset.name} ({counts}), on {parts.trainer.strategy.root_device}",
        file=sys.stderr,
    )


def close(run: Run, attached: Attached, parts: Parts, session: Session, ended: Ended) -> None:
    """Write the outcome, let the trackers finish, and show how it went."""
    if ended.unexpected:
        write_atomic(run.directory / "traceback.txt", Redactor().redact(ended.traceback))
    parts.trainer.logger.close()
    run.finish(
        ended.status,
        error=ended.error,
        best=session.checkpoints.best,
        test=ended.test or None,
        epochs=parts.trainer.current_epoch,
        steps=parts.solver.step,
    )
    where = attached.close(timeout=TRACKER_SECONDS)
    outcome = read_json(run.directory / "outcome.json")
    rows = outcome_rows(outcome, models.n_parameters(parts.solver.model))
    rows.append(("run", str(run.directory)))
    rows += [("tracker", line) for line in where]
    rows.append(("compare", f"python -m project.serve --exp-dir {run.directory.parents[1]}"))
    print_summary(rows, f"{run.directory.name}: {ended.status}")
    if ended.status == "interrupted":
        print(f"go on: python -m project.run --resume {run.directory.name}")
    elif ended.error:
        print(f"error: {ended.error}", file=sys.stderr)


def _short(values: Sequence[object]) -> str:
    text = ", ".join(map(str, values))
    return text if len(text) <= 60 else text[:57] + "..."
