"""Several processes train and measure what one does, speak with one voice, and end together."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from project.main import main
from project.tables.parquet import read_columns
from tests import forks
from tests.ranks import LISTS, MLP, raise_error

ROOT = Path(__file__).parents[1]
# One worker has what they share.
pytestmark = pytest.mark.xdist_group("distributed")
# In these scores floats are summed, in another order on other numbers of processes; all others come
# from counts.
SUMS = re.compile(
    r"(val|test)_(loss|log_loss|brier|calibration|uce|mean_entropy|.*roc_auc|.*average_precision)"
)
# Those from histograms: a probability at a bin's edge is on either side of it, by the last bits of
# sums that a processor's instructions decide about.
BINNED = re.compile(r"((val|test)_(roc_auc|average_precision))(_error_bound|_per_class/\d)?")
TIMED = {"samples_per_second"}
RAISES = raise_error.__code__.co_firstlineno


def command(*argv: str) -> subprocess.CompletedProcess[str]:
    return forks.completed(argv, {**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runs of `tests.ranks` leave behind."""
    return ran(tmp_path_factory.mktemp("ranks"), "runs")


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What its further runs do."""
    return ran(tmp_path_factory.mktemp("ends"), "ends")


def ran(folder: Path, runs: str) -> Path:
    ended = command("-m", "tests.ranks", str(folder), runs)
    assert ended.returncode == 0, ended.stderr
    return folder


def directory(folder: Path, name: str) -> Path:
    (found,) = (path for path in (folder / name).iterdir() if path.is_dir())
    return found


def outcome(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((directory(folder, name) / "outcome.json").read_text())


def weights(folder: Path, name: str) -> dict[str, torch.Tensor]:
    path = directory(folder, name) / "checkpoints" / "last.pt"
    return torch.load(path, weights_only=True)["model"]


def points(folder: Path, name: str) -> dict[tuple[str, int], float]:
    """Every logged value by name and step; one that is logged twice fails."""
    found = {}
    for line in (directory(folder, name) / "journal.jsonl").read_text().splitlines():
        record = json.loads(line)
        for metric, value in record["metrics"].items():
            assert (metric, record["step"]) not in found
            found[metric, record["step"]] = value
    return {key: float(value) for key, value in found.items() if key[0] not in TIMED}


def exit_codes(folder: Path, n: int, rank: int, runs: str = "runs") -> dict[str, int]:
    """The last exit code of each experiment."""
    ran = [planned for planned in LISTS[runs] if n in planned.n]
    codes = json.loads((folder / f"{n}-{rank}.txt").read_text().splitlines()[-1])
    names = [planned.argv[planned.argv.index("--exp-name") + 1] for planned in ran]
    return dict(zip(names, codes, strict=True))


def stated_bounds(key: tuple[str, int], *runs: dict[tuple[str, int], float]) -> float:
    """How far the runs say that their values may be from the exact one, all together."""
    binned = BINNED.fullmatch(key[0])
    # What is stated is the mean of ten classes, of which one may have all.
    classes = 10 if "per_class" in key[0] else 1
    stated = (run[f"{binned[1]}_error_bound", key[1]] for run in runs) if binned else ()
    return classes * sum(stated)


def assert_same_numbers(ours: Path, name: str, reference: Path, expected_name: str) -> None:
    got, expected = points(ours, name), points(reference, expected_name)
    assert got.keys() == expected.keys()
    for key, value in expected.items():
        exact = key[0].startswith(("val_", "test_")) and not SUMS.match(key[0])
        allowed = 0 if exact else 1e-6 + stated_bounds(key, got, expected)
        assert got[key] == pytest.approx(value, rel=0, abs=allowed), key
    expected_scores = outcome(reference, expected_name)["test"]
    assert outcome(ours, name)["test"].keys() == expected_scores.keys()
    assert_same_samples(ours, name, reference, expected_name)
    trained = weights(ours, name)
    for parameter, expected_weight in weights(reference, expected_name).items():
        torch.testing.assert_close(trained[parameter], expected_weight, rtol=1e-4, atol=1e-6)


def assert_same_samples(ours: Path, name: str, reference: Path, expected_name: str) -> None:
    """The tables of the test's predictions: each sample once, in the same order."""
    paths = (
        directory(*of) / "predictions.parquet" for of in ((ours, name), (reference, expected_name))
    )
    (got, _), (expected, _) = map(read_columns, paths)
    assert got.keys() == expected.keys()
    for column in ("index", "target", "prediction"):
        assert got[column].tolist() == expected[column].tolist()
    torch.testing.assert_close(got["probs"], expected["probs"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n, name", [(2, "mlp"), (3, "mlp"), (3, "norm"), (3, "few")])
def test_several_processes_compute_what_one_does(folder: Path, n: int, name: str) -> None:
    """1,259 training samples in batches of 100: the last one, of 59, is shared unevenly."""
    assert exit_codes(folder, n, 0)[name] == 0
    assert_same_numbers(folder / str(n), name, folder / "1", name)


@pytest.mark.nightly
def test_three_processes_repeat_themselves_bit_for_bit(ends: Path) -> None:
    """gloo adds in the same order each time, though not in the order of the ranks."""
    assert exit_codes(ends, 3, 0, "ends")["again"] == 0
    three = ends / "3"
    assert points(three, "again") == points(three, "norm")
    expected = weights(three, "norm")
    assert all(torch.equal(expected[k], v) for k, v in weights(three, "again").items())


def test_only_the_first_process_speaks_and_writes(folder: Path) -> None:
    for n in (2, 3):
        for rank in range(1, n):
            said = (folder / f"{n}-{rank}.txt").read_text().splitlines()
            # But for a traceback that was asked for.
            said = [line for line in said if not line.startswith(f"process {rank}: ")]
            # Its exit codes, which one that was killed doesn't come to say.
            assert len(said) == (rank != 2) and not (folder / f"{n}-{rank}.opened").read_text()
        assert "record.json" in (folder / f"{n}-0.opened").read_text()


def test_processes_stop_and_go_on_together(folder: Path) -> None:
    """SIGTERM to the second of three; the resumed run is, bit for bit, one never stopped."""
    ranks = [exit_codes(folder, 3, rank) for rank in range(2)]
    # It was interrupted (143) and, resumed, ended well.
    assert [codes["term"] for codes in ranks] == [0, 0]
    three = folder / "3"
    assert points(three, "term") == points(three, "mlp")
    expected = weights(three, "mlp")
    assert all(torch.equal(expected[k], v) for k, v in weights(three, "term").items())
    assert outcome(three, "term")["test"] == outcome(three, "mlp")["test"]


@pytest.mark.nightly
def test_ctrl_c_ends_a_validation_and_a_test(ends: Path) -> None:
    """To the last process in the first validation, at step 13; to the first one in the test."""
    ranks = [exit_codes(ends, 3, rank, "ends") for rank in range(2)]
    assert [(codes["val"], codes["test"]) for codes in ranks] == [(130, 130), (0, 0)]
    for name, steps, validated in (("val", 13, []), ("test", 26, [13, 26])):
        ended = outcome(ends / "3", name)
        assert (ended["status"], ended["error"]) == ("interrupted", "interrupted by SIGINT")
        assert ended["steps"] == steps and ended["test"] is None
        logged = [step for metric, step in points(ends / "3", name) if metric == "val_loss"]
        assert logged == validated


@pytest.mark.parametrize(
    "name, message",
    [
        ("error", f"process 1: RuntimeError: only here (tests/ranks.py:{RAISES + 1})"),
        ("killed", "another process of the run is gone: killed, or out of memory?"),
    ],
)
def test_one_process_that_fails_ends_all(folder: Path, name: str, message: str) -> None:
    assert exit_codes(folder, 3, 0)[name] == exit_codes(folder, 3, 1)[name] == 1
    ended = outcome(folder / "3", name)
    assert (ended["status"], ended["error"]) == ("failed", message)
    said = (folder / "3-0.txt").read_text()
    trace = directory(folder / "3", name) / "traceback.txt"
    if name == "error":
        assert said.count(f"error: {message}; the traceback: ") == 1
        raised = "RuntimeError: only here\n"
        assert trace.read_text().endswith(raised)
        aloud = (folder / "3-1.txt").read_text()
        assert aloud.count("process 1: Traceback") == aloud.count(f"process 1: {raised}") == 1
    else:
        assert said.count(f"error: {message}\n") == 1 and not trace.exists()


@pytest.mark.nightly
def test_a_nan_in_one_process_names_the_whole_batch(ends: Path) -> None:
    assert [exit_codes(ends, 3, rank, "ends")["nan"] for rank in range(2)] == [1, 1]
    message = outcome(ends / "3", "nan")["error"]
    assert message.startswith("the training loss is nan at step 16 (epoch 1,")
    samples = json.loads(message.partition("the batch is samples ")[2])
    assert len(set(samples)) == 100


def test_a_run_goes_on_with_as_many_processes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            [
                "--resume",
                "last",
                "--exp-name",
                "killed",
                "--devices",
                "2",
                "--exp-dir",
                str(folder / "3"),
            ]
        )
        == 2
    )
    assert "--devices: run" in capsys.readouterr().err


def test_devices_starts_the_processes_itself(folder: Path, tmp_path: Path) -> None:
    """The same record, but for the command, and the same numbers as when a launcher starts them."""
    flags = [*MLP, "--exp-name", "mlp", "--data-dir", str(folder / "data")]
    ended = command("-m", "project.run", *flags, "--devices", "2", "--exp-dir", str(tmp_path / "2"))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("2 processes share each batch of 100") == 1
    assert points(tmp_path / "2", "mlp") == points(folder / "2", "mlp")
    records = []
    for exp_dir in (tmp_path / "2", folder / "2"):
        record = json.loads((directory(exp_dir, "mlp") / "record.json").read_text())
        for own in ("run_id", "created", "command"):
            del record[own]
        del record["flags"]["exp_dir"]
        for launchers in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
            record["environment"]["variables"].pop(launchers, None)
        records.append(record)
    # How they were started is imported, too.
    sources = [record.pop("sources") for record in records]
    both = sources[0].keys() & sources[1].keys()
    assert {"project/solver.py", "project/processes/strategy.py"} < both
    assert all(sources[0][name] == sources[1][name] for name in both)
    assert records[0] == records[1]
    assert records[0]["flags"]["devices"] == "2"
