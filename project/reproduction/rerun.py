"""A recorded run's command, run once more with its own code, flags and environment variables."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project.cli.config import config_text
from project.files import read_json
from project.files.root import ROOT
from project.plugs import chosen
from project.plugs.objects import as_config
from project.provenance.repetitions import tag
from project.reproduction.expected import Recorded
from project.reproduction.overheard import Overheard
from project.run_directory import JOURNAL, OUTCOME, RECORD, runs_in
from project.tracking.records import read

# Reads the record's flags from standard input, and writes what data and environment are now.
_SURVEY = (
    "import json, sys; from project.data import prepare;"
    " from project.hyperparameters import Hyperparameters;"
    " from project.provenance.environment import environment;"
    " data = prepare(Hyperparameters.from_values(json.load(sys.stdin)));"
    # Older code knows of no files.
    " files = getattr(data, 'files', None) if data.hash != sys.argv[1] else None;"
    " print(json.dumps([data.describe(), environment(), files and dict(files.hashes())]))"
)
# It is sent when its code's temporary folder is gone, with the verdict.
_UNSENT = ("--tracker", "none")


def survey(
    run: Recorded, tree: Path, environ: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str] | None]:
    """What the recorded code makes of the data and the machine here: `data` and `environment`.

    Where the data are others, also the hash of each of their files by name, if they have any.

    Raises:
        ValueError: the data can't be read.
    """
    flags = {**run.record["flags"], "data_dir": here(run.record["flags"]["data_dir"])}
    done = subprocess.run(
        [sys.executable, "-c", _SURVEY, run.record["data"]["hash"]],
        cwd=tree,
        env=environ,
        input=json.dumps(flags),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["failed"])[-1]
        raise ValueError(f"the run's data can't be read here: {reason}")
    data, environment, files = json.loads(done.stdout.splitlines()[-1])
    return data, environment, files


def rerun(
    run: Recorded,
    tree: Path,
    environ: dict[str, str],
    exp_dir: Path,
    epochs: int | None,
    forced: Sequence[str],
) -> Path:
    """Run it again, as a new run in the same experiment, tagged with the one it reproduces.

    Args:
        run: the run to reproduce.
        tree: the folder that holds its code.
        environ: the environment variables to run it with.
        exp_dir: holds all experiments.
        epochs: after how many to stop; None: at its own end.
        forced: flags that win over the recorded ones.
    Returns:
        The new run's directory.
    Raises:
        ValueError: the command did not get as far as making a run, or the run failed.
    """
    experiment = exp_dir / run.record["exp_name"]
    with tempfile.TemporaryDirectory(prefix="reproduce-flags-") as folder:
        config = Path(folder, "flags.yaml")
        config.write_text(_flags(run, exp_dir), encoding="utf-8")
        began = time.time()
        with _started(["--config", str(config), *forced, *_UNSENT], tree, environ) as process:
            overheard = Overheard(process.stderr)
            if epochs is not None:
                _stop_after(process, epochs, experiment, str(config), began)
            code = process.wait()
        errors = overheard.errors()
        directory = _find(experiment, str(config), began)
    if directory is None:
        raise ValueError(
            "\n".join([f"the run could not be started again (exit code {code}):", *errors])
        )
    status = read_json(directory / OUTCOME, "status")["status"]
    expected = {"finished", run.status} | ({"interrupted"} if epochs is not None else set())
    if status not in expected:
        raise ValueError(f"the reproduction {directory.name} {status}, see {directory}")
    return directory


@contextmanager
def _started(
    flags: Sequence[str], tree: Path, environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The run's process; if the block raises, it is told to end, and waited for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "project.run", *flags],
        cwd=tree,
        env=environ,
        stdin=subprocess.DEVNULL,
        # Its own report would read like this command's.
        stdout=subprocess.DEVNULL,
        # So would what it says meanwhile, as of the signal that ends it after `--epochs`.
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def _flags(run: Recorded, exp_dir: Path) -> str:
    """The recorded flags as a configuration file, with the paths of now."""
    flags = as_config(_without_trackers(run.record["flags"]))
    flags |= {"exp_dir": str(exp_dir.resolve()), "exp_name": run.record["exp_name"]}
    # Whoever reproduces it waits for the verdict.
    flags |= {"notify": None, "notify_every": None}
    flags |= {"tags": [*run.record["tags"], tag(run.run_id)], "resume": None}
    flags["data_dir"] = here(flags["data_dir"])
    # The code is put together as it was, which need not be as a commit has it.
    flags |= {"require_clean": False} if flags.get("require_clean") else {}
    if flags.get("checkpoint") and os.path.exists(path := here(flags["checkpoint"])):
        flags["checkpoint"] = path  # otherwise it names a run
    if flags.get("teacher"):
        paths = {name: here(name) for name in flags["teacher"]}
        flags["teacher"] = [p if os.path.exists(p) else name for name, p in paths.items()]
    return config_text({k: v for k, v in flags.items() if v is not None})


def _without_trackers(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags without those of the trackers' own, which `--tracker none` doesn't know."""
    names = chosen(flags)
    alone = names.pop("tracker") - set().union(*names.values())
    own = {name: values for name, values in flags.get("plugs", {}).items() if name not in alone}
    return {**flags, "plugs": own}


def here(path: str) -> str:
    """A relative path as it was meant: below where the person stands, or the project's folder.

    Not below the temporary one, from which the run is started.
    """
    below = ROOT / path
    return str(below) if below.exists() and not os.path.exists(path) else os.path.abspath(path)


def _find(folder: Path, config: str, began: float) -> Path | None:
    """The directory of the run that was started with this configuration file."""
    for directory in runs_in(folder):
        path = directory / RECORD
        # Of all the others, only those that began meanwhile need be read.
        if path.stat().st_mtime >= began - 2 and config in read_json(path)["command"]:
            return directory
    return None


def _stop_after(
    process: subprocess.Popen[bytes], epochs: int, folder: Path, config: str, began: float
) -> None:
    """Interrupt the run once it has logged the validation of the last epoch wanted."""
    directory, position = None, 0
    while process.poll() is None:
        directory = directory or _find(folder, config, began)
        journal = directory / JOURNAL if directory else None
        if journal and journal.exists():
            records, position = read(journal, position)
            if any(_is_over(record, epochs) for record in records):
                process.send_signal(signal.SIGINT)
                return
        time.sleep(0.2)


def _is_over(record: dict[str, Any], epochs: int) -> bool:
    validated = any(name.startswith("val_") for name in record["metrics"])
    return record["epoch"] >= epochs or (record["epoch"] == epochs - 1 and validated)
