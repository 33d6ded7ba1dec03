"""From hyperparameters to data, model, solver and trainer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import nn

from project import data, losses, models, plugs, tasks
from project.cli.faults import blamed
from project.cli.stage import stage
from project.hyperparameters import Hyperparameters
from project.loading import checked, load_data
from project.plan import Plan
from project.plugs.serving import task_of
from project.provenance.resumption import Reopened
from project.solver import Solver
from project.training import generators
from project.training.checkpoint_contents import task_name
from project.training.head import head_of, with_new_head
from project.training.inheritance import Inheritance, inherit
from project.training.layout import make_ready
from project.training.lesson import Lesson
from project.training.monitored import ways_of
from project.training.origin import Origin
from project.training.part_flags import arrange
from project.training.weights import load_weights, made_of
from project.tryout import measure, try_out

SPLITS = ("train", "val", "test")


@dataclass
class Setup:
    """What an experiment is made of; the same in each of its processes.

    Attributes:
        generators: hashes of the generators' states right after seeding.
        scores: which way each score is better, for the record.
        own_scores: names of those that the person's own metrics give.
        layers: a table of the model's layers.
        there: what plugs may ask for, by name.
        teachers: the run and the hash of the weights of each model that teaches.
        reopened: for a run that goes on, what has changed since its record, of the data too; for a
            new one that goes on from another, since that one's.
        inherited: what such a new one takes over.
        new_head: names of weights that are not the checkpoint's, whose task is another.
    """

    dataset: data.Data
    trainer: Trainer
    solver: Solver
    loaders: dict[str, data.Loader]
    generators: dict[str, str]
    scores: dict[str, str | None]
    own_scores: list[str]
    layers: str
    there: dict[str, Any]
    teachers: list[dict[str, Any]]
    reopened: Reopened | None = None
    inherited: Inheritance | None = None
    new_head: Sequence[str] = ()


def build(
    plan: Plan, state: dict[str, Any] | None, trainer: Trainer, seeded: dict[str, str]
) -> Setup:
    """Data, model and all around them, from the hyperparameters and perhaps a checkpoint.

    Args:
        plan: what to do.
        state: the checkpoint to start from, if any.
        trainer: where.
        seeded: hashes of the generators' states, which were seeded just now.
    """
    hparams, device = plan.hparams, trainer.strategy.root_device
    stage("reading the data")
    with blamed("data", hparams.data):
        dataset, reopened = load_data(plan)
    dataset = checked(dataset, plan, state)
    stage("building the model")
    there = known(dataset, hparams)
    task = there["task"]
    model, state, new_head = make_model(plan, state, there, trainer)
    dataset = dataset.to(device)
    ranks = {"rank": trainer.global_rank, "world_size": trainer.world_size}
    loaders = {split: dataset.loader(split, hparams, **ranks) for split in SPLITS}
    steps, inherited = loaders["train"].steps, None
    if plan.parent:
        inherited = inherit(plan.parent, state, hparams, steps)
    loss = losses.build(hparams, there)
    lesson = teach(hparams, there["task"], dataset, loss, device)
    if lesson and plan.resume:
        lesson.teacher.check_same(reopened.record)
    with generators.untouched():  # the weights are the same, whatever is measured
        measured, own = measure(there)
    layers, terms = try_out(model, loss, task, trainer, hparams)
    if hparams.compile:
        model.compile()
    solver = Solver(
        model,
        loss,
        measured,
        task,
        hparams,
        steps,
        marked=bool(dataset.leaks and dataset.leaks.rows),
        origin=inherited.origin if inherited else origin_of(reopened, state),
        terms=terms,
        lesson=lesson,
    )
    if not hparams.only_test and plugs.is_outside("optimizer", hparams.optimizer):
        solver.configure_optimizers()  # that of the training is made when it begins
    scores = ways_of(
        measured.declared() | own,
        hparams.monitor,
        dataset.classes,
        terms,
        not task.of_pairs,
        plan.member.scores if plan.member else (),
    )
    own_scores = [name for name, score in own.items() if not score.of_classes]
    told = lesson.teacher.describe() if lesson else []
    described = scores, own_scores, layers, there, told
    return Setup(
        dataset, trainer, solver, loaders, seeded, *described, reopened, inherited, new_head
    )


def make_model(
    plan: Plan, state: dict[str, Any] | None, there: dict[str, Any], trainer: Trainer
) -> tuple[nn.Module, dict[str, Any] | None, list[str]]:
    """The model with the weights to start from, ready to train or to be tested.

    Returns:
        It, the checkpoint as it fits it, and the names of weights that are not the checkpoint's.
    """
    hparams, new_head = plan.hparams, []
    with blamed("model", hparams.model):
        model = models.build(there["shape"], there["task"].n_outputs, hparams, there)
    if state:
        state, new_head = fitting(plan, state, model, there)
        load_weights(model, state, plan.source, parts=not hparams.only_test)
    # The weights are the same in each process; the dropout should not be.
    generators.seed_rank(hparams.seed, trainer.global_rank)
    make_ready(model, trainer.strategy.root_device, hparams)
    if not hparams.only_test:
        arrange(model, hparams)
    return model, state, new_head


def teach(
    hparams: Hyperparameters,
    task: tasks.Task,
    dataset: data.Data,
    loss: losses.Objective,
    device: torch.device,
) -> Lesson | None:
    """The teachers that were asked for, and the loss by which the model learns from them.

    Raises:
        ValueError: one can't be had, or knows other classes or images.
    """
    if not hparams.teacher or hparams.only_test:
        return None
    from project.inference import teachers  # which others need not load

    stage("loading what teaches")
    with generators.untouched():
        found = teachers.load(hparams, task, dataset, device)
    weight, temperature = hparams.teacher_weight, hparams.teacher_temperature
    return Lesson(found, losses.Distillation(loss, weight, temperature))


def fitting(
    plan: Plan, state: dict[str, Any], model: nn.Module, there: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The checkpoint as the model takes it: with a new head, if a new run has another task.

    Returns:
        It, and the names of the head's weights.
    """
    hparams, task = plan.hparams, there["task"]
    begins = not (hparams.only_test or plan.resume or plan.parent)
    # A block alone, too, leaves the others as they are.
    if not begins or task_name(state) == task.name or made_of(state).get("block"):
        return state, []
    own = {**there, "hparams": hparams.replace(pretrained=False)}
    with generators.untouched(), blamed("model", hparams.model):
        head = head_of(
            model,
            lambda n: models.build(there["shape"], n, own["hparams"], own | {"n_outputs": n}),
            task.n_outputs,
        )
    return with_new_head(state, model, head), head


def known(dataset: data.Data, hparams: Hyperparameters) -> dict[str, Any]:
    """What a model, a loss, a metric or a callback may ask for, by name; a task for what is first.

    `class_counts` `(n_classes,)` int64 are the samples of each class in the training split that is
    used; those of a run that goes on, or of a checkpoint that is tested, are what they were.
    `class_weights` `(n_classes,)` float32 are what each class counts in the loss; None: alike.
    """
    counts = torch.tensor(dataset.class_counts)
    there = {
        "hparams": hparams,
        "shape": dataset.shape,
        "classes": dataset.classes,
        "n_classes": len(dataset.classes),
        "class_counts": counts,
        "class_weights": losses.class_weights(hparams.class_weights, dataset.classes, counts),
    }
    task = tasks.build(task_of(vars(hparams)), there, dataset.kind, hparams.data)
    return there | {"task": task, "n_outputs": task.n_outputs}


def origin_of(reopened: Reopened | None, state: dict[str, Any] | None) -> Origin | None:
    """Where a run that is resumed had begun, if it went on from another one."""
    parent = reopened.record.get("parent") if reopened else None
    return Origin.read(parent, state["optimizer"]) if parent else None
