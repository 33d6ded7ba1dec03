"""`reproduce --dry-run`: what would be run and what differs, and nothing is."""

from pathlib import Path

import pytest

from project.files.root import ROOT
from project.provenance.sources import digest
from project.reproduce import main
from project.reproduction import checks
from tests.provenance.records import RECORD
from tests.reproduction.repositories import everything
from tests.reproduction.test_refused import POINT, ended


@pytest.mark.parametrize("found, code", [([], 0), (["data: 1 image"], 1)])
def test_the_plan_is_told_and_nothing_is_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: list[str],
    code: int,
) -> None:
    # As if this machine's data and software were looked at, which loads torch.
    monkeypatch.setattr(checks, "check", lambda *_: found)
    here = RECORD["code"] | {"source_blake3": digest(ROOT)}
    validated = POINT.replace("train", "val")
    journal = validated + validated.replace('"step":1,"epoch":0', '"step":2,"epoch":1')
    run = ended(tmp_path, code=here, command="python -m project.run --seed 1", journal=journal)
    before = everything(tmp_path)
    argv = [run.name, "--dry-run", "--epochs", "2", "--exp-dir", str(tmp_path)]
    assert main([*argv, "--", "--devices", "2"]) == code
    assert everything(tmp_path) == before
    assert capsys.readouterr().out.splitlines() == [
        *(f"now another: {line}" for line in found),
        f"would run {run.name} again: sources without a commit",
        "  as recorded: python -m project.run --seed 1",
        "  but for: --devices 2",
        "  stopped after epoch 2",
        f"{len(found) or 'no'} difference{'s' * (not found)} before training; nothing was run",
    ]
