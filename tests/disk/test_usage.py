"""How much of the disk runs take, beside `du` and `os.stat`; and what would free it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from project.disk.entries import Once, below, freed
from project.disk.usage import of_experiments, of_run
from project.runs import main
from project.words.sizes import size_text
from tests.comparison.store import make


def du(*paths: Path) -> int:
    """Bytes of the disk, as the system's own command counts them."""
    done = subprocess.run(
        ["du", "-sc", "--block-size=1", *paths], capture_output=True, text=True, check=True
    )
    return int(done.stdout.splitlines()[-1].split()[0])


@pytest.fixture
def exp_dir(tmp_path: Path) -> Path:
    """Two experiments of three runs, with checkpoints, links into a store, and a killed `rm`."""
    for i, (name, status) in enumerate(
        [("one", "finished"), ("one", "failed"), ("two", "finished")]
    ):
        run = make(tmp_path, status=status, exp_name=name)
        (run / "checkpoints").mkdir()
        (run / "checkpoints" / "best.pt").write_bytes(b"w" * 40_000)
        (run / "checkpoints" / "last.pt").write_bytes(b"w" * (120_000 + 40_000 * i))
        (run / "figures").mkdir()
        (run / "figures" / "a.png").write_bytes(b"f" * 9_000)
        stored = tmp_path / "mlflow-artifacts" / name / f"{i:032x}" / "artifacts"
        stored.mkdir(parents=True)
        (stored / "a.png").hardlink_to(run / "figures" / "a.png")
        (stored / "copy.png").write_bytes(b"c" * 5_000)
    (tmp_path / "mlflow.db").write_bytes(b"d" * 30_000)
    (tmp_path / "mlflow.db-wal").write_bytes(b"d" * 3_000)
    (run / "to elsewhere").symlink_to(tmp_path.parent)
    return tmp_path


def runs(exp_dir: Path) -> list[Path]:
    return sorted((path.parent for path in exp_dir.glob("*/*/record.json")), key=lambda r: r.name)


def test_each_total_is_what_du_counts(exp_dir: Path) -> None:
    found, others = of_experiments(exp_dir)
    total = sum(usage.total for usage in found) + sum(others.values())
    assert total == du(exp_dir)
    assert {u.place.name: (u.runs, u.total) for u in found} == {
        "one": (2, du(exp_dir / "one")),
        "two": (1, du(exp_dir / "two")),
    }
    assert others["mlflow.db"] == du(exp_dir / "mlflow.db", exp_dir / "mlflow.db-wal")
    # The links there were counted with the runs.
    linked = sum(os.stat(run / "figures" / "a.png").st_blocks * 512 for run in runs(exp_dir))
    assert others["mlflow-artifacts"] == du(exp_dir / "mlflow-artifacts") - linked
    for run in runs(exp_dir):
        assert of_run(run, Once()).total == du(run)


def test_a_checkpoint_to_go_on_from_is_weights_and_the_optimizers_state(exp_dir: Path) -> None:
    kinds = of_run(runs(exp_dir)[0], Once()).kinds
    taken = [os.stat(p).st_blocks * 512 for p in runs(exp_dir)[0].glob("checkpoints/*")]
    assert kinds["best.pt"] == kinds["last.pt"] == min(taken)
    assert kinds["optimizer"] == max(taken) - min(taken)
    without = runs(exp_dir)[1] / "checkpoints" / "last.pt"
    without.chmod(0o644)
    without.write_bytes(b"w" * 65_000)  # the weights, and the states of the generators
    assert of_run(runs(exp_dir)[1], Once()).kinds["optimizer"] == 0
    (runs(exp_dir)[0] / "checkpoints" / "best.pt").unlink()
    # Its record says how many parameters the model has.
    kinds = of_run(runs(exp_dir)[0], Once()).kinds
    assert (kinds["best.pt"], kinds["last.pt"]) == (0, 4 * 1234)


def test_what_has_another_name_elsewhere_frees_nothing(exp_dir: Path, tmp_path: Path) -> None:
    run, stored = runs(exp_dir)[0], exp_dir / "mlflow-artifacts" / "one"
    figure = os.stat(run / "figures" / "a.png").st_blocks * 512
    assert freed(below(run)) == du(run) - figure
    both = [*below(run), *below(stored / f"{0:032x}")]
    assert freed(both) == freed([*both, *both]) == du(run, stored / f"{0:032x}")
    assert list(below(tmp_path / "nothing")) == []


def test_it_is_told_by_experiment_by_run_and_by_kind(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> list[str]:
        assert main(["du", *words, "--exp-dir", str(exp_dir)]) == 0
        return capsys.readouterr().out.splitlines()

    header, *rows = said()
    assert header.split()[:4] == ["experiment", "runs", "total", "optimizer"]
    assert [row.split()[0] for row in rows[:2]] == ["one", "two"]
    assert {row.split()[0] for row in rows[2:4]} == {"mlflow.db", "mlflow-artifacts"}
    total = next(row for row in rows if row.startswith("total"))
    assert " ".join(total.split()[1:3]) == size_text(du(exp_dir))
    failed = next(run for run in runs(exp_dir) if '"failed"' in (run / "outcome.json").read_text())
    assert rows[-2] == f"this frees {size_text(freed(below(failed)))} (1 run):"
    command = f" -m project.runs rm --where 'status == failed' --exp-dir {exp_dir}"
    assert rows[-1].startswith("  ") and rows[-1].endswith(command)
    header, *rows = said("one")
    assert header.split()[:3] == ["run", "status", "total"]
    # The largest first: its last.pt has 40,000 bytes more.
    assert [row.split()[1] for row in rows[:2]] == ["failed", "finished"]
    assert said("--where", "status == failed")[0].split() == [f"one/{failed.name}", "size"]
    whole = json.loads("\n".join(said("--json", "-")))
    assert (
        whole["total"]
        == du(exp_dir)
        == sum(whole["others"].values())
        + sum(size for usage in whole["experiments"] for size in usage["kinds"].values())
    )
    assert main(["du", "--exp-dir", str(exp_dir / "nothing")]) == 2
    assert "has no runs" in capsys.readouterr().err
