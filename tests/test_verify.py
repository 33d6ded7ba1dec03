"""`python -m project.verify` on a real run: silent proof, or what was changed."""

from pathlib import Path

import pytest

from project.provenance.run import Run
from project.verify import main
from tests.provenance.records import RECORD


def test_a_change_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="a==1\n")
    run.finish("finished", epochs=1, steps=1)
    assert main(["--exp-dir", str(tmp_path)]) == 0
    # The record, the requirements and the outcome.
    said = capsys.readouterr().out
    assert said == f"{run.run_id}: unchanged since it ended (3 files)\n"
    (run.directory / "requirements.lock").chmod(0o644)
    (run.directory / "requirements.lock").write_text("a==2\n")
    assert main([str(run.directory), "--exp-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{run.run_id}: requirements.lock was changed\n"


def test_a_run_that_never_ended_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="")
    assert main(["last", "--exp-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"error: {run.run_id} can't be verified: it has no outcome.json, it never ended\n"
    )
