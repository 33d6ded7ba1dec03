"""The steps of a run: train, then test the best checkpoint; however it ends, that is returned."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

from project.build import Setup
from project.cli.faults import EXPECTED, told
from project.processes import peers
from project.processes.launch import OtherProcesses
from project.processes.place import aloud
from project.processes.signals import Interrupted
from project.run_directory import BEST
from project.search.attempts.giving_up import GiveUp
from project.training.interrupt import Interrupt
from project.training.runtime import keep_memory
from project.training.saving import Checkpoints
from project.training.state import Position
from project.training.weights import SavedWeights


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        status: finished, failed, interrupted or pruned.
        exit_code: for the process.
        error: what went wrong, or why it was pruned, in a line.
        traceback: where in the code, if that is no message for people.
        test: test scores by name.
    """

    status: str = "finished"
    exit_code: int = 0
    error: str | None = None
    traceback: str | None = None
    test: dict[str, float] = field(default_factory=dict)


@dataclass
class Session:
    """One process's part in carrying out a run.

    Attributes:
        setup: what is trained and tested, on what.
        others: the processes that this one has started.
        position: to go on from, for a resumed run.
        only_test: whether the model is tested as it is.
        tests: whether the best checkpoint is tested at the end.
        given_up: what may have ended training as hopeless, if the run is a trial.
        traced: whether an error is told with its traceback.
        weights: of the run's checkpoints, once they are read.
    """

    setup: Setup
    checkpoints: Checkpoints
    interrupt: Interrupt
    others: OtherProcesses
    position: Position | None = None
    only_test: bool = False
    tests: bool = True
    given_up: Sequence[GiveUp] = ()
    traced: bool = False
    weights: SavedWeights = field(default_factory=SavedWeights)

    def run(self) -> Ended:
        """Train and test; an error or a signal becomes part of what is returned."""
        keep_memory()
        try:
            if not self.only_test:
                self._train()
            for hopeless in self.given_up:
                if hopeless.reason:
                    return Ended("pruned", error=hopeless.reason)
            return Ended(test=self._test() if self.tests else {})
        except Interrupted as signal:
            self.interrupt.hold_off()
            if not self.interrupt.stepping:
                # The others wait for this process, and have not agreed on an end.
                peers.tell(self.setup.trainer.global_rank, str(signal))
            return Ended("interrupted", 128 + signal.number, str(signal))
        # `exit()` in a person's code ends no run.
        except (Exception, SystemExit) as error:
            # A launcher that has seen another process fail ends this one, while it finds out why.
            self.interrupt.hold_off()
            if peers.is_loss(error):
                return self._lost(error)
            return self._failed(error)
        finally:
            self.interrupt.hold_off()
            self.others.noticed.set()

    def _failed(self, error: BaseException) -> Ended:
        line, own = told(error)
        trace = traceback.format_exc()
        if self.traced:
            aloud(trace)
        kept = trace if own or not isinstance(error, EXPECTED) else None
        rank = self.setup.trainer.global_rank
        said = rank > 0 and peers.tell(rank, line, kept)
        return Ended("failed", 1, None if said else line, kept)

    def _lost(self, error: BaseException) -> Ended:
        """Another process is gone, or not heard any more; no line where the first tells it."""
        if rank := self.setup.trainer.global_rank:
            folder = self.checkpoints.directory  # unknown until the first process has opened it
            of = f" of run {folder.parent.name}" if folder else ""
            said = peers.tell(rank, None)
            return Ended("failed", 1, None if said else peers.gone(error, f"the first process{of}"))
        why, trace = peers.heard(self.setup.trainer.world_size)
        why = why or self.others.fallen() or peers.gone(error, "another process of the run")
        return self._interrupted(why) or Ended("failed", 1, why, trace)

    def _interrupted(self, line: str) -> Ended | None:
        """How a run ends that another process has left for a signal, before its first step."""
        number = peers.signal_in(line)
        return Ended("interrupted", 128 + number, str(Interrupted(number))) if number else None

    def _train(self) -> None:
        trainer, solver, loaders = self.setup.trainer, self.setup.solver, self.setup.loaders
        if self.position is not None:
            self.position.go_on(solver, trainer, loaders["train"])
        trainer.fit(solver, loaders["train"], loaders["val"])

    def _test(self) -> dict[str, float]:
        trainer, solver = self.setup.trainer, self.setup.solver
        if not self.only_test:
            best = self.weights.load(self.checkpoints.directory / BEST)
            solver.model.load_state_dict(best)
        trainer.test(solver, self.setup.loaders["test"], verbose=False)
        return {k: v for k, v in solver.scores.items() if k.startswith("test_")}
