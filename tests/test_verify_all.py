"""`python -m project.verify --all`: a line for each run, and whether any is not as it was."""

from pathlib import Path

import pytest

from project.provenance.run import Run
from project.verify import UNKNOWN, main
from tests.provenance.records import RECORD


def run_of(exp_dir: Path, *, ended: bool = True) -> Run:
    run = Run.create(exp_dir, "trial", RECORD, patch=b"", requirements="a==1\n")
    if ended:
        run.finish("finished", epochs=1, steps=1)
    return run


def test_every_run_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--all", "--exp-dir", str(tmp_path)]
    good, goes_on = run_of(tmp_path), run_of(tmp_path, ended=False)
    assert main(argv) == 0
    said = [
        f"{good.run_id}: unchanged since it ended (3 files)",
        f"{goes_on.run_id}: still running",
    ]
    assert sorted(capsys.readouterr().out.splitlines()[:-1]) == sorted(said)
    assert main([goes_on.run_id, str(goes_on.directory), "--exp-dir", str(tmp_path)]) == 2
    line = f"error: {goes_on.run_id} can't be verified: it is still running\n"
    assert capsys.readouterr().err == line

    changed, damaged = run_of(tmp_path), run_of(tmp_path)
    for name in ("requirements.lock", "record.json"):
        (changed.directory / name).chmod(0o644)
        (changed.directory / name).write_text("other")
    (damaged.directory / "outcome.json").chmod(0o644)
    (damaged.directory / "outcome.json").write_text("{")
    goes_on.release()  # as if it had been killed: nothing vouches for it
    assert main(argv) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    told = dict(line.split(": ", 1) for line in lines)
    assert told[good.run_id] == "unchanged since it ended (3 files)"
    assert told[changed.run_id].endswith("more)") and "changed" in told[changed.run_id]
    assert "is damaged" in told[damaged.run_id]
    assert told[goes_on.run_id] == "can't be verified: it has no outcome.json, it never ended"
    assert len(told) == 4 and last == "3 of 4 runs not as they were"


def test_all_is_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--all", "last", "--exp-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: --all is every run: leave 'last' out, or --all\n"
    assert main(["--all", "--exp-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {str(tmp_path)!r} has no runs\n"
    assert UNKNOWN not in capsys.readouterr().out


def test_an_experiment_stands_for_all_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {run_of(tmp_path).run_id for _ in range(2)}
    assert main(["trial", *names, "--exp-dir", str(tmp_path)]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    held = [line.partition(":")[0] for line in lines if "unchanged since it ended" in line]
    assert len(held) == 2 and set(held) == names and last == UNKNOWN
