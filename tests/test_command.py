"""What the commands share: output that outlives its readers, private settings, faults."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from project import __main__ as listing
from project import (
    calibrate,
    card,
    check,
    compare,
    export,
    main,
    metadata,
    net,
    predict,
    recipe,
    reproduce,
    runs,
    scaling,
    serve,
    sweep,
    sync,
    tune,
    verify,
    weights,
)
from project.cli import command
from project.hyperparameters import Hyperparameters
from project.server import stop
from project.training.trainer import make_trainer


def test_printing_goes_on_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        monkeypatch.setattr(sys, "stderr", None)
        command.outlive_readers()
        print("heard", flush=True)
        assert os.read(reader, 100) == b"heard\n"
        os.close(reader)
        print("unheard", flush=True)
        print("nowhere", file=sys.stderr, flush=True)
        assert not sys.stdout.isatty() and not sys.stderr.isatty()
        sys.stderr.close()


@pytest.mark.parametrize("argv", [["project"], ["project.compare", "--help"]])
def test_output_that_cannot_be_written_is_no_traceback(argv: list[str]) -> None:
    def start(output: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *argv]
        return subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)

    reader, writer = os.pipe()
    os.close(reader)
    unread = start(writer)
    os.close(writer)
    assert (unread.returncode, unread.stderr) == (0, "")
    with open("/dev/full", "w") as full:
        lost = start(full.fileno())
    assert lost.returncode == 2 and lost.stderr.count("\n") == 1
    assert lost.stderr.startswith("error: standard output: No space left on device")


def test_a_process_ends_without_looking_for_garbage() -> None:
    """That took a third of a short run's time, after its last line."""
    code = (
        "import gc, sys\n"
        "from project.cli.command import as_process\n"
        "class Loop:\n"
        "    def __init__(self): self.itself = self\n"
        "    def __del__(self): print('found')\n"
        "gc.disable()\n"
        "Loop()\n"
        "sys.exit(as_process(lambda argv: 3))\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_each_line_is_told_at_once(unbuffered: str) -> None:
    """Also where PYTHONUNBUFFERED is set, whose streams do not call themselves line buffered."""
    code = (
        "import os, sys\n"
        "from project.cli.command import outlive_readers\n"
        "outlive_readers()\n"
        "print('first', file=sys.stderr)\n"
        "os._exit(0)\n"  # nothing is flushed at such an end
    )
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True
    )
    assert done.stderr == b"first\n"


def test_every_command_is_started_alike() -> None:
    files = [*(Path(main.__file__).parent).glob("*.py"), Path(stop.__file__)]
    starts = [text for f in files if '__name__ == "__main__"' in (text := f.read_text())]
    assert len(starts) == len(COMMANDS)
    assert all("as_process(main" in text.rpartition("__main__")[2] for text in starts)


@pytest.mark.parametrize("start", [main.main, serve.main, sync.main])
def test_private_settings_that_are_no_text_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"TOKEN=\xff")
    assert start([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: .env is not UTF-8")


def test_a_fault_of_no_persons_own_is_one_line_unless_its_place_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "out of\nmemory\nException raised from there (most recent call first):"
    monkeypatch.setattr(main, "_run", Mock(side_effect=RuntimeError(text)))
    assert main.main([]) == 1
    line = "error: RuntimeError: out of memory"
    assert capsys.readouterr().err == f"{line}; --traceback shows how it arose\n"
    assert main.main(["--traceback"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Traceback (most recent call last):" and said[-1] == line


def test_a_list_of_devices_on_a_cpu_is_refused() -> None:
    with pytest.raises(ValueError, match="--accelerator cpu --devices 0,1"):
        make_trainer(Hyperparameters(accelerator="cpu", devices="0,1"))


COMMANDS = {
    "calibrate": calibrate.main,
    "card": card.main,
    "check": check.main,
    "": listing.main,
    "run": main.main,
    "compare": compare.main,
    "predict": predict.main,
    "recipe": recipe.main,
    "reproduce": reproduce.main,
    "verify": verify.main,
    "runs": runs.main,
    "scaling": scaling.main,
    "sweep": sweep.main,
    "sync": sync.main,
    "serve": serve.main,
    "export": export.main,
    "weights": weights.main,
    "metadata": metadata.main,
    "net": net.main,
    "tune": tune.main,
    "server.stop": stop.main,
}
WITH_RUN = (
    "calibrate",
    "card",
    "check",
    "compare",
    "reproduce",
    "verify",
    "runs rm --yes",
    "runs du",
    "runs tag",
    "runs export",
    "export",
    "sync",
    "weights fork -o made.pt",
)
WITH_EXP_DIR = (
    *WITH_RUN,
    "run",
    "tune lr",
    "metadata",
    "scaling",
    "runs import",
    "serve",
    "serve token list",
    "serve token revoke",
)
OF_RUN = ("run", "tune lr", "scaling")  # whose flags are those of a run


@pytest.mark.parametrize(
    "command_line, said",
    [
        # no arguments where some are needed
        ("runs", "ACTION is missing (choices: "),
        ("runs rm", "which runs? Give RUN, an experiment's name, or --where EXPRESSION"),
        ("runs du", "'experiments' has no runs"),
        ("runs tag", "RUN missing: python -m project.runs tag [-h]"),
        ("runs note RUN", "TEXT missing: python -m project.runs note [-h]"),
        ("runs export", "RUN, FILE missing: python -m project.runs export [-h]"),
        ("export", "RUN missing: python -m project.export [-h]"),
        (
            "export last --format onxn",
            "--format 'onxn' is unknown, did you mean 'onnx'? (choices: ",
        ),
        ("export last --precision int8 --format safetensors", "--precision int8 is of an ONNX"),
        ("export last --max-drop 2", "--max-drop must be in [0, 1], not 2"),
        ("net", "NET missing: python -m project.net [-h]"),
        ("net --width 3 cnn", "NET stands before flags of the model: python -m project.net NET"),
        ("net cnn --shpe 1 8 8", "unknown flag --shpe, did you mean '--shape'?"),
        ("net cnn --widht 3", "unknown flag --widht, did you mean '--width'?"),
        ("net resnt", "--model 'resnt' is unknown, did you mean 'resnet'? (choices: "),
        (
            "sweep --exp-name s --search learning_rate --sampler grid --warm-start",
            "--warm-start is of no use to a grid, which tries every combination",
        ),
        ("metadata", "'experiments' has no runs yet"),
        ("metadata experimnt", "TABLE 'experimnt' is unknown, did you mean 'experiment'?"),
        ("metadata --sort age", "--sort says nothing here: name a TABLE of dataset_stats, task,"),
        ("metadata task --nearest last", "TABLE says nothing here: --nearest lists settings"),
        ("metadata --parquet gone/folder", "--parquet 'gone/folder': 'gone' is no folder"),
        ("metadata --nearest nosuch", "there is no run 'nosuch': "),
        ("net gone.yaml", "--model 'file:gone.yaml': there is no file gone.yaml"),
        ("tune", "ACTION is missing (choices: lr, batch-size, workers)"),
        ("tune rl", "ACTION 'rl' is unknown (choices: lr, batch-size, workers)"),
        ("tune --model mlp lr", "give ACTION first: lr, batch-size or workers, then --model"),
        ("recipe", "FILE missing: python -m project.recipe [-h]"),
        ("recipe gone.yaml", "--recipe 'gone.yaml': there is no such file"),
        ("recipe gone.yaml --dta digits", "unknown flag --dta, did you mean '--data'?"),
        ("runs import", "FILE missing: python -m project.runs import [-h]"),
        ("serve token", "COMMAND is missing (choices: create, list, revoke)"),
        ("serve token create", "NAME missing: python -m project.serve token create [-h]"),
        ("serve token revoke", "ID|NAME missing: python -m project.serve token revoke [-h]"),
        ("server.stop", "ID missing: python -m project.server.stop [-h] [--abort]"),
        ("run --learning-rate", "--learning-rate needs a value"),
        ("run --tags --seed 1", "--tags needs at least one value"),
        ("compare --where", "--where needs a value"),
        # an action, or a command, that there is not
        ("runs tga last x", "ACTION 'tga' is unknown, did you mean 'tag'? (choices: "),
        ("serve token revok x", "COMMAND 'revok' is unknown, did you mean 'revoke'? (choices: "),
        (" runs rm", "'runs' is given with a dot: python -m project.runs"),
        (" comapre", "there is no command 'comapre', did you mean 'python -m project.compare'?"),
        # a flag that there is not, or its beginning alone
        *(
            (f"{name} --exp-dri=x", "unknown flag --exp-dri, did you mean '--exp-dir'?")
            for name in WITH_EXP_DIR
        ),
        *(
            (f"{name} --exp=x", "unknown flag --exp, did you mean '--exp-dir'?")
            for name in WITH_EXP_DIR
            if name not in OF_RUN
        ),
        ("run --learn 1", "unknown flag --learn, did you mean '--learning-rate'?"),
        ("runs tag last --remov x", "unknown flag --remov, did you mean '--remove'?"),
        ("server.stop RUN-1 --abrot", "unknown flag --abrot, did you mean '--abort'?"),
        ("reproduce -- --data-dir", "--data-dir needs a value"),
        ("serve all", "unexpected argument 'all': values follow a flag"),
        # a value of the wrong kind
        ("compare --limit x", "--limit: 'x' is no number of runs: give one from 1 to 1000000000"),
        ("reproduce --tolerance much", "--tolerance"),
        ("reproduce --epochs 1.5", "--epochs: '1.5' is no number of epochs: give 1 or more"),
        ("reproduce --env A", "--env: 'A' is not like NAME=VALUE"),
        ("sync --tracker mlfow", "--tracker 'mlfow' is unknown, did you mean 'mlflow'? (choices: "),
        ("serve --port x", "--port: 'x' is no port: give one from 1 to 65535"),
        ("serve token create ada --role boss", "--role 'boss' is unknown (choices: viewer, member"),
        ("server.stop RUN-1 --seconds soon", "--seconds: 'soon' is no number of seconds: give"),
        ("server.stop RUN-1 --seconds nan", "--seconds: 'nan' is no number of seconds: give"),
        ("serve --workers 1e9", "--workers: '1e9' is no number of processes: give one from 1 to"),
        (f"serve --port {'9' * 5000}", "--port: '999999999999999999999999999999...99999"),
        ("verify last --exp-dir x last", "unexpected argument 'last': arguments without a flag"),
        *(
            (f"{name} --exp-dir=", "--exp-dir: '' is no folder")
            for name in WITH_EXP_DIR
            if name not in OF_RUN
        ),
        ("run --exp-dir=", "--exp-dir '' is not of the form .+"),
        # a value for a switch
        (
            "run --deterministic=true",
            "--deterministic takes no value, not 'true': give"
            " --deterministic or --no-deterministic",
        ),
        ("run --half-precision=yes", "--half-precision takes no value, not 'yes': give it alone"),
        ("compare --all=true", "--all takes no value, not 'true': give it alone"),
        ("reproduce --strict=1", "--strict takes no value, not '1': give it alone"),
        ("runs rm --yes=true x", "--yes takes no value, not 'true': give it alone"),
        ("sync --follow=true", "--follow takes no value, not 'true': give it alone"),
        ("serve --accounts=true", "--accounts takes no value, not 'true': give it alone"),
        ("server.stop RUN-1 --abort=true", "--abort takes no value, not 'true': give it alone"),
        # a run that there is not
        *(
            (f"{name} nosuch", "there is no run 'nosuch': ")
            for name in WITH_RUN
            if name != "runs export"
        ),
        ("runs export nosuch run.tar.gz", "there is no run 'nosuch': "),
        ("runs note nosuch text", "there is no run 'nosuch': "),
        ("run --resume nosuch", "there is no run 'nosuch': "),
    ],
)
def test_every_mistake_in_every_command_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command_line: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *argv = command_line.split(" ")
    assert COMMANDS[name](argv) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith(f"error: {said}") and error.count("\n") == 1, error
    assert list(tmp_path.iterdir()) == []
