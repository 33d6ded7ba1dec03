"""What a command line asks for: a new run, perhaps from another one, one to resume, or a test."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project import run_directory
from project.cli.fields import flag_name
from project.cli.flags import Arguments
from project.cli.roles import FREE_ON_RESUME, NOT_REPEATED
from project.files.root import ROOT
from project.hyperparameters import Hyperparameters
from project.plugs import texts
from project.processes.place import place, settle
from project.provenance.find import find_run
from project.provenance.keeping import why_not_kept
from project.provenance.recorded_flags import inherited, resumed
from project.search.membership import Membership, own
from project.tracking.checkpoints import check as check_upload
from project.tracking.choice import asked

if TYPE_CHECKING:
    from project.notification.services import Service
    from project.provenance.code import CodeState
    from project.provenance.resumption import Reopened


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        hparams: of the run.
        given: the values that the person gave, by field name.
        trackers: names of the trackers that the run is sent to.
        resume: directory of the run to go on with.
        parent: directory of the run that a new one goes on from.
        reopened: what was found when one of these was compared with its record; see `compared`.
        weights: checkpoint file to start from, or to test.
        traced: whether each error is told with its traceback.
        defaults: the plug whose own default a flag has, by the flag's name.
        services: that messages go to, if this is the first process.
        notes: what is to be said of that.
        member: whose trial the run is, if a sweep has started it.
    """

    hparams: Hyperparameters
    given: dict[str, Any]
    trackers: tuple[str, ...]
    resume: Path | None = None
    weights: Path | None = None
    parent: Path | None = None
    reopened: "Reopened | None" = None
    traced: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    services: "tuple[Service, ...]" = ()
    notes: tuple[str, ...] = ()
    member: Membership | None = None

    @property
    def source(self) -> Path | None:
        """The checkpoint file to start from, if any."""
        run = self.resume or self.parent
        return run_directory.last(run) if run else self.weights

    @property
    def of_this_stage(self) -> dict[str, Any]:
        """What was given to this stage alone, and that no result depends on, by field name."""
        own = FREE_ON_RESUME - NOT_REPEATED
        return {name: value for name, value in self.given.items() if name in own}

    @property
    def is_trial(self) -> bool:
        """Whether it only tries whether all works, on a part of the data or made-up ones."""
        h = self.hparams
        return bool(h.fast_dev_run or h.overfit_batches or h.limit_batches or h.data == "synthetic")

    def compared(self, code: "CodeState | None") -> "Plan":
        """For a run to go on with, or from: what has changed of sources and software since.

        Args:
            code: state of the sources, in the process that records it.

        Raises:
            ValueError: something has that bears on results, and `--accept-changes` is not given;
                a new run has a record of its own, which tells.
            OSError: a file can't be read.
        """
        if (run := self.resume or self.parent) is None:
            return self
        from project.provenance.resumption import reopen  # 20 ms that a new run need not pay

        found = reopen(run, ROOT, code, self.hparams.accept_changes or self.resume is None)
        return replace(self, reopened=found)

    def inherit(self, values: Mapping[str, Any]) -> "Plan":
        """For a test: with the settings of data and model that the checkpoint holds."""
        return replace(self, hparams=inherited(self.hparams, self.given, values, self.source))

    def marked(self, marks: Mapping[str, Sequence[str]]) -> "Plan":
        """For a new run: with what its file of weights says is shared and frozen in it."""
        own = {
            n: (*dict.fromkeys((*more, *getattr(self.hparams, n))),) for n, more in marks.items()
        }
        notes = [f"{flag_name(name)} {' '.join(more)}" for name, more in marks.items()]
        if place().is_first:
            print(f"note: as {self.weights} says: {' '.join(notes)}", file=sys.stderr)
        return replace(self, hparams=self.hparams.replace(**own))


def make_plan(arguments: Arguments) -> Plan:
    """Find the run or checkpoint that `arguments` name and check what can be known without torch.

    Raises:
        ValueError: there is no such run, it can't be resumed, flags contradict it, or a tracker
            lacks its settings.
        OSError: the folder of runs can't be written, or the checkpoint can't be read.
    """
    hparams, given = arguments.hparams, arguments.given
    resume = weights = parent = None
    if hparams.fast_dev_run:
        hparams = hparams.replace(max_epochs=1, limit_batches=1, tracker=("none",))
    if run_id := checkpoint_run(hparams):
        # The record needs its id: what `last` is has changed when the run is reproduced.
        hparams = hparams.replace(checkpoint=run_id)
        given = given | {"checkpoint": run_id}
    if hparams.teacher:
        hparams = hparams.replace(teacher=_teachers(hparams))
        given = given | {"teacher": hparams.teacher}
    if hparams.only_test:
        weights = _weights(hparams, hparams.checkpoint or hparams.resume)
    elif hparams.resume is not None:
        _check_alone(given)
        resume = find_run(Path(hparams.exp_dir), hparams.resume, given.get("exp_name"))
        hparams = resumed(resume, hparams, given, place().is_first)
    elif hparams.from_ is not None:
        parent = _parent(hparams)
    elif hparams.checkpoint is not None:
        weights = _weights(hparams, hparams.checkpoint)
    _check_writable(Path(hparams.exp_dir))
    hparams = settle(hparams, frozenset(given) | ({"devices", "nodes"} if resume else set()))
    trackers, traced = _trackers(hparams), arguments.traceback
    defaults = arguments.defaults
    services, notes = _services(hparams, arguments.addresses)
    notes = (*notes, *(check_upload(hparams.upload, trackers) if hparams.upload else ()))
    notes = (*notes, *texts.notes([("model", hparams.model)], hparams.plugs))
    more = traced, defaults, services, notes
    return Plan(hparams, given, trackers, resume, weights, parent, None, *more, own())


def _services(
    hparams: Hyperparameters, addresses: Sequence[str]
) -> "tuple[tuple[Service, ...], Sequence[str]]":
    """Where messages go, and what is to be said of it; a resumed run's record has no address.

    Those of a sweep's forty trials would help nobody.
    """
    if not hparams.notify or not place().is_first or own():
        return (), []
    from project.cli.addresses import masked
    from project.notification.services import resolve

    given = [word for word in addresses if masked(word) in hparams.notify]
    known = {masked(word) for word in given}
    return resolve([*given, *(w for w in hparams.notify if w not in known)], os.environ)


def _trackers(hparams: Hyperparameters) -> tuple[str, ...]:
    """The trackers that the run is sent to; their settings are checked."""
    return asked(hparams.tracker, hparams.neptune_mode, hparams.exp_name)


def _weights(hparams: Hyperparameters, reference: str) -> Path:
    """A checkpoint file, or the best one of a run."""
    if not _names_a_run(reference) and not os.path.isdir(reference):
        return Path(reference)
    directory = find_run(Path(hparams.exp_dir), reference)
    path = run_directory.best(directory)
    if not path.exists():
        raise ValueError(
            why_not_kept(directory, run_directory.BEST)
            or f"{reference!r} has no best checkpoint: it ended before its first validation"
        )
    return path


def pinned(hparams: Hyperparameters) -> list[str]:
    """The words that name the runs of `--checkpoint` and `--teacher` as they are now.

    Raises:
        ValueError: there is no such run.
    """
    words = ["--checkpoint", run_id] if (run_id := checkpoint_run(hparams)) else []
    return [*words, "--teacher", *_teachers(hparams)] if hparams.teacher else words


def _teachers(hparams: Hyperparameters) -> tuple[str, ...]:
    """The ids of the runs that `--teacher` names; what is a file, or a folder, stays as it is.

    Raises:
        ValueError: there is no such run, or it has no best checkpoint.
    """
    found = []
    for reference in hparams.teacher:
        try:
            path = _weights(hparams, reference)
        except ValueError as error:
            raise ValueError(f"--teacher {reference}: {error}") from error
        found.append(path.parents[1].name if _names_a_run(reference) else reference)
    return tuple(found)


def checkpoint_run(hparams: Hyperparameters) -> str | None:
    """The id of the run that `--checkpoint` names as it is now, if it names one.

    Raises:
        ValueError: there is no such run.
    """
    if not (reference := hparams.checkpoint) or not _names_a_run(reference):
        return None
    return find_run(Path(hparams.exp_dir), reference).name


def _names_a_run(reference: str) -> bool:
    """Whether it is no path; what is no file, or not there, is told as such when it is read."""
    return not reference.endswith(".pt") and not os.path.lexists(reference)


def _check_alone(given: Mapping[str, Any]) -> None:
    """Refuse other beginnings beside `--resume`; the run itself may have had one of them."""
    reasons = {
        "checkpoint": "a resumed run has its own weights",
        "from_": "a new run that goes on from another, or the same one",
    }
    told = [
        f"--resume and {flag_name(name)} exclude each other: {why}"
        for name, why in reasons.items()
        if given.get(name)
    ]
    if told:
        raise ValueError("\n".join(told))


def _parent(hparams: Hyperparameters) -> Path:
    """The run that a new one goes on from, as far as can be told before PyTorch is loaded."""
    from project.provenance.parents import check_parent

    directory = find_run(Path(hparams.exp_dir), hparams.from_)
    check_parent(directory, hparams)
    return directory


def _check_writable(folder: Path) -> None:
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise ValueError(f"--exp-dir {str(folder)!r}: {existing} is a file; give another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(
            f"--exp-dir {str(folder)!r} can't be written: no permission for {existing};"
            " give another folder"
        )
