"""What runs are called on the page."""

from dataclasses import replace

from project.server.compare import labels
from project.server.compare.documents import Documents
from project.server.compare.visible import Run

RUN = Run("1", "", 1, "trial", "finished", "ada", 0, 1, "", None, None)
FLAGS = {"model": "cnn", "seed": 0, "learning_rate": 0.001, "tags": ["a"], "exp_name": "trial"}


def called(*runs: tuple[str, dict | None], facts: dict | None = None) -> list[str]:
    """The labels of runs of these names and flags; None: of another program."""
    told = [Documents({"flags": flags} if flags else {}) for _, flags in runs]
    known = [facts or {("data", "hash"): f"blake3:{i}"} for i in range(len(runs))]
    return labels.of_runs([replace(RUN, name=name) for name, _ in runs], told, known)


def test_as_the_file_calls_them() -> None:
    ids = [f"2026112{i}-034512-{i}h3k" for i in range(3)]
    flags = [FLAGS, FLAGS | {"seed": 1, "learning_rate": 0.01}, FLAGS | {"model": "mlp"}]
    assert called(*zip(ids, flags, strict=True)) == [
        "model cnn, learning_rate 0.001",
        "model cnn, learning_rate 0.01",
        "model mlp, learning_rate 0.001",
    ]
    same = called((ids[0], FLAGS), (ids[1], FLAGS), facts={("data", "hash"): "blake3:0"})
    assert same == ["run 0h3k", "run 1h3k"]


def test_runs_of_other_programs_have_their_own_names_as_long_as_these_differ() -> None:
    assert called(("bold-crow-1", None), ("20261121-034512-7h3k", FLAGS))[0] == "bold-crow-1"
    params = {("flags", "lr"): "0.1"}
    assert called(("baseline", None), facts=params) == ["baseline"]
    twice = called(("baseline", None), ("baseline", None), ("mine", None))
    assert twice == ["baseline, data hash 0", "baseline, data hash 1", "mine"]
    assert called(("a", None), ("a", None), facts=params) == ["a", "a"]  # nothing tells them apart


def test_runs_of_other_programs_do_not_change_what_ours_are_called() -> None:
    ours = [
        ("20261121-034512-7h3k", {"deterministic": False} | FLAGS),
        ("20261122-034512-8h3k", {"deterministic": False} | FLAGS | {"model": "mlp"}),
    ]
    assert called(ours[0], ("foreign", None), ours[1]) == ["model cnn", "foreign", "model mlp"]
    # Of one alone nothing is known to tell it apart: its whole id.
    assert called(ours[0], ("foreign", None)) == ["20261121-034512-7h3k", "foreign"]
