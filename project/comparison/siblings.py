"""The other seeds of runs, as far as their experiments have them."""

from collections.abc import Sequence

from project.comparison.flat import identity
from project.comparison.groups import together
from project.comparison.loading import KnownRun, check_unchanged, load
from project.comparison.values import setting_of
from project.files import read_json
from project.run_directory import RECORD, runs_in


def siblings(runs: Sequence[KnownRun]) -> list[KnownRun]:
    """The finished runs beside these that differ from one of them in the seed alone.

    Seeds that a setting has already are left out, and so are runs that can't be read or were
    changed: nobody asked for them.
    """
    known = {run.directory.absolute() for run in runs}
    folders = dict.fromkeys(path.parent for path in known)
    wanted = {_asked(run.record["flags"]) for run in runs}
    found = []
    for path in sorted(path for folder in folders for path in runs_in(folder)):
        if path.absolute() in known:
            continue
        try:
            # Of a large experiment, most are told apart by their flags, without reading the rest.
            if _asked(read_json(path / RECORD, "flags")["flags"]) in wanted:
                run = load(path)
                check_unchanged(run)
                found += [run] if run.status == "finished" else []
        except (ValueError, OSError):
            continue
    return together(runs, found)


def _asked(flags: object) -> str:
    return identity(setting_of(flags if isinstance(flags, dict) else {}))
