"""The flags that a record or a checkpoint holds, and what may be another when their run goes on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.fields import flag_name
from project.cli.roles import FREE_ON_RESUME
from project.files import read_json
from project.hyperparameters import FLAGS, Hyperparameters, section_of
from project.plugs import changes_scores, prefix
from project.provenance.keeping import put_back
from project.provenance.run import SETTLED, status
from project.words.telling import quoted

# What a test takes from the checkpoint; the rest is the command line's.
INHERITED_SECTIONS = ("data", "model", "optimization")


def resumed(
    directory: Path, hparams: Hyperparameters, given: Mapping[str, Any], first: bool
) -> Hyperparameters:
    """The recorded hyperparameters of a run that goes on; what was given must agree with them.

    Args:
        directory: of the run.
        hparams: of the command line.
        given: what a person gave of them, by field name.
        first: whether this process takes the run up; others may find that it has been already.

    Raises:
        ValueError: the run can't be resumed, or was started with other flags.
    """
    _check_state(directory, first)
    record = directory / run_directory.RECORD
    recorded = read_flags(record, read_json(record, "flags")["flags"])
    if contradicting := [*_contradicting(recorded, given)]:
        raise ValueError(
            f"{', '.join(contradicting)}: run {directory.name} was started with another value and"
            f" goes on with it; a new run goes on otherwise from there with --from {directory.name}"
        )
    changed = {name: value for name, value in given.items() if name in FREE_ON_RESUME}
    changed |= {
        "exp_dir": hparams.exp_dir,
        "plugs": _merged(given.get("plugs", {}), recorded.plugs),
    }
    return recorded.replace(**changed)


def _check_state(directory: Path, first: bool) -> None:
    state = status(directory)
    if state in ("running", *SETTLED) and first:
        more = f"; a new run goes on from it with --from {directory.name} --max-epochs TOTAL"
        more *= state in SETTLED and run_directory.last(directory).exists()
        raise ValueError(f"run {directory.name} can't be resumed: it is {state}{more}")
    if state not in ("running", *SETTLED):
        put_back(directory)
    if not run_directory.last(directory).exists():
        raise ValueError(
            f"run {directory.name} can't be resumed: it ended before its first checkpoint;"
            " start anew"
        )


def _contradicting(recorded: Hyperparameters, given: Mapping[str, Any]) -> Iterable[str]:
    """The flags, those of plugs among them, that were given with another value than recorded."""
    for f in FLAGS:
        if f.name in given and f.name not in FREE_ON_RESUME:
            if given[f.name] != getattr(recorded, f.name):
                yield flag_name(f.name)
    now = given.get("callback", recorded.callback)
    if [*filter(changes_scores, now)] != [*filter(changes_scores, recorded.callback)]:
        yield "--callback"
    for plug, settings in given.get("plugs", {}).items():
        known, is_object = recorded.plugs.get(plug, {}), ":" in plug
        before = prefix(recorded.to_values(), plug) if is_object else ""
        for name, value in settings.items():
            # An object's argument that was not given had its own default.
            if known.get(name, None if is_object else value) != value:
                yield flag_name(f"{before}{name}")


def inherited(
    hparams: Hyperparameters, given: Mapping[str, Any], values: Mapping[str, Any], source: Path
) -> Hyperparameters:
    """For a test: the checkpoint's data and model settings, under what the person gave.

    Args:
        hparams: of the command line.
        given: what a person gave of them, by field name.
        values: the flags that the checkpoint holds.
        source: the checkpoint's file.

    Raises:
        ValueError: the checkpoint's flags are none that there are now.
    """
    kept = {k: v for k, v in values.items() if section_of(k) in INHERITED_SECTIONS or k == "seed"}
    # The weights come from the checkpoint; nothing needs to be downloaded.
    own = hparams.to_values() | kept | given | {"pretrained": False}
    own |= {"teacher": list(given.get("teacher", ()))}
    own["plugs"] = _merged(hparams.plugs, _settings(values), given.get("plugs", {}))
    return read_flags(source, own)


def read_flags(source: Path, values: Any) -> Hyperparameters:
    """Hyperparameters out of a file.

    Raises:
        ValueError: what is wrong with them, told as the file's, in one line.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{source} is damaged: its flags are {quoted(values)}, no object")
    try:
        return Hyperparameters.from_values(values)
    except ValueError as error:
        problems = "; ".join(str(error).splitlines())
        # A plug's file may be gone; the run has kept it.
        kept = [p for p in source.parents[:2] if (p / run_directory.PLUGS).is_dir()]
        hints = [f"; what was imported from outside is in {p / run_directory.PLUGS}" for p in kept]
        raise ValueError(
            f"{source} was made with other flags: {problems}{''.join(hints)}"
        ) from error


def _merged(*plugs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings by plug and name; a later one wins."""
    found: dict[str, dict[str, Any]] = {}
    for own in plugs:
        for plug, settings in own.items():
            found[plug] = found.get(plug, {}) | settings
    return found


def _settings(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of a checkpoint's plugs, which others than ours may have damaged."""
    own = values.get("plugs", {})
    whole = isinstance(own, Mapping) and all(isinstance(item, Mapping) for item in own.values())
    return own if whole else {}
