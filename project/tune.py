"""`python -m project.tune`: find a learning rate, a batch size or a number of workers for a run."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.cli.command import as_process, load_private_settings
from project.cli.stage import stage
from project.tuning.asking import ACTIONS, asked, command, make_parser

if TYPE_CHECKING:
    from project.build import Setup
    from project.plan import Plan
    from project.tuning.found import Found

# Flags of a run that does not begin as a new one.
OTHER_BEGINNINGS = ("resume", "from_", "only_test")
FOREVER = 10**9  # epochs


def main(argv: Sequence[str]) -> int:
    """Find what was asked for.

    Returns:
        The exit code: 0; 1 if nothing can be suggested, or a fault in the code was met; 2 if the
        input is at fault; 128 + the signal's number if a signal ended it.
    """
    from project.processes.signals import Interrupted, at_once

    try:
        with at_once():
            load_private_settings()
            return tune(*asked(argv))
    except Interrupted as signal:
        print(f"\n{signal}", file=sys.stderr)
        return 128 + signal.number
    except Exception as error:
        from project.main import failed

        return failed(error, "--traceback" in argv)
    finally:
        stage("")


def tune(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    """Do what was asked for; returns the exit code.

    Args:
        arguments: of this command.
        words: of the run's command line.

    Raises:
        ValueError: the flags, the data or the model are at fault.
        OSError: something can't be read or written; nothing is left behind.
    """
    plan = _plan(words)
    from project.run_directory import TUNING

    stage("loading torch")
    from project.training.runtime import keep_memory, wait_briefly

    wait_briefly()
    import torch  # noqa: F401  # before what is loaded with it

    keep_memory()
    found = FIND[arguments.action](plan, arguments)
    stage("")
    for line in found.lines:
        print(line, file=sys.stderr)
    if found.chart:
        from project.tuning.keeping import keep  # which loads matplotlib

        for path in keep(found, Path(plan.hparams.exp_dir) / TUNING, arguments.action):
            print(path, file=sys.stderr)
    if found.value is None:
        return 1
    print(command(words, ACTIONS[arguments.action], found.value))
    return 0


def find_rate(plan: "Plan", own: argparse.Namespace) -> "Found":
    """The learning rate, by a range test: the run's first steps, but for the rate."""
    from project.cli.curves import unread
    from project.tuning.learning_rate import find
    from project.tuning.rising import Rising

    if own.lowest >= own.highest:
        raise ValueError(f"--lowest {own.lowest:g} is not below --highest {own.highest:g}")
    if lines := list(unread(plan.hparams.schedules, ["learning_rate"])):
        raise ValueError("\n".join(lines))
    setup = prepared(plan, max_steps=own.steps, max_epochs=own.steps)
    stage("range test")
    rising = Rising(own.lowest, own.highest, own.steps)
    title = f"range test: {_title(plan, batch_size=plan.hparams.batch_size)}"
    return find(setup.solver, setup.trainer, setup.loaders["train"], rising, title)


def find_batch_size(plan: "Plan", own: argparse.Namespace) -> "Found":
    """The batch size, by short trainings with each; the weights hardly change in them."""
    from project.training.trainer import make_trainer
    from project.tuning.batch_size import Attempts, find
    from project.tuning.pace import measured

    setup, hparams = prepared(plan, **_lasting()), plan.hparams

    def speed(size: int) -> float:
        loader = setup.dataset.loader("train", hparams.replace(batch_size=size))
        trainer = make_trainer(setup.solver.settings)
        return measured(setup.solver, trainer, loader, own.seconds)

    n, unit, n_units = len(setup.dataset.train), 1, None
    if hparams.sampler == "pk":  # whole classes, each once at most
        unit, n_units = hparams.samples_per_class, len(setup.dataset.classes)
    device = setup.trainer.strategy.root_device
    return find(Attempts(speed, device), n, unit, n_units, f"batch size: {_title(plan)}")


def find_workers(plan: "Plan", own: argparse.Namespace) -> "Found":
    """The number of workers, by short trainings with each; none where no data are streamed."""
    from project.provenance.environment import usable_cpus
    from project.tuning.found import Found
    from project.tuning.pace import measured
    from project.tuning.workers import find

    if prepared(plan).dataset.train.samples.resident:
        line = "the data are in memory: --num-workers changes nothing, no workers are needed"
        return Found(str(plan.hparams.num_workers), [line])

    def speed(n: int) -> float:
        setup = prepared(plan, num_workers=n, **_lasting())
        return measured(setup.solver, setup.trainer, setup.loaders["train"], own.seconds)

    title = f"workers: {_title(plan, batch_size=plan.hparams.batch_size)}"
    return find(speed, usable_cpus(), title)


FIND: dict[str, Callable[["Plan", argparse.Namespace], "Found"]] = {
    "lr": find_rate,
    "batch-size": find_batch_size,
    "workers": find_workers,
}


def prepared(plan: "Plan", **changes: Any) -> "Setup":
    """All that a run of this plan begins with, from the same seed; with some flags changed."""
    from dataclasses import replace

    from project.build import build
    from project.experiment import with_checkpoint
    from project.training import generators
    from project.training.trainer import make_trainer

    # What is tried has its own learning rates; other courses stay.
    courses = tuple(
        word
        for word in plan.hparams.schedules
        if word.partition("=")[0] not in ("learning_rate", "momentum")
    )
    own = {"schedule": "constant", "schedules": courses, **changes}
    plan, state = with_checkpoint(replace(plan, hparams=plan.hparams.replace(**own)))
    trainer = make_trainer(plan.hparams)
    seeded = generators.begin(plan.hparams.seed, trainer.strategy.root_device)
    return build(plan, state, trainer, seeded)


def _lasting() -> dict[str, Any]:
    """Flags of a training that goes on until it is ended, and hardly changes the weights."""
    return {"max_epochs": FOREVER, "max_steps": None, "learning_rate": 1e-9}


def _title(plan: "Plan", **more: Any) -> str:
    h = plan.hparams
    told = {"optimizer": h.optimizer, "seed": h.seed, **more}
    return f"{h.model} on {h.data}, {', '.join(f'{k} {v}' for k, v in told.items())}"


def _plan(words: Sequence[str]) -> "Plan":
    """What the run would do, in one process and without trackers and messages.

    Raises:
        ValueError: the flags are wrong, or not those of one new run; a line for each mistake.
    """
    from project.cli.fields import flag_name
    from project.cli.flags import parse
    from project.cli.spellings import of_command
    from project.main import recorded_flags
    from project.plan import make_plan
    from project.processes.place import place

    try:
        run = parse(words, find=recorded_flags)
    except ValueError as error:
        raise ValueError(of_command(str(error), make_parser())) from None
    told = [name for name in OTHER_BEGINNINGS if getattr(run.hparams, name)]
    lines = [f"{flag_name(name)}: tune tries what a new run begins with" for name in told]
    lines += ["--seeds: give the --seed of one run"] if run.seeds else []
    launcher = place().launcher
    lines += [f"{launcher} has started several processes; tune is one"] if launcher else []
    if lines:
        raise ValueError("\n".join(lines))
    h, alone = run.hparams, {"devices": "1", "nodes": 1}
    if (h.devices, h.nodes) != ("1", 1):
        print("note: tried on one device, with the whole batch", file=sys.stderr)
    silent = {"tracker": ("none",), "neptune_mode": None, "notify": (), "upload": None}
    return make_plan(run._replace(hparams=h.replace(**alone, **silent, notify_every=None)))


if __name__ == "__main__":
    sys.exit(as_process(main))
