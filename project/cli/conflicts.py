"""Which hyperparameters exclude or need each other."""

from typing import Any

from project import plugs
from project.plugs.serving import like, misfits, task_of
from project.plugs.weighted import plugs_of
from project.run_directory import RESERVED


def conflicts(h: Any) -> list[str]:
    """What is wrong with hyperparameters whose single values are all right, a line each."""
    rules = [
        (
            h.exp_name in RESERVED,
            f"--exp-name {h.exp_name!r} is a file's name in --exp-dir; give another",
        ),
        (
            h.val_fraction + h.test_fraction >= 1,
            "--val-fraction and --test-fraction leave nothing to train on",
        ),
        (
            h.only_test and not (h.checkpoint or h.resume),
            "--only-test needs --checkpoint (a file or a run) to test",
        ),
        (
            h.only_test and "test" in h.without,
            "--only-test and --without test exclude each other: nothing would be done",
        ),
        *_beginnings(h),
        *(_courses(h) if h.schedules else ()),
        (
            h.accept_changes and not (h.resume or h.teacher),
            "--accept-changes needs --resume or --teacher: a new run records what is",
        ),
        (
            h.precision == "16-mixed" and h.accelerator == "cpu",
            "--precision 16-mixed needs a GPU; use bf16-mixed",
        ),
        (
            h.label_smoothing > 0 and not _reaches_a_loss("label_smoothing", h),
            f"--label-smoothing {h.label_smoothing:g} is not defined for --loss {' '.join(h.loss)}:"
            " leave it out or use --loss cross-entropy",
        ),
        (
            h.class_weights and not _reaches_a_loss("class_weights", h),
            f"--class-weights are not used by --loss {' '.join(h.loss)}: leave them out or use"
            " --loss cross-entropy or focal",
        ),
        *_teaching(h),
        (
            h.detect_anomaly and h.compile,
            "--detect-anomaly and --compile exclude each other: compiled, operations have no lines",
        ),
        (
            {"ema", "swa"} <= {*h.callback},
            "--callback ema and swa exclude each other: one average can be evaluated",
        ),
        (
            h.save_logits and (h.devices != "1" or h.nodes > 1) and _has_maps(h),
            "--save-logits of masks are written by one process: leave it out, and test the best"
            " checkpoint with it afterwards: --only-test --checkpoint RUN",
        ),
        (
            h.upload and h.keep != "both" and h.upload != h.keep,
            f"--upload {h.upload} and --keep {h.keep} exclude each other: what is not kept can't be"
            " sent",
        ),
        (h.notify_every and not h.notify, "--notify-every needs --notify: where to send it"),
        ("none" in h.tracker and len(h.tracker) > 1, "--tracker none excludes the other trackers"),
        (
            h.neptune_mode and h.tracker and not {"neptune", "none"} & set(h.tracker),
            "--neptune-mode needs --tracker neptune",
        ),
        (
            h.sampler == "balanced" and h.overfit_batches is not None,
            "--sampler balanced and --overfit-batches exclude each other: the latter trains on"
            " fixed batches",
        ),
        *_groups(h),
        (
            h.augment and h.recipe,
            "--augment and --recipe exclude each other: flip and crop are steps of recipes, too",
        ),
        (
            h.accumulate > h.batch_size,
            "--accumulate can't cut a batch into more parts than --batch-size",
        ),
    ]
    found = [message for broken, message in rules if broken]
    # A test takes over from its checkpoint what is not given.
    return found if h.only_test else [*found, *misfits(vars(h))]


def _has_maps(h: Any) -> bool:
    """Whether a model's outputs are maps, as far as can be told."""
    return task_of(vars(h)) == "segmentation"


def _task(h: Any) -> str:
    """The task, or what its data set is for; "" where there is no such data set."""
    try:
        return task_of(vars(h))
    except (ValueError, OSError):
        return ""  # told elsewhere


def _is_of_pairs(h: Any) -> bool:
    """Whether losses are of pairs of samples: the task is embedding, or one like it."""
    task = _task(h)
    try:
        return "embedding" in (task, *like(task)) if task else False
    except (ValueError, OSError):
        return False  # told elsewhere


def _reaches_a_loss(name: str, h: Any) -> bool:
    """Whether a term of the loss reads or asks for this; its file names it then.

    One from outside may have what does so elsewhere.
    """
    chosen = [plugs.find("loss", text) for text in plugs_of(h.loss)]
    return any(plug.outside or name in plugs.source(plug.path) for plug in chosen)


def _teaching(h: Any) -> list[tuple[Any, str]]:
    """Rules of `--teacher`."""
    usual = (h.teacher_weight, h.teacher_temperature) == (0.9, 4.0)
    return [
        (
            h.teacher and h.only_test,
            "--teacher and --only-test exclude each other: a test trains nothing",
        ),
        (
            not h.teacher and not h.only_test and not usual,
            "--teacher-weight and --teacher-temperature need --teacher: which run teaches",
        ),
    ]


def _courses(h: Any) -> list[tuple[Any, str]]:
    """Rules of `--schedules`."""
    from project.cli.curves import FLAG, curves, out_of_bounds  # which few runs need

    found = curves(h.schedules)
    bounds = {name: vars(type(h))[name].metadata["bounds"] for name in found}
    held = [name for name in found if name not in ("learning_rate", "momentum")]
    return [
        *((True, line) for line in out_of_bounds(h, bounds)),
        (
            "learning_rate" in found and h.schedule != vars(type(h))["schedule"].default,
            f"--schedule {h.schedule} and {FLAG} learning_rate exclude each other: its course is"
            f" {FLAG} learning_rate={h.schedule}",
        ),
        (
            "momentum" in found and plugs.is_outside("optimizer", h.optimizer),
            f"{FLAG} momentum: --optimizer {h.optimizer} has a momentum of its own",
        ),
        (
            "dropout" in found and h.compile,
            f"{FLAG} dropout and --compile exclude each other: each value would be compiled anew",
        ),
        (
            "label_smoothing" in found and not _reaches_a_loss("label_smoothing", h),
            f"{FLAG} label_smoothing: not defined for --loss {' '.join(h.loss)}",
        ),
        (
            h.from_schedule == "hold" and held,
            f"--from-schedule hold and {FLAG} {', '.join(held)} exclude each other: it holds the"
            f" learning rate and the momentum; leave them out ({FLAG} none)",
        ),
    ]


def _beginnings(h: Any) -> list[tuple[Any, str]]:
    """Rules of `--from`, which is one of several ways to begin."""
    return [
        (
            h.from_ and h.checkpoint,
            "--from and --checkpoint exclude each other: --from takes the weights of its run",
        ),
        (
            h.from_ and h.only_test,
            "--from and --only-test exclude each other: to test a run, give --checkpoint RUN",
        ),
        (
            h.from_ and h.fast_dev_run,
            "--from and --fast-dev-run exclude each other: one more batch is --max-steps",
        ),
        (
            h.from_schedule != "continue" and not h.from_,
            f"--from-schedule {h.from_schedule} needs --from: other runs have their --schedule",
        ),
    ]


def _groups(h: Any) -> list[tuple[Any, str]]:
    """Rules of batches by class, and of classes that are tested alone."""
    per_class, batch = h.samples_per_class, h.batch_size
    nearest = max(2, round(batch / per_class)) * per_class
    pairs = _is_of_pairs(h)
    return [
        (
            h.train_classes and not pairs,
            f"--train-classes is for --task embedding: {_task(h)} can't tell classes that it never"
            " saw",
        ),
        (
            pairs and h.accumulate > 1,
            f"--accumulate {h.accumulate} would cut the batch that losses over pairs need whole:"
            " leave it out, or give a smaller --batch-size",
        ),
        (
            h.sampler == "pk" and (batch % per_class or batch < 2 * per_class),
            f"--sampler pk: --batch-size {batch} is no number of at least 2 classes with"
            f" --samples-per-class {per_class} of each: {nearest} is",
        ),
        (
            h.sampler == "pk" and h.overfit_batches is not None,
            "--sampler pk and --overfit-batches exclude each other: the latter trains on fixed"
            " batches",
        ),
        (
            h.sampler == "pk" and _has_maps(h),
            "--sampler pk groups images by their class, which masks have not: use balanced",
        ),
    ]
