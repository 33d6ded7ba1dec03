"""A sweep from its command to its last line: begun, joined or gone on with, worked on, told."""

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from project.cli.stage import stage
from project.provenance.environment import usable_cpus
from project.run_directory import SWEEPS
from project.search.agenda import Agenda
from project.search.attempts.origin import Origin
from project.search.attempts.probe import data_of, try_once
from project.search.base import Base
from project.search.beginning import (
    agreeing,
    constraints_of,
    new_spec,
    rules_of,
    same_code,
    same_settings,
    without_secrets,
)
from project.search.ending import HEADLINE, tell_end
from project.search.goals import further, reachable
from project.search.order import sampling
from project.search.space import Space, space_of
from project.search.spec import Goal, Spec
from project.search.storage import Storage, open_storage
from project.search.supervision.devices import gpus
from project.search.supervision.mirroring import Mirroring
from project.search.supervision.stopping import Stop
from project.search.supervision.taking_part import take_part
from project.search.values import Objective, Plain
from project.search.verdict import confirmation, ranking
from project.words.telling import did_you_mean, quoted

# What a trial with a pruner imports, Optuna above all.
PRUNING = (
    "project.search.order.pruning",
    "project.search.order.rungs",
    "project.search.order.study",
)
# The base flags, of the words that a person gave or that the sweep has.
ReadBase = Callable[[Sequence[str]], Base]
# The values of the first trials, of what past runs have shown of such a space.
Starts = Callable[[Base, Space, Sequence[Objective]], Sequence[Mapping[str, Plain]]]


def conduct(
    arguments: Namespace, flags: Sequence[str], argv: Sequence[str], read: ReadBase, starts: Starts
) -> int:
    """Do what was asked for; returns the exit code.

    Args:
        arguments: of the command, as `project.sweep` has them.
        flags: of the runs.
        argv: all the words, to be told how it goes on.
        read: reads flags of runs.
        starts: gives the first trials' values.

    Raises:
        ValueError: the input is at fault; nothing was begun.
        OSError: something can't be read or written.
    """
    with ExitStack() as stack:
        stop = Stop(arguments.timeout)
        stack.enter_context(stop.listening())
        return _Part(arguments, argv, stop, stack).take(flags, read, starts)


@dataclass
class _Part:
    """One command's part in a sweep."""

    arguments: Namespace
    argv: Sequence[str]
    stop: Stop
    stack: ExitStack

    def take(self, flags: Sequence[str], read: ReadBase, starts: Starts) -> int:
        """All of it; returns the exit code."""
        storage, own = self._existing(), self.arguments
        told = storage.spec(self.name) if storage else None
        if told is None:
            if own.join or own.report:
                raise ValueError(_no_sweep(self.name, storage))
            base = read(flags)
            without_secrets(flags)
            origin, spec, headline = self._new(base, starts)
            storage = storage or self._opened()
            goal = Goal(reachable(own.trials, spec), own.confirm or 0)
            storage.create(self.name, spec.to_json() | goal.to_json())
            storage.put(self.name, HEADLINE, list(headline))
        else:
            spec, origin = Spec.from_json(told), None
            same = own.join or tuple(flags) == spec.given
            # A report asks for none of the files that the flags name: they may be gone by now.
            base = None if own.report else read(spec.flags if same else flags)
            if own.join:
                same_settings(spec, base)
            elif not own.report:
                agreeing(spec, own, base)
        agenda = _agenda(storage, self.name, spec)
        goal = agenda.goal() if own.join or own.report else further(agenda, own)
        done = own.report or agenda.is_done(goal)
        if not done:
            if origin is None:
                origin = self._origin(base, spec.rules.threads, spec.rules.pruner)
                same_code(spec, base, data_of(origin, base.flags))
                stage("")
            done = take_part(agenda, goal, base, origin, own, self.stop)
        elif not own.report:  # the last one may have died before it could
            Mirroring(storage, self.name)()
        return tell_end(agenda, own, self.argv, self.stop, done)

    @property
    def name(self) -> str:
        """Of the sweep."""
        return self.arguments.join or self.arguments.exp_name

    def _existing(self) -> Storage | None:
        """The storage, if it is there; a file is made for a sweep that can begin, not before."""
        place = self._place()
        there = not isinstance(place, Path) or place.exists()
        return self._opened() if there else None

    def _place(self) -> Path | str:
        given = self.arguments.storage
        if given is None:
            return self.arguments.exp_dir / SWEEPS
        file = given.removeprefix("sqlite:///")
        is_url = "://" in file or file != given and (not file or {*file} & {*":?"})
        return given if is_url else Path(file)

    def _opened(self) -> Storage:
        return self.stack.enter_context(open_storage(self._place(), self._say_away))

    def _say_away(self, line: str) -> None:
        self.stop.at_once = not self.stop.at_once
        print(line, file=sys.stderr, flush=True)

    def _new(self, base: Base, starts: Starts) -> tuple[Origin, Spec, Sequence[str]]:
        """What the sweep is that begins, as far as can be known before PyTorch is loaded at first.

        Returns:
            The process that forks attempts, the spec, and the scores that are shown first.
        """
        own = self.arguments
        if own.trials is None:
            raise ValueError("--trials: how many? (the sweep is new)")
        space = space_of(base.flags, own.search, own.space)
        constraints = constraints_of(own.constraint)
        threads = own.threads or max(1, usable_cpus() // (own.window or own.jobs))
        origin = self._origin(base, threads, own.pruner)
        tried = try_once(origin, base.flags)
        stage("")
        rules = rules_of(own, base, space, threads, constraints, tried.scores)
        first = starts(base, space, rules.objectives)
        return origin, new_spec(base, space, rules, first, tried.data), tried.headline

    def _origin(self, base: Base, threads: int, pruner: str) -> Origin:
        stage("loading torch, and trying the flags")
        flags = [*base.flags, "--exp-dir", str(self.arguments.exp_dir)]
        found = gpus(base.hparams.accelerator)
        modules = PRUNING if pruner != "none" else ()
        return self.stack.enter_context(Origin(threads, flags, found, modules))


def _agenda(storage: Storage, name: str, spec: Spec) -> Agenda:
    space, rules = spec.space, spec.rules
    return Agenda(
        storage,
        name,
        spec,
        lambda history, number: sampling.propose(space, rules, history, number, name),
        lambda trials: ranking.choose(trials, rules),
        lambda jobs: confirmation.winner(confirmation.verdicts(jobs, rules)),
    )


def _no_sweep(name: str, storage: Storage | None) -> str:
    known = storage.names() if storage else []
    there = f"; there are {', '.join(known[:8])}" if known else ""
    return f"there is no sweep {quoted(name)} here{did_you_mean(name, known) or there}"
