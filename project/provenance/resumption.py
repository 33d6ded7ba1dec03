"""What a reopened run finds changed: sources, packages, variables and data beside its record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from project.provenance import data_changes, manifest, stages
from project.provenance.code import CodeState
from project.provenance.code_changes import edited_files
from project.provenance.environment import environment, variables
from project.provenance.environment_changes import differing
from project.provenance.imported import hashes_now
from project.provenance.record import read_outcome, read_record
from project.provenance.software import PARTS, Software
from project.provenance.sources import is_source
from project.run_directory import MANIFEST, PATCH, PLUGS, STAGE_FILES
from project.words.names import some

# In one line; the rest is counted.
_MOST = 6


@dataclass(frozen=True)
class Reopened:
    """An interrupted run that is to go on.

    Attributes:
        directory: of the run.
        record: as the last stage left it, see `stages.standing`.
        earlier: the stages so far, but for the first.
        accept: whether the person goes on with what has changed.
        changed: what has changed and bears on results, a line each.
        noted: what else is not as recorded, a line each.
        data_changed: whether the data are others, once they are compared.
    """

    directory: Path
    record: dict[str, Any]
    earlier: Sequence[dict[str, Any]]
    accept: bool
    changed: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    data_changed: bool = False

    def folders_with(self, name: str) -> list[Path]:
        """Where a file of this name tells what was used: the run's, and those of later stages."""
        own = [stages.folder_of(self.directory, stage) for stage in self.earlier]
        return [folder for folder in (self.directory, *own) if (folder / name).exists()]

    def found(self, changed: Sequence[str], noted: Sequence[str] = ()) -> "Reopened":
        """The same, with more that was found.

        Raises:
            ValueError: something has changed, and the person has not accepted that.
        """
        if changed and not self.accept:
            rest = len(changed) - _MOST
            more = f"; and {rest} more" if rest > 0 else ""
            raise ValueError(
                f"run {self.directory.name} can't go on as it was: {'; '.join(changed[:_MOST])}"
                f"{more}; restore that, or add --accept-changes: the run goes on and says so"
            )
        return replace(self, changed=(*self.changed, *changed), noted=(*self.noted, *noted))

    def with_variables(self, root: Path) -> "Reopened":
        """The same, with the variables that are others, once there is a Trainer.

        As when they were recorded, PyTorch and Lightning have set theirs by then.

        Args:
            root: the folder that holds `project/`.

        Raises:
            ValueError: one that changes results is, and the person has not accepted that.
        """
        return self.found(*_software_changes(self.record, {"variables": variables()}, root))

    def with_data(self, now: Mapping[str, Any], files: Mapping[str, str] | None) -> "Reopened":
        """The same, with what has changed of the data.

        Args:
            now: `Data.describe()`.
            files: the hash of each of their files by name, if they have any.

        Raises:
            ValueError: they have changed, and the person has not accepted that.
        """
        known = self.folders_with(MANIFEST)
        then = manifest.read(known[-1]) if known else None
        changed = data_changes.differences(self.record["data"], now, then, files)
        return replace(self.found(changed), data_changed=bool(changed))

    def with_imports(self, names: Iterable[str]) -> "Reopened":
        """The same, with what is imported now and stands beside the packages that were then.

        So does a `numpy.py` in the project's folder, which takes the place of the installed one.
        More modules of a package that the run knew are imported by its own, unchanged sources.

        Args:
            names: of the files, see `imported_sources`.

        Raises:
            ValueError: there is such a file, and the person has not accepted that.
        """
        then = self.record["sources"]
        known = {Path(name).parts[0] for name in then}
        new = [name for name in names if then and Path(name).parts[0] not in known]
        # A debugger's are elsewhere.
        beside = [f"{name} is imported now" for name in new if not Path(name).is_absolute()]
        elsewhere = [f"{name} is imported now" for name in new if Path(name).is_absolute()]
        return self.found(beside, elsewhere)

    def with_machine(self, now: Mapping[str, Any]) -> "Reopened":
        """The same, with a note of each thing that is another of machine and PyTorch's settings.

        Args:
            now: `environment()`, with torch loaded.
        """
        then = self.record["environment"]
        # Nothing is known of what one of them lacks, as without torch.
        both = [k for k in then.keys() & now.keys() - set(PARTS) if then[k] and now[k]]
        found = differing({k: then[k] for k in both}, {k: now[k] for k in both})
        return self.found((), [difference.line for difference in found])


def reopen(directory: Path, root: Path, code: CodeState | None, accept: bool) -> Reopened:
    """Compare what can be before torch is loaded: sources and packages.

    Args:
        directory: of the run.
        root: the folder that holds `project/`.
        code: the present state of the sources; None in a process that doesn't record it.
        accept: whether the person goes on with what has changed.

    Raises:
        ValueError: something has changed that the person has not accepted, or a file is damaged.
        OSError: a file can't be read.
    """
    earlier = stages.read_stages(directory)
    record = stages.standing(read_record(directory), earlier)
    run = Reopened(directory, record, earlier, accept)
    then, kept = _imported_then(run)
    changed = source_changes(then, root, kept)
    noted: list[str] = []
    if code is not None:
        more, noted = _other_changes(run, code, root)
        changed += more
    now = {k: v for k, v in environment().items() if k != "variables"}
    more, others = _software_changes(record, now, root)
    return run.found([*changed, *more], [*noted, *others])


def source_changes(
    then: Mapping[str, str], root: Path, kept: Mapping[str, str] | None = None
) -> list[str]:
    """Which of the sources that a run has imported are others now, a line each.

    Args:
        then: the hash of each by its name.
        root: that they are named from.
        kept: where in the run's directory the copy of one is, by the same.
    """
    now, kept = hashes_now(list(then), root), kept or {}
    return [
        f"{name} {'changed' if now[name] else 'is gone'}"
        + (f" (as it was: {kept[name]})" if name in kept else "")
        for name in then
        if now[name] != then[name]
    ]


def _imported_then(run: Reopened) -> tuple[dict[str, str], dict[str, str]]:
    """The sources that the run has imported, those after its record was written too, by name.

    Returns:
        The hash of each; and where in the run's directory the copies of some are.
    """
    outcome, told = read_outcome(run.directory) or {}, run.record["code"].get("plugs") or {}
    own = [stage for stage in run.earlier if "code" in stage]
    folder = f"{STAGE_FILES}/{own[-1]['stage']}/" if own else ""
    kept = {about["path"]: f"{folder}{PLUGS}/{name}" for name, about in told.items()}
    more = outcome.get("plugs") or {}
    kept |= {about["path"]: f"{PLUGS}/{name}" for name, about in more.items()}
    return run.record["sources"] | (outcome.get("sources") or {}), kept


def _software_changes(
    record: Mapping[str, Any], now: Mapping[str, Any], root: Path
) -> tuple[list[str], list[str]]:
    """What differs of the software as far as `now` tells of it: what is refused, what is noted."""
    software, changed, noted = Software(root, list(record["sources"])), [], []
    then = {k: v for k, v in record["environment"].items() if k in now}
    for difference in software.differing(then, now):
        (changed if software.matters(difference) else noted).append(difference.line)
    return changed, noted


def _other_changes(run: Reopened, code: CodeState, root: Path) -> tuple[list[str], list[str]]:
    """What has changed of files that are not known as imported: what is refused, what is noted."""
    then, folders = run.record["code"], run.folders_with(PATCH)
    patch = (folders[-1] / PATCH).read_bytes() if then["patch"] and folders else b""
    edited = edited_files(then, patch, code, root)
    known = bool(run.record["sources"])
    if edited is None:
        line = f"code: {_state(then['sha'])} -> {_state(code.sha)}"
        return ([], [line]) if known else ([line], [])
    used = {f"{code.folder}/{name}".removeprefix("./") for name in run.record["sources"]}
    others = [name for name in edited if name not in used]
    # Older records don't say what was imported: a source counts as such, unless it is a test.
    bears = [n for n in others if not known and is_source(n) and not n.startswith("tests/")]
    noted = [name for name in others if name not in bears]
    return (
        [f"{name} changed" for name in bears],
        [f"edited, but not imported by the run: {some(noted)}"] if noted else [],
    )


def _state(sha: str | None) -> str:
    return f"commit {sha[:12]}" if sha else "no commit"
