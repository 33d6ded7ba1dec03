"""The checks of a run, carried out by pytest: a table for people, files for programs."""

import os
import shutil
import tempfile
from argparse import Namespace
from pathlib import Path

import pytest

from project.cli.stage import stage
from project.files import json_text
from project.inference.asking import loaded
from project.inference.test_split import Splits
from project.provenance import after
from project.soundness import checks
from project.soundness.limits import Limits
from project.soundness.plugin import FAILED, Plugin
from project.soundness.shown import table
from project.words.width import terminal_width

OWN = Path("checks")
# Of what the package looks at.
ORDER = ("files", "weights", "outputs", "scores", "invariance", "exported", "speed")
NAME = "check"  # of the folder among what is made of a run
RESULTS, JUNIT = "check.json", "junit.xml"


def check_run(run: Path, limits: Limits, arguments: Namespace) -> int:
    """Check a run's best checkpoint, show the table, and keep it beside the run.

    Returns:
        0; 1 if a check failed.
    Raises:
        ValueError: the model or its data can't be had, or there are no such checks.
        OSError: likewise; or what came out can't be written.
    """
    folders = _folders(arguments.checks)
    stage("loading the model")
    predictor = loaded(run, arguments)
    splits = Splits.of_run(run, predictor.hparams, arguments.data_dir)
    plugin = Plugin(run, predictor, splits, limits)
    with after.making(after.place(run, NAME), run, replace=True) as made:
        _conduct(plugin, folders, arguments.k, made / JUNIT)
        told = [vars(result) for result in plugin.results]
        about = {"weights": predictor.weights_hash, "device": str(predictor.device)}
        (made / RESULTS).write_text(json_text(about | {"checks": told}))
        if arguments.junit:
            shutil.copyfile(made / JUNIT, arguments.junit)
    for line in table(plugin.results, terminal_width()):
        print(line)
    failed = sum(result.result == FAILED for result in plugin.results)
    return 1 if failed else 0


def _folders(given: Path | None) -> list[Path]:
    if given is not None and not given.is_dir():
        raise ValueError(f"--checks {given}: there is no such folder")
    own = given or (OWN if OWN.is_dir() else None)
    ours = (Path(checks.__path__[0], f"test_{name}.py") for name in ORDER)
    return [*ours, *([own] if own else [])]


def _conduct(plugin: Plugin, folders: list[Path], words: str, junit: Path) -> None:
    """Let pytest run them, with no setting of the folder one stands in.

    Raises:
        ValueError: no check's name holds the words, or pytest can't understand them.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "pytest.ini")
        settings.write_text("[pytest]\nfilterwarnings = default\n")
        argv = ["-c", str(settings), "--rootdir", os.getcwd(), "--import-mode=importlib"]
        argv += ["-p", "no:cacheprovider", "-p", "no:terminal", f"--junitxml={junit}"]
        argv += ["--continue-on-collection-errors"]
        argv += [*(["-k", words] if words else []), *map(str, folders)]
        stage("checking")
        code = pytest.main(argv, plugins=[plugin])
    stage("")
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(f"-k {words!r}: there is no such check")
    if code is pytest.ExitCode.INTERRUPTED and not any(r.result == FAILED for r in plugin.results):
        raise KeyboardInterrupt
    assert code is not pytest.ExitCode.INTERNAL_ERROR, "pytest failed"
