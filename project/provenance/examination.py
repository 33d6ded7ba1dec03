"""All that can be checked of an ended run from its own directory: what holds, and what does not."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from project.files import read_json
from project.provenance import after, proof, score_faults, stages
from project.provenance.confusion import CONFUSION
from project.provenance.inventory import oddities, shared, strays, writable
from project.provenance.keeping import not_kept
from project.provenance.parent_check import parent_check
from project.provenance.record import of_pixels, read_outcome, read_record
from project.provenance.record_faults import record_faults
from project.provenance.run import SETTLED
from project.provenance.sample_faults import sample_faults
from project.provenance.seal import changes, names
from project.provenance.weights_faults import weights_faults
from project.run_directory import JOURNAL, OUTCOME, PREDICTIONS, RUNS, TABLE
from project.words.names import printable, some


class Examination:
    """Checks everything of a run, whatever else is wrong with it.

    Attributes:
        faults: what was changed, or is not so, a line each.
        held: what was compared and is the same, likewise.
        unchecked: what there was nothing to compare with, likewise.
        accepted: changes that a person accepted when the run went on, likewise.
    """

    def __init__(self, run: Path) -> None:
        """
        Args:
            run: the directory.
        """
        self._run = run
        self.faults: list[str] = []
        self.held: list[str] = []
        self.unchecked: list[str] = []
        self.accepted: list[str] = []

    def examine(self, batches: Iterable[list[dict[str, Any]]]) -> None:
        """Fill the lists.

        Args:
            batches: the journal's records, as they are read.
        Raises:
            ValueError: the run has no seal: it never ended, or was recorded by an older version.
            OSError: the directory can't be read.
        """
        self.faults += changes(self._run)
        present = names(self._run)
        self.faults += strays(
            self._run, present.keys() | {OUTCOME} | self._sealed() | after.names(self._run)
        )
        if not (self._run / OUTCOME).is_file():
            return  # what stands there instead was told, and reading it might wait for ever
        try:
            record, outcome = read_record(self._run), read_outcome(self._run)
        except (ValueError, OSError) as error:
            self._note(error)
            return
        self.faults += shared(self._run, [*present, OUTCOME])
        if outcome["status"] in SETTLED:
            self._modes([*present, OUTCOME])
        self._attempt(self._stages)
        self._attempt(self._after)
        for check in (self._record, self._scores, self._weights, self._row):
            self._attempt(lambda check=check: check(record, outcome))
        self._attempt(lambda: self._journal(batches, outcome))
        if not self.faults:
            self.held.insert(0, f"unchanged since it ended ({len(present) + 1} files)")

    def _attempt(self, check: Any) -> None:
        try:
            check()
        except (ValueError, OSError) as error:
            # What can't be read is told, and the other checks go on.
            self._note(error)

    def _note(self, error: ValueError | OSError) -> None:
        text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        line = text.replace(f"{self._run}{os.sep}", "")
        # Several checks may read the same file.
        self.faults += [line] if line not in self.faults else []

    def _modes(self, files: list[str]) -> None:
        """A settled run's files are read-only, unless a copy of all has lost that."""
        found = writable(self._run, files)
        if len(found) == len(files):
            self.unchecked.append(
                f"whether its files were read-only: all {len(files)} can be written, as in a copy"
                " without modes"
            )
            return
        self.faults += [
            f"{printable(name)} can be written; a finished run's files are read-only"
            for name in found
        ]

    def _sealed(self) -> set[str]:
        if not (self._run / OUTCOME).is_file():
            return set()
        try:
            return set(read_json(self._run / OUTCOME, "files")["files"])
        except (ValueError, OSError, TypeError):
            return set()  # told by `changes`

    def _stages(self) -> None:
        self.accepted = stages.accepted(self._run)

    def _after(self) -> None:
        """What was made of the run later, each with a seal of its own."""
        for folder in after.made(self._run):
            name = folder.relative_to(self._run).as_posix()
            if found := after.changes(folder):
                self.faults += [f"{name}/{line}" for line in found]
            elif after.is_of(folder, self._run):
                self.held.append(f"{name} is as it was made of this run")
            else:
                self.unchecked.append(f"{name}: it was made before the run went on, or of another")

    def _record(self, record: dict[str, Any], outcome: dict[str, Any]) -> None:
        self.faults += record_faults(self._run, record, outcome)
        if record.get("parent"):
            compared, line = parent_check(self._run, record)
            {True: self.held, False: self.faults, None: self.unchecked}[compared].append(line)

    def _scores(self, record: dict[str, Any], outcome: dict[str, Any]) -> None:
        test = outcome.get("test") or {}
        if not test:
            return
        compared, faults = proof.check_scores(self._run, of_pixels(record))
        self.faults += [*faults, *proof.count_faults(self._run, self._standing(record), test)]
        if compared and not faults:
            what = f"{len(compared)} test scores equal scikit-learn's of its confusion matrix"
            self.held.append(what)
        means, wrong = sample_faults(self._run, test)
        self.faults += wrong
        if means and not wrong:
            told = some([name.removeprefix("test_") for name in means])
            self.held.append(f"{told} are those of the samples in {PREDICTIONS}")
        compared += means
        # A score of each class counts as one.
        rest = sorted({name.partition("/")[0] for name in test if name not in compared})
        if not (self._run / CONFUSION).is_file():
            self.unchecked.append(
                f"there is no confusion matrix to score {len(rest)} test scores by"
            )
        elif rest:
            self.unchecked.append(f"no confusion matrix gives {some(rest)}")

    def _standing(self, record: dict[str, Any]) -> dict[str, Any]:
        """With the data of the last stage, whose test it is."""
        return stages.standing(record, stages.read_stages(self._run))

    def _weights(self, record: dict[str, Any], outcome: dict[str, Any]) -> None:
        n, faults = weights_faults(self._run, record, outcome)
        self.faults += faults
        if n:
            self.held.append(f"{n} checkpoints hold the recorded weights, flags and classes")
        if lacking := not_kept(outcome):
            self.unchecked.append(f"the weights of {some(lacking)}, which the run has not kept")

    def _row(self, record: dict[str, Any], outcome: dict[str, Any]) -> None:
        folder = self._run.parents[1]
        if odd := oddities(folder, [RUNS]):
            self.unchecked += odd
            return
        n, faults = score_faults.row_faults(folder, record, outcome)
        self.faults += faults
        if n and not faults:
            self.held.append(f"its row in {RUNS} says the same")
        elif not n and not faults:
            self.unchecked.append(f"{folder / RUNS} has no row of it")

    def _journal(self, batches: Iterable[list[dict[str, Any]]], outcome: dict[str, Any]) -> None:
        if not (self._run / JOURNAL).is_file():
            self.unchecked.append(f"there is no {JOURNAL} to compare scores with")
            return
        best = outcome.get("best") or {}
        records = (record for batch in batches for record in batch)
        logged = score_faults.read_logged(self._run, records, best.get("step"))
        if "run_id" in best:
            self.unchecked.append(f"the best scores, of an epoch that {best['run_id']} has logged")
        n, faults = score_faults.score_faults(outcome, logged)
        faults = logged.faults + faults
        self.faults += faults
        if not faults:
            table = f"{TABLE} and " if (self._run / TABLE).is_file() else ""
            self.held.append(
                f"{table}{n} best and test scores are the journal's ({logged.n} records)"
            )
