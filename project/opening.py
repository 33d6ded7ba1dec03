"""How a run begins: its directory and record, or a further stage; told, and followed."""

import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project import models, run_directory
from project.build import Setup
from project.cli import messages
from project.cli.command import describe
from project.cli.kinds import told_of
from project.cli.roles import PER_MACHINE
from project.files.root import ROOT
from project.plan import Plan
from project.processes import seeds
from project.provenance import manifest, plug_files, splits, stages
from project.provenance.code import CodeState, with_imported
from project.provenance.environment import environment, lock_text
from project.provenance.imported import imported_sources
from project.provenance.parents import changed_flags
from project.provenance.ranks import Sheet
from project.provenance.record import make_record
from project.provenance.redact import Redactor
from project.provenance.run import Run
from project.tracking import Followers, ReadyFollowers, RunLogger
from project.training import rates
from project.training.digest import digest
from project.training.origin import course_line
from project.training.weights import made_of
from project.words.names import some


def begin(
    plan: Plan,
    code: CodeState | None,
    argv: Sequence[str],
    setup: Setup,
    state: dict[str, Any] | None,
    followers: ReadyFollowers,
) -> tuple[Run, Followers]:
    """Open the run, say so, and let the trackers follow it; leaves nothing behind that fails."""
    run = open_run(plan, code, argv, setup, state)
    seeds.tell(run.directory)
    try:
        tell_beginning(run, plan, setup)
        following = followers.attach(run.directory)
        setup.trainer.logger = RunLogger(run.directory)
        if plan.resume:
            add_stage(state, code, setup)
    except BaseException as error:
        give_up(run, plan, error)
        raise
    return run, following


def open_run(
    plan: Plan,
    code: CodeState,
    argv: Sequence[str],
    setup: Setup,
    state: Mapping[str, Any] | None,
) -> Run:
    """Make the run's directory and record, or go on with the interrupted run's.

    Raises:
        OSError: the directory can't be written; nothing is left behind.
        ValueError: --require-clean, and a module was imported that no commit has.
    """
    if setup.reopened is not None:
        reopened = setup.reopened.with_imports(imported_sources(ROOT))
        setup.reopened = reopened.with_machine(environment())
    if plan.resume is not None:
        return Run.reopen(plan.resume)
    hparams = plan.hparams
    redactor, sources = Redactor(), imported_sources(ROOT)
    code = with_imported(code, sources, redactor, ROOT)
    if hparams.require_clean:
        code.check_clean(ROOT)
    return Run.create(
        Path(hparams.exp_dir),
        hparams.exp_name,
        _new_record(plan, code, argv, setup, state, sources),
        patch=code.patch,
        requirements=lock_text(redactor),
        plugs=plug_files.contents(code.plugs),
        **_data_files(setup, redactor),
    )


def _new_record(
    plan: Plan,
    code: CodeState,
    argv: Sequence[str],
    setup: Setup,
    state: Mapping[str, Any] | None,
    sources: Mapping[str, str],
) -> dict[str, Any]:
    """What is asked for, by what code, on what data, with what model; and how it begins."""
    model = setup.solver.model
    counts = {"n_parameters": models.n_parameters(model), "n_trainable": models.n_trainable(model)}
    weights = digest(state["model"]) if state else None
    start = {"generators": setup.generators, "made": dict(made_of(state or {})) or None}
    head = {"new_head": list(setup.new_head)} if setup.new_head else {}
    each = setup.there["class_weights"]
    return make_record(
        plan.hparams.to_values(),
        argv,
        code,
        setup.dataset.describe(),
        {"name": plan.hparams.model, **counts, **head},
        environment(),
        start | {"weights": weights, "teachers": setup.teachers},
        Redactor(),
        task=setup.solver.task.describe(),
        scores=setup.scores,
        sources=sources,
        parent=_parent(setup),
        defaults=plan.defaults,
        sweep=plan.member.describe() if plan.member else None,
        class_weights=None if each is None else dict(zip(setup.dataset.classes, each.tolist())),
    )


def _parent(setup: Setup) -> dict[str, Any] | None:
    """What the record says of the run that a new one goes on from."""
    if setup.inherited is None:
        return None
    found = {"changed": list(setup.reopened.changed), "noted": list(setup.reopened.noted)}
    return setup.inherited.describe() | found


def add_stage(state: Mapping[str, Any], code: CodeState, setup: Setup) -> None:
    """Append the stage that begins now to those of the run that goes on.

    Args:
        state: the checkpoint that it goes on from.
        code: state of the sources.
        setup: with what was found when the run was reopened.

    Raises:
        OSError: it can't be written; the run has no such stage then.
    """
    reopened, redactor = setup.reopened, Redactor()
    assert reopened is not None
    stage = {
        "stage": len(reopened.earlier) + 2,
        "began": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "epoch": state["epoch"],
        "step": state["step"],
        "host": socket.gethostname(),
        "changed": list(reopened.changed),
        "noted": list(reopened.noted),
    }
    files: dict[str, bytes | None] = {}
    if reopened.changed:
        machine = {k: v for k, v in environment().items() if k not in ("host", "user")}
        sources = imported_sources(ROOT)
        code = with_imported(code, sources, redactor, ROOT)
        stage |= {"sources": sources, "code": code.describe()}
        stage |= {"data": setup.dataset.describe(), "environment": machine}
        files = {run_directory.PATCH: code.patch} | plug_files.contents(code.plugs)
    if reopened.data_changed:
        told = _data_files(setup, redactor)
        files |= {run_directory.MANIFEST: told["manifest"]}
        files |= {run_directory.SPLITS: told["splits"]}
    stages.add_stage(reopened.directory, redactor.redact_json(stage), files)


def tell_beginning(run: Run, plan: Plan, setup: Setup) -> None:
    """Say what is about to run, and all that a person should know of it by then."""
    hparams, dataset, reopened = plan.hparams, setup.dataset, setup.reopened
    print(setup.layers, file=sys.stderr)
    device = str(setup.trainer.strategy.root_device)
    data = dataset.describe()
    what = f"{hparams.model} on {hparams.data}" if hparams.only_test else ""
    messages.announce(run.directory, what, device, data)
    leaks = dataset.leaks.lines() if dataset.leaks else ()
    meant = plan.is_trial or hparams.train_classes
    absent = () if meant else told_of(dataset.kind).absent(data)
    messages.warn(run.record["code"].get("not_recorded") or (), leaks, absent)
    if plan.resume is None and not hparams.only_test and not plan.is_trial:
        least = max(setup.trainer.world_size, hparams.accumulate)
        messages.show_few_steps(len(dataset.train), hparams.batch_size, least)
    for line in () if hparams.only_test else rates.lines(setup.solver.model, hparams):
        print(line, file=sys.stderr)
    if setup.new_head:
        messages.note([new_head_line(plan, setup)])
    if setup.inherited:
        tell_parent(setup)
    elif reopened:
        messages.show_changes(reopened.changed, reopened.noted)
    if (n := setup.trainer.world_size) > 1:
        messages.show_sharing(
            n, hparams.nodes, hparams.batch_size, hparams.learning_rate, len(dataset.train)
        )


def new_head_line(plan: Plan, setup: Setup) -> str:
    """That the weights of another task's run are taken but for those of the head."""
    return (
        f"the weights are those of --checkpoint {plan.hparams.checkpoint}, whose task is another,"
        f" but for the head, which is new: {some(list(setup.new_head))}"
    )


def tell_parent(setup: Setup) -> None:
    """Say what the new run goes on from, how its learning rate does, and what is another now."""
    inherited, solver, steps = setup.inherited, setup.solver, setup.loaders["train"].steps
    origin, reopened = inherited.origin, setup.reopened
    rate = solver.rate(origin.step)
    messages.show_parent(
        inherited.parent.name,
        (origin.epoch, origin.step),
        inherited.best and inherited.best["epoch"],
        inherited.lacks_best,
        course_line(solver.settings, origin, steps, rate),
        [*reopened.changed, *reopened.noted],
        changed_flags(reopened.record["flags"], solver.settings),
    )


def give_up(run: Run, plan: Plan, error: BaseException) -> None:
    """Leave no run behind that looks as if it went on."""
    if plan.resume is not None:
        run.release()
    else:
        run.finish("failed", error=describe(error), epochs=0, steps=0)


def sheet(plan: Plan, setup: Setup, state: Mapping[str, Any] | None) -> Sheet:
    """What this process, one of several, is about to do.

    Args:
        plan: what it was asked for.
        setup: what it has built for that.
        state: the checkpoint that it starts from, if any.
    """
    flags = {k: v for k, v in plan.hparams.to_values().items() if k not in PER_MACHINE}
    start: dict[str, Any] = {}
    if state is not None and plan.source is not None:
        start = {"weights": digest(state["model"])}
    if state is not None and (run := plan.resume or plan.parent) is not None:
        start |= {"run": run.name, "epoch": state["epoch"], "step": state["step"]}
    if setup.teachers:
        start["teacher"] = " ".join(each["weights"] for each in setup.teachers)
    software = {k: v for k, v in environment().items() if k != "variables"}
    data = setup.dataset.describe()
    return Sheet(socket.gethostname(), flags, start, imported_sources(ROOT), software, data)


def _data_files(setup: Setup, redactor: Redactor) -> dict[str, bytes | None]:
    """What tells of single files and samples of the data; None where there is nothing to tell."""
    files, hashes = setup.dataset.files, setup.dataset.sample_hashes()
    return {
        "manifest": manifest.encode(files.hashes(), redactor) if files else None,
        "splits": splits.encode(hashes) if hashes else None,
    }
