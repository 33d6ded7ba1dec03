"""What a run tells the person at its start and at its end."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from project import models
from project.build import SPLITS, Parts
from project.callbacks.summary import outcome_rows, print_summary
from project.files import json_text, read_json
from project.hyperparameters import Hyperparameters
from project.plan import FREE_ON_RESUME, Plan
from project.provenance.run import Run
from project.session import Ended
from project.shell import as_flags, command, exp_dir_flag

# Flags of one stage that the next one does not need.
NOT_REPEATED = {"resume", "exp_dir", "accept_changes"}


def announce(run: Run, plan: Plan, parts: Parts) -> None:
    """Say on standard error what is about to run, on what."""
    dataset, model = parts.dataset, parts.solver.model
    counts = ", ".join(f"{len(getattr(dataset, split)):,} {split}" for split in SPLITS)
    print(models.summary(model, dataset.shape), file=sys.stderr)
    print(
        f"{'going on with ' if plan.resume else ''}{run.directory}: {plan.hparams.model} on"
        f" {dataset.name} ({counts}; {named(dataset.classes)}), on"
        f" {parts.trainer.strategy.root_device}",
        file=sys.stderr,
    )
    if lacking := run.record["code"].get("not_recorded"):
        what = "; ".join(lacking)
        print(f"warning: the record of the code is not complete: {what}", file=sys.stderr)
    for line in dataset.leaks.lines() if dataset.leaks else ():
        print(f"warning: {line}; --refuse-leaks stops such runs", file=sys.stderr)
    for line in accepted_and_noted(parts):
        print(line, file=sys.stderr)
    if parts.trainer.world_size > 1:
        print(sharing(plan.hparams, parts), file=sys.stderr)


def named(classes: Sequence[str]) -> str:
    """How many classes there are and what they are called, the first of many and the last."""
    names = [name if len(name) <= 20 else f"{name[:17]}..." for name in classes]
    if len(names) > 6:
        names = [*names[:4], "...", names[-1]]
    return f"{len(classes)} classes: {', '.join(names)}"


def accepted_and_noted(parts: Parts) -> list[str]:
    """What has changed since the record of a run that goes on, a line each."""
    if parts.reopened is None:
        return []
    return [
        *(f"warning: the run goes on with a change: {line}" for line in parts.reopened.changed),
        *(f"note: not as recorded: {line}" for line in parts.reopened.noted),
    ]


def sharing(hparams: Hyperparameters, parts: Parts) -> str:
    """What several processes make of a step's size and its learning rate, in a line."""
    n, last = parts.trainer.world_size, len(parts.dataset.train) % hparams.batch_size
    where = f" on {hparams.nodes} machines, which are waited for," if hparams.nodes > 1 else ""
    left_out = f"; the last batch, of {last}, is left out" if 0 < last < n else ""
    return (
        f"{n} processes{where} share each batch of {hparams.batch_size}; the learning rate stays"
        f" {hparams.learning_rate:g}, whatever their number{left_out}"
    )


def show(run: Run, plan: Plan, ended: Ended, parts: Parts) -> None:
    """Print the table at the end, and what to do next."""
    n_parameters = models.n_parameters(parts.solver.model)
    rows = outcome_rows(read_json(run.directory / "outcome.json"), n_parameters)
    if leaks := parts.dataset.leaks:
        rows += [("leaks", line) for line in leaks.lines(named=False)]
    rows.append(("run", str(run.directory)))
    place = exp_dir_flag(run.directory.parents[1])
    rows.append(("compare", command("compare", *place)))
    rows.append(("on the web", command("serve", *place)))
    print_summary(rows, f"{run.directory.name}: {ended.status}")
    if ended.status == "interrupted":
        print(going_on(run.directory, plan))
    elif ended.error:
        print(f"error: {ended.error}", file=sys.stderr)


def going_on(directory: Path, plan: Plan) -> str:
    """How to go on with an interrupted run: the command, as its person's shell takes it."""
    if not (directory / "checkpoints" / "last.pt").exists():
        return "it ended before its first checkpoint: start anew"
    recorded = read_json(directory / "record.json", "flags")["flags"]
    # The rest is recorded. What was given to this stage alone is needed again.
    own = {
        name: value
        for name, value in plan.given.items()
        if name in FREE_ON_RESUME - NOT_REPEATED
        and json_text(value) != json_text(recorded.get(name))
    }
    words = ["--resume", directory.name, *exp_dir_flag(directory.parents[1]), *as_flags(own)]
    if plan.hparams.nodes > 1:
        return f"go on: start it on each machine as before, with {shlex.join(words)}"
    return f"go on: {command('run', *words)}"


def show_unsent(unsent: Sequence[str]) -> None:
    """Say on standard error what the trackers still lack, and that it need not be waited for."""
    for line in unsent:
        print(f"sending to {line}; Ctrl-C leaves that to the background", file=sys.stderr)


def show_trackers(where: Sequence[str]) -> None:
    """Say where each tracker shows the run, or what it lacks and how to send that."""
    for line in where:
        print(line, flush=True)
