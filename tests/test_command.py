"""What the commands share: output that outlives its readers, private settings, faults."""

import os
import sys
from pathlib import Path

import pytest

from project import command, main, serve, sync
from project.hyperparameters import Hyperparameters
from project.trainer import make_trainer


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


@pytest.mark.parametrize("start", [main.main, serve.main, sync.main])
def test_private_settings_that_are_no_text_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"TOKEN=\xff")
    assert start([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: .env is not UTF-8")


def test_a_fault_is_one_line_unless_its_place_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("out of\nmemory")

    monkeypatch.setattr(main, "experiment", fail)
    assert main.main([]) == 1
    expected = "error: RuntimeError: out of memory; --traceback shows where it arose\n"
    assert capsys.readouterr().err == expected
    with pytest.raises(RuntimeError):
        main.main(["--traceback"])


def test_a_list_of_devices_on_a_cpu_is_refused() -> None:
    with pytest.raises(ValueError, match="--accelerator cpu --devices 0,1"):
        make_trainer(Hyperparameters(accelerator="cpu", devices="0,1"))
