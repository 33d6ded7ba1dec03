"""The recorded environment: restored for a repetition, and compared."""

import pytest

from project.provenance.environment_changes import differences, restored


def test_recorded_variables_are_restored_and_later_ones_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    monkeypatch.setenv("HOME", "/home/ada")
    # Kept where it is set, as Lightning does in another test of this process.
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    recorded = {"variables": {"OMP_NUM_THREADS": "1", "PL_GLOBAL_SEED": "0"}, "torch": None}
    environ = restored(recorded)
    assert environ["OMP_NUM_THREADS"] == "1"
    assert "MKL_NUM_THREADS" not in environ and "PL_GLOBAL_SEED" not in environ
    assert environ["HOME"] == "/home/ada"


def test_a_number_of_threads_that_is_not_usual_here_is_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert restored({"variables": {}, "torch": {"threads": 999}})["OMP_NUM_THREADS"] == "999"


def test_differences_are_named_the_telling_ones_first() -> None:
    then = {
        "packages": {"numpy": "2.0", "torch": "2.14"},
        "torch": {"threads": 1},
        "variables": {"PL_GLOBAL_SEED": "0"},
        "host": "a",
    }
    now = {
        "packages": {"numpy": "2.1", "torch": "2.14", "rich": "14"},
        "torch": {"threads": 2},
        "variables": {"PL_GLOBAL_SEED": "1"},
        "host": "b",
    }
    assert differences(then, now) == [
        "torch.threads: 1 -> 2",
        "packages.numpy: 2.0 -> 2.1",
        "packages.rich: none -> 14",
    ]


def test_what_the_trainer_sets_is_no_difference_before_there_is_one() -> None:
    then = {"torch": {"threads": 1, "deterministic_algorithms": True}}
    now = {"torch": {"threads": 2, "deterministic_algorithms": False}}
    threads, algorithms = "torch.threads: 1 -> 2", "torch.deterministic_algorithms: True -> False"
    assert differences(then, now, trained=False) == [threads]
    assert differences(then, now) == [algorithms, threads]
