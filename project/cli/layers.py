"""Where values come from besides the command line: the environment, config files, recorded runs."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from project.cli.fields import convert, is_tuple
from project.cli.shorthand import GPUS, written_out
from project.hyperparameters import ALL_NAMES, BY_NAME, FLAGS, SHORT
from project.plugs import KINDS

# Place, name and value of what was set somewhere; `plugs` of a run's are by plug and name.
Item = tuple[str, str, Any]
# The name of an item with the arguments of objects, by what was chosen and their names.
ARGS = "args"
# The flags of a run that RUN means among those of a folder, and how to name it from now on.
FindFlags = Callable[[str, str], tuple[str, Mapping[str, Any]]]


class Layers:  # as a dataclass it would cost --help a millisecond
    """What was set besides the command line; later ones win.

    Attributes:
        environment: by variables.
        parent: by the run that `--from` names.
        files: by the files and runs of `--config`, in their order.
        reference: what names the run of `--from`, wherever it is read; None: there is none.
        exp_dir: where runs are.
        problems: what could not be read, a line each.
    """

    def __init__(self, environment: list[Item]) -> None:
        self.environment = environment
        self.parent: list[Item] = []
        self.files: list[Item] = []
        self.reference: str | None = None
        self.exp_dir = ""
        self.problems: list[str] = []

    @classmethod
    def read(
        cls, line: Mapping[str, Any], environ: Mapping[str, str], find: FindFlags | None
    ) -> "Layers":
        """Those that a command line asks for.

        Args:
            line: what stands there.
            environ: the environment.
            find: finds recorded runs; None: there are none.
        """
        found = cls(list(_from_environment(environ)))
        names = line.get("config", ())
        # Where runs are may stand in a file behind them.
        files = {name: found._entries(name) for name in names if not find or _is_path(name)}
        known = [*found.environment, *(item for items in files.values() for item in items)]
        found.exp_dir = exp_dir = _latest("exp_dir", known, line)
        for name in names:
            found.files += files[name] if name in files else found._run(name, exp_dir, find)
        if find and (parent := _latest("from", found.files, line)) is not None:
            found._follow(parent, exp_dir, find)
        return found

    def taken_up(self, line: Mapping[str, Any], find: FindFlags | None) -> Mapping[str, Any]:
        """The flags of the run that a command line resumes or tests, whose plugs are chosen then.

        {} where it names none, or none that can be read: that is told when it is taken up.
        """
        for name in ("resume", "checkpoint"):
            reference = _latest(name, self.files, line)
            if find is None or reference is None:
                continue
            try:
                # A checkpoint's file lies two levels below its run.
                run = os.path.dirname(os.path.dirname(reference))
                return find(self.exp_dir, run if reference.endswith(".pt") else reference)[1]
            except (ValueError, OSError):
                continue
        return {}

    def _entries(self, path: str) -> list[Item]:
        """Those of a config file; a name without a value says nothing."""
        from project.cli.config import read_config  # only with --config, as PyYAML
        from project.cli.curves import KNOWN

        try:
            bounds = {name: BY_NAME[name].metadata["bounds"] for name in KNOWN}
            entries = read_config(path, SHORT, KINDS, bounds)
        except (ValueError, OSError) as error:
            told = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
            self.problems.append(told)
            return []
        self.problems += [line for entry in entries for line in entry.faults]
        entries = [entry for entry in entries if not entry.faults]
        told = {e.name: e for e in entries if e.value is not None or e.name not in ALL_NAMES}
        values, contradiction = written_out({name: entry.value for name, entry in told.items()})
        if contradiction:
            self.problems.append(f"{told[GPUS].position}: {contradiction}")
        items = [
            (told.get(name, told.get(GPUS)).position, name, value) for name, value in values.items()
        ]
        return [each for item in items for each in self._apart(*item)]

    def _apart(self, position: str, name: str, value: Any) -> Iterator[Item]:
        """What a file says of a flag; of objects their arguments apart."""
        if name not in KINDS:
            yield position, name, value
            return
        from project.cli.objects import apart  # which few files need

        try:
            value, args = apart(value)
        except ValueError as error:
            self.problems.append(f"{position}: {name}: {error}")
            return
        yield position, name, value
        yield from [(position, ARGS, args)] if args else []

    def _run(self, name: str, exp_dir: str, find: FindFlags) -> list[Item]:
        """Those of a run whose flags `--config` asks for."""
        try:
            reference, flags = find(exp_dir, name)
        except (ValueError, OSError) as error:
            self.problems.append(
                f"--config {name}: there is no such file, and no such run: {error}"
            )
            return []
        return [(f"run {reference}", *item) for item in flags.items()]

    def _follow(self, parent: str, exp_dir: str, find: FindFlags) -> None:
        try:
            self.reference, flags = find(exp_dir, parent)
        except (ValueError, OSError) as error:
            self.problems.append(f"--from: {error}")
            return
        self.parent = [(f"run {self.reference}", *item) for item in flags.items()]


def _is_path(name: str) -> bool:
    """Whether `--config NAME` is a file: one that is there, or that can be nothing else."""
    if os.path.isdir(name):
        return False
    return os.path.exists(name) or os.sep in name or name.endswith((".yaml", ".yml"))


def _latest(name: str, items: Iterable[Item], line: Mapping[str, Any]) -> Any:
    """The value that a flag will have, as a text; its default where nothing sets it."""
    f = BY_NAME[name]
    value = line.get(name, next((v for _, n, v in reversed(list(items)) if n == name), f.default))
    try:
        return convert(f, value)
    except ValueError:
        return f.default  # told when all is read


def expanded(items: Sequence[Item], own: Mapping[str, Any]) -> Iterator[Item]:
    """The items, with those of a run's plugs that are plugs' own flags now, too.

    What a file gives as argument of an object may be one of these; all others stay `ARGS`.

    Args:
        items: as read.
        own: flags that the chosen plugs have themselves, by name.
    """
    for source, name, value in items:
        if name not in ("plugs", ARGS) or not isinstance(value, Mapping):
            yield source, name, value
            continue
        others = {}
        for plug, kept in value.items():
            values = dict(kept) if isinstance(kept, Mapping) else {}
            for setting in own.values():
                if setting.name in values and setting.plug == plug.partition(":")[0]:
                    yield source, setting.name, values.pop(setting.name)
            if name == ARGS or ":" in plug:
                others[plug] = values
        yield source, ARGS, others


def _from_environment(environ: Mapping[str, str]) -> Iterator[Item]:
    """Variable, field and value of each that is set; an empty one says nothing."""
    for f in FLAGS:
        if value := environ.get(f.metadata.get("env", "")):
            yield f.metadata["env"], f.name, value.split() if is_tuple(f) else value
