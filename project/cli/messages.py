"""What a run tells the person at its start and at its end."""

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.classes import ByClass
from project.cli.kinds import told_of
from project.cli.shell import as_flags, command, exp_dir_flag, followed_by
from project.cli.stage import draws, stage
from project.cli.summary import outcome_rows, print_summary
from project.files import json_text, read_json
from project.words.names import some
from project.words.paths import brief
from project.words.sizes import size_text

FEW_STEPS = 10  # of an epoch


def announce(directory: Path, what: str, device: str, data: Mapping[str, Any]) -> None:
    """Say on standard error what was not known at once of what is about to run.

    Args:
        directory: of the run.
        what: model and data, where only a checkpoint knew them; else nothing.
        device: as torch names it.
        data: as the record has it: `kind`, `classes` and `counts`.
    """
    counts = ", ".join(f"{n['total']:,} {split}" for split, n in data["counts"].items())
    parts = filter(None, [what, counts, f"on {device}"])
    lines = [f"run {directory.name}: {'; '.join(parts)}", *told_of(data["kind"]).counts(data)]
    print(*lines, sep="\n", file=sys.stderr)


def warn(lacking: Sequence[str], leaks: Iterable[str] = (), others: Iterable[str] = ()) -> None:
    """Say on standard error what makes the run's numbers worth less.

    Args:
        lacking: what the record of the code lacks.
        leaks: a line for each kind of leak between splits.
        others: further lines.
    """
    if lacking:
        print(
            f"warning: the record of the code is not complete: {'; '.join(lacking)}",
            file=sys.stderr,
        )
    for line in leaks:
        print(f"warning: {line}; --refuse-leaks stops such runs", file=sys.stderr)
    for line in others:
        print(f"warning: {line}", file=sys.stderr)


def note(lines: Iterable[str]) -> None:
    """Say on standard error what is good to know of how something was done."""
    for line in lines:
        print(f"note: {line}", file=sys.stderr)


def show_later(kept: Sequence[str], lacking: Sequence[str]) -> None:
    """Say on standard error what of the code was imported when the record was written already.

    Args:
        kept: names of the files in the run's directory that hold it.
        lacking: what is not kept, a line each.
    """
    if kept:
        print(
            f"note: imported only while it ran, and kept as it was at the end: {some(list(kept))}",
            file=sys.stderr,
        )
    warn(lacking)


def show_changes(changed: Sequence[str], noted: Sequence[str]) -> None:
    """Say on standard error what differs from the record of a run that goes on."""
    for line in changed:
        print(f"warning: the run goes on with a change: {line}", file=sys.stderr)
    for line in noted:
        print(f"note: not as recorded: {line}", file=sys.stderr)


def show_parent(
    parent: str,
    at: tuple[int, int],
    best: int | None,
    lacks_best: str | None,
    course: str,
    others: Sequence[str],
    flags: Sequence[str],
) -> None:
    """Say on standard error what a new run goes on from.

    Args:
        parent: the other run's id.
        at: its epochs and steps so far.
        best: the best of these epochs, counted from 0, if it is taken over.
        lacks_best: why it is not.
        course: how the learning rate goes on.
        others: what is another than it was there, a line each.
        flags: those that are others, each with its value there.
    """
    kept = f"; the best is of the epochs to come: {lacks_best}" if lacks_best else ""
    if best is not None:
        kept = f"; its best epoch, {best + 1}, stays the best until one is better"
    print(f"goes on from {parent} after epoch {at[0]} (step {at[1]}){kept}", file=sys.stderr)
    print(course, file=sys.stderr)
    if flags:
        print(f"note: not as it was trained so far: {', '.join(flags)}", file=sys.stderr)
    if others:
        print(f"note: not as it was there: {some(list(others))}", file=sys.stderr)


def show_sharing(n: int, nodes: int, batch_size: int, learning_rate: float, n_train: int) -> None:
    """Say on standard error what several processes make of a step's size and its learning rate.

    Args:
        n: processes.
        nodes: machines.
        batch_size: samples of a step, over all of them.
        learning_rate: as given.
        n_train: samples of the training split.
    """
    last = n_train % batch_size
    where = f" on {nodes} machines, which are waited for," if nodes > 1 else ""
    left_out = f"; the last batch, of {last}, is left out" if 0 < last < n else ""
    print(
        f"{n} processes{where} share each batch of {batch_size}; the learning rate stays"
        f" {learning_rate:g}, whatever their number{left_out}",
        file=sys.stderr,
    )


def show_few_steps(n_train: int, batch_size: int, n: int) -> None:
    """Say on standard error that an epoch has few steps, and which batch size gives more.

    With fewer than `FEW_STEPS`, more than a tenth of the training split goes into each step: the
    mean over so many gains little over that of half as many, and the steps are few.

    Args:
        n_train: samples of the training split.
        batch_size: of a step, over all processes.
        n: the least that a batch can have.
    """
    steps = -(-n_train // batch_size)
    enough = (n_train - 1) // (FEW_STEPS - 1)  # the largest batch that gives so many
    better = 1 << max(enough, 1).bit_length() - 1
    # A batch of one sample is none for batch normalisation.
    if steps >= FEW_STEPS or not max(n, 2) <= better < batch_size:
        return
    are = f"{steps} step{'s' if steps > 1 else ''} an epoch"
    print(
        f"note: only {are} ({n_train:,} samples by {batch_size}); --batch-size {better} gives"
        f" {-(-n_train // better)}",
        file=sys.stderr,
    )


def show_outcome(
    directory: Path,
    n_parameters: int,
    leaks: Sequence[str],
    optimizer: int,
    classes: ByClass | None,
    own: Sequence[str],
    first: Sequence[str],
) -> None:
    """Print the table at the end of a run.

    Args:
        directory: of the run.
        n_parameters: of the model.
        leaks: a line for each kind of leak between splits.
        optimizer: bytes of the optimizer's state in `last.pt`, if it has any.
        classes: what the test says of them, if there was one.
        own: names of the scores that the person's own metrics give.
        first: names of the scores that matter.
    """
    outcome = read_json(directory / run_directory.OUTCOME)
    rows = outcome_rows(outcome, n_parameters, classes, own, first)
    rows += [("leaks", line) for line in leaks]
    if outcome["weights"]:
        rows.append(("kept", kept(directory, outcome, optimizer)))
    rows.append(("run", brief(directory)))
    print_summary(rows, f"{directory.parent.name}: {outcome['status']}")


def show_comparing(directory: Path, served: bool) -> None:
    """Print how to compare a run that has ended.

    Args:
        directory: of the run.
        served: whether `project.serve` shows it.
    """
    where = exp_dir_flag(directory.parents[1])
    commands = [command("compare", *where), *([command("serve", *where)] if served else [])]
    print(followed_by("compare it, here or on the web" if served else "compare it", *commands))


def kept(directory: Path, outcome: Mapping[str, Any], optimizer: int) -> str:
    """The checkpoints that a run has kept, with their sizes, and those that it has not.

    Args:
        directory: of the run.
        outcome: as in `outcome.json`.
        optimizer: bytes of the optimizer's state in `last.pt`, if it has any.
    """
    names = list(outcome["checkpoints"])
    sizes = {n: (directory / run_directory.CHECKPOINTS / n).stat().st_size for n in names}
    texts = [f"{name} {size_text(size)}" for name, size in sizes.items()]
    if optimizer and names[-1:] == [run_directory.LAST]:
        texts[-1] += f" ({size_text(optimizer)} of it the optimizer's state)"
    lacking = [f"not {name}" for name in outcome["weights"] if name not in names]
    return ", ".join([*texts, *lacking]) if texts else "no checkpoint"


def going_on(directory: Path, given: Mapping[str, Any], nodes: int) -> str:
    """How to go on with an interrupted run: the command, as its person's shell takes it.

    Args:
        directory: of the run.
        given: flags that were given to this stage and that no result depends on; those that the
            record doesn't have are needed again.
        nodes: machines.
    """
    if not run_directory.last(directory).exists():
        return "it ended before its first checkpoint: start anew"
    recorded = read_json(directory / run_directory.RECORD, "flags")["flags"]
    again = {k: v for k, v in given.items() if json_text(v) != json_text(recorded.get(k))}
    words = ["--resume", directory.name, *exp_dir_flag(directory.parents[1]), *as_flags(again)]
    if nodes > 1:
        return f"go on: start it on each machine as before, with {shlex.join(words)}"
    return followed_by("go on", command("run", *words))


def show_unsent(unsent: Sequence[str]) -> None:
    """Say on standard error what the trackers still lack, and that it need not be waited for."""
    if unsent and draws():
        names = ", ".join(line.partition(":")[0] for line in unsent)
        stage(f"sending to {names}; Ctrl-C leaves that to the background")
        return
    for line in unsent:
        print(f"sending to {line}; Ctrl-C leaves that to the background", file=sys.stderr)


def show_trackers(where: Sequence[str]) -> None:
    """Say where each tracker shows the run, or what it lacks and how to send that."""
    for line in where:
        print(line, flush=True)
