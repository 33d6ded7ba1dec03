"""The flags that all trials of a sweep have in common: read, checked, and without a moving part."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.cli.fields import flag_name
from project.cli.flags import Arguments, parse
from project.cli.roles import NEUTRAL_TO_RESULTS
from project.hyperparameters import BY_NAME, Hyperparameters
from project.search.values import CONFIRM, TEST, TRIAL

# What the sweep itself says of each of its runs.
OWN = ("exp_name", "exp_dir")
# What a trial can't be, and what to do instead.
REFUSED = {
    "resume": "a trial is a new run; --from or --checkpoint begin from another one",
    "only_test": "a trial trains",
    "fast_dev_run": "a trial that is no whole run has no score; give --max-epochs or"
    " --limit-batches",
    "nodes": "a trial runs on one machine; others take part with --join NAME",
}
# What no trial's result depends on, so that workers may differ in it.
_FREE = NEUTRAL_TO_RESULTS | {"exp_name", "without", "num_workers", "log_every", "report_examples"}
_FREE |= {"save_logits", "checkpoint_every", "memory_limit"}
# What runs of a kind leave out: nobody looks at the figures of forty trials.
LEFT_OUT = {
    TRIAL: ("test", "progress", "reports"),
    CONFIRM: ("test", "progress"),
    TEST: ("progress",),
}


@dataclass(frozen=True)
class Base:
    """The base command line of `project.run`.

    Attributes:
        given: its words, as a person gave them.
        flags: likewise, with the ids of the runs that they name.
        arguments: what they mean.
    """

    given: tuple[str, ...]
    flags: tuple[str, ...]
    arguments: Arguments

    @property
    def hparams(self) -> Hyperparameters:
        """All values, defaults included."""
        return self.arguments.hparams

    @property
    def settings(self) -> dict[str, Any]:
        """The values that results depend on, as JSON has them."""
        values = self.hparams.to_values()
        return {name: plain(values[name]) for name in sorted(values.keys() - _FREE)}


def plain(value: Any) -> Any:
    """As JSON gives it back."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def read_base(
    flags: Sequence[str],
    exp_dir: Path,
    find: Callable[[str, str], tuple[str, Mapping[str, Any]]],
    name_runs: Callable[[Arguments], Sequence[str]],
) -> Base:
    """Read them.

    Args:
        flags: what a person gave after `--`.
        exp_dir: folder of all runs.
        find: finds the flags of a recorded run, and how to name it whatever runs come.
        name_runs: gives words that name the runs of what was read likewise; checks the rest.

    Raises:
        ValueError: they are wrong, or no trial can have them; one line each.
    """
    pinned = list(_pinned(flags, lambda word: find(str(exp_dir), word)[0]))
    problems = [
        f"{flag_name(name)} stands before --: it is the sweep's"
        for name in OWN
        for word in flags
        if word.partition("=")[0] in (flag_name(name), *(["--name"] if name == OWN[0] else []))
    ]
    problems += [
        f"{word} after --: it ends a run before it begins"
        for word in ("--help", "-h", "--print-config", "--traceback")
        if word in flags
    ]
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    where = ["--exp-dir", str(exp_dir)]
    arguments = parse([*pinned, *where], find=find)
    if problems := list(_unfit(arguments)):
        raise ValueError("\n".join(problems))
    if more := list(name_runs(arguments)):
        pinned += more
        arguments = parse([*pinned, *where], find=find)
    return Base(tuple(flags), tuple(pinned), arguments)


def _pinned(flags: Sequence[str], name: Callable[[str], str]) -> Iterator[str]:
    """The words, of which `--config last` says which run that is: trials make new ones."""
    config = False
    for word in flags:
        if word.startswith("-"):
            flag, equals, value = word.partition("=")
            config = flag == "--config"
            yield f"{flag}={_meant(value, name)}" if config and equals else word
        else:
            yield _meant(word, name) if config else word


def _meant(word: str, name: Callable[[str], str]) -> str:
    """The run's name, if it is one's; what is a file, or wrong, is as it was."""
    if os.path.exists(word) or os.sep in word or word.endswith((".yaml", ".yml")):
        return word
    try:
        return name(word)
    except (ValueError, OSError):
        return word  # told with all else that is wrong


def _unfit(arguments: Arguments) -> Iterator[str]:
    hparams = arguments.hparams
    if arguments.seeds:
        yield "--seeds: a trial is one run; --confirm N runs the best again with N new seeds"
    for name, why in REFUSED.items():
        if getattr(hparams, name) != BY_NAME[name].default:
            yield f"{flag_name(name)} is for no trial: {why}"
    if hparams.devices not in ("1", "auto"):
        yield f"--devices {hparams.devices}: a trial has one device; --jobs N runs N trials at once"


def last_words(base: Base, monitor: str, kind: str) -> list[str]:
    """What comes after the flags of each run of the sweep.

    Args:
        base: of the sweep.
        monitor: the score by which a run keeps its best epoch, if the person said nothing of it.
        kind: of the job.
    """
    words = ["--without", *dict.fromkeys([*base.hparams.without, *LEFT_OUT[kind]])]
    return words if "monitor" in base.arguments.given else [*words, "--monitor", monitor]
