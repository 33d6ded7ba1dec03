"""Which runs form a group, and a group's numbers beside SciPy's."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from project.comparison import describe
from project.comparison.groups import groups, pairs
from project.comparison.loading import load
from project.comparison.page.content import content
from project.comparison.showing import comparison_lines
from project.comparison.units import delta_text
from project.files import finite
from project.provenance.repetitions import tag
from project.provenance.schema import SCHEMA
from tests.comparison.store import ENVIRONMENT, begin, edit, git, make, recorded

SLOW, FAST = [0.71, 0.74, 0.69], [0.82, 0.80, 0.86]


def grouped(runs: list[Path], trees: list[str | None] | None = None) -> list[dict[str, Any]]:
    labels = [chr(97 + i) for i in range(len(runs))]
    return groups([load(run) for run in runs], labels, trees or [None] * len(runs))


def run(folder: Path, accuracy: float = 0.5, **asked: Any) -> Path:
    return make(folder, val={"val_accuracy": accuracy}, **asked)


def test_two_groups_and_their_difference(tmp_path: Path) -> None:
    runs = [run(tmp_path, a, seed=s) for s, a in enumerate(SLOW)]
    # In another order, which must not matter: pairs are made by seed.
    for seed in (2, 0, 1):
        runs.append(run(tmp_path, FAST[seed], seed=seed, learning_rate=0.01))
    first, second = grouped(runs)
    assert (first["label"], first["runs"], first["seeds"]) == ("A", ["a", "b", "c"], [0, 1, 2])
    assert second["runs"] == ["d", "e", "f"] and second["counted"] == ["e", "f", "d"]
    score = first["scores"]["val_accuracy"]
    assert score["n"] == 3
    assert score["mean"] == pytest.approx(np.mean(SLOW))
    assert score["sd"] == pytest.approx(stats.tstd(SLOW))
    known = {chr(97 + i): load(path) for i, path in enumerate(runs)}
    (pair,) = pairs([first, second], known)
    expected = stats.ttest_rel(FAST, SLOW).confidence_interval(0.95)
    found = pair["scores"]["val_accuracy"]
    assert (pair["from"], pair["to"], pair["seeds"]) == ("A", "B", [0, 1, 2])
    assert found["mean"] == pytest.approx(np.mean(np.subtract(FAST, SLOW)))
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    "other",
    [
        {"model": "mlp"},
        {"code": {"sha": "ab" * 20}},
        {"code": {"patch_blake3": "ab" * 32}},
        {"data": {"classes": ["one", "zero"]}},
        {"data": {"counts": {"train": {"total": 71}}}},
        {"environment": {"packages": {"torch": "3"}}},
        {"seed": 0},
    ],
)
def test_what_differs_in_more_than_the_seed_is_no_group(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    assert grouped([run(tmp_path), run(tmp_path, **{"seed": 1, **other})]) == []


@pytest.mark.parametrize(
    "other",
    [
        {"description": "again", "exp_name": "another", "tracker": ["mlflow"], "data_dir": "/d"},
        {"data": {"hash": "blake3:" + "ab" * 32, "mean": [0.25]}},
        {"environment": {"variables": {"PL_GLOBAL_SEED": "1"}}},
    ],
)
def test_what_follows_from_the_seed_or_is_a_name_does_not_count(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    (group,) = grouped([run(tmp_path), run(tmp_path, seed=1, **other)])
    assert group["seeds"] == [0, 1] and group["also_differ"] == []


def test_other_machines_are_named(tmp_path: Path) -> None:
    machine = {**ENVIRONMENT, "cpu": {"model": "y", "count": 4}}
    (group,) = grouped([run(tmp_path), run(tmp_path, seed=1, environment=machine)])
    assert group["also_differ"] == ["cpu.model", "cpu.count"]


def test_data_that_vary_within_a_seed_are_not_mixed(tmp_path: Path) -> None:
    other = {"hash": "blake3:" + "ab" * 32}
    runs = [run(tmp_path), run(tmp_path, data=other), run(tmp_path, seed=1)]
    # Whose data seed 1 had can only be told by the hash.
    (group,) = grouped(runs)
    assert group["runs"] == ["a", "c"]


def test_equal_trees_are_equal_code(tmp_path: Path) -> None:
    runs = [run(tmp_path), run(tmp_path, seed=1, code={"sha": "ab" * 20})]
    assert grouped(runs) == []
    assert len(grouped(runs, ["cd" * 20] * 2)) == 1


def test_code_of_which_nothing_is_known_is_not_the_same(tmp_path: Path) -> None:
    runs = [run(tmp_path, seed=seed, code={"sha": None}) for seed in (0, 1)]
    assert grouped(runs) == []


def test_an_edit_of_what_none_imports_is_noted_and_divides_nothing(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    net, made = repo / "net.py", []

    def run_now(seed: int, **sources: str) -> None:
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", "state")
        directory = run(tmp_path / "exp", seed=seed, **recorded(repo))
        imported = sources or {"net.py": net.read_text()}
        edit(directory, "record.json", schema=SCHEMA, sources=imported)
        made.append(load(directory))

    net.write_text("one")
    run_now(0)
    (repo / "README.md").write_text("read me")
    (repo / "other.py").write_text("two")
    run_now(1)
    # Another tracker, which a name chooses, has modules of its own.
    run_now(2, **{"net.py": "one", "other.py": "two"})
    net.write_text("edited")
    run_now(3)
    found = describe(made, repository=repo, curves=False)
    (group,) = found["groups"]
    assert group["runs"] == ["a", "b", "c"]
    assert group["notes"] == [
        "README.md, other.py differ between these runs; not all of them import these"
    ]
    (two,) = describe(made[:2], repository=repo, curves=False)["groups"]
    note = "README.md, other.py differ between these runs; none of them imports these"
    assert two["notes"] == [note]
    told = describe(made[:2], repository=repo, curves=False)
    assert f"A: {note}" in [line.text for line in comparison_lines(told, None, all=False)]
    # Where the commits are gone, the files can't be named.
    (group,) = describe(made[:2], repository=tmp_path, curves=False)["groups"]
    assert "not all commits are here" in group["notes"][0]


def test_a_reproduction_is_no_further_seed(tmp_path: Path) -> None:
    first, second = run(tmp_path, 0.5), run(tmp_path, 0.7, seed=1)
    again = run(tmp_path, 0.9, tags=[tag(first.name)])
    (group,) = grouped([first, second, again])
    assert group["runs"] == ["a", "b"]
    # Without its original, it stands for it.
    (group,) = grouped([again, second])
    assert group["runs"] == ["a", "b"]


def test_only_finished_runs_count_and_each_seed_once(tmp_path: Path) -> None:
    runs = [run(tmp_path, accuracy, seed=seed) for seed, accuracy in ((0, 0.1), (1, 0.7), (0, 0.5))]
    runs.append(run(tmp_path, 0.0, seed=2, status="interrupted"))
    training = begin(tmp_path, seed=3)
    (group,) = grouped([*runs, training.directory])
    assert group["counted"] == ["c", "b"]  # the newer run of seed 0
    assert group["scores"]["val_accuracy"]["mean"] == pytest.approx((0.5 + 0.7) / 2)
    training.release()


def test_that_each_seed_draws_its_own_samples_is_said_once(tmp_path: Path) -> None:
    own = [
        {"hash": f"blake3:{seed}", "hashes": {"val": f"v{seed}", "test": "t"}} for seed in (0, 1)
    ]
    runs = [load(run(tmp_path, seed=seed, data=data)) for seed, data in enumerate(own)]
    found = describe(runs, repository=tmp_path, curves=False)
    assert found["notes"] == ["each seed has its own val samples"] and found["incomparable"] == {}


def test_a_score_that_some_runs_lack(tmp_path: Path) -> None:
    first = make(tmp_path, seed=0, test={"test_f1": 0.5})
    (group,) = grouped([first, run(tmp_path, seed=1)])
    assert group["scores"]["test_f1"] == {"n": 1, "mean": 0.5, "sd": None}


def test_groups_that_share_no_seed_have_no_paired_difference(tmp_path: Path) -> None:
    runs = [run(tmp_path, 0.5, seed=seed, learning_rate=0.1 * (seed < 2)) for seed in range(4)]
    found = grouped(runs)
    (pair,) = pairs(found, {chr(97 + i): load(path) for i, path in enumerate(runs)})
    assert pair["seeds"] == []
    nothing = dict.fromkeys(("mean", "sd", "low", "high"))
    assert pair["scores"]["val_accuracy"] == {"n": 0, **nothing}


@pytest.mark.parametrize("odd", [math.nan, math.inf, 1e308, None])
def test_odd_groups_are_shown_on_the_screen_and_the_page(tmp_path: Path, odd: float | None) -> None:
    """Scores that are no numbers, or too large to square; without finished runs; of no spread."""
    states = {"status": "interrupted"} if odd is None else {}
    accuracy = [0.5, 0.5] if odd is None else [odd, -odd]
    runs = [load(run(tmp_path, accuracy[seed], seed=seed, **states)) for seed in (0, 1)]
    runs += [load(run(tmp_path, 0.5, seed=seed, model="mlp")) for seed in (1, 2)]
    found = describe(runs, repository=tmp_path, curves=False)
    assert [group["label"] for group in found["groups"]] == ["A", "B"]
    for width in (None, 60):
        assert list(comparison_lines(found, width, all=True))
    shown, _ = content(found, runs, datetime.now(UTC))
    json.dumps(finite(shown), allow_nan=False)
    cell = next(row for row in shown["rows"] if row["name"] == "val_accuracy")["grouped"][1]
    # Two equal values have no spread; the groups share one seed, and that tells nothing.
    assert (cell["value"], cell["sd"]) == (0.5, 0) and "interval" not in cell


def test_runs_without_scores_have_empty_groups(tmp_path: Path) -> None:
    directories = []
    for seed in (0, 1):
        training = begin(tmp_path, seed=seed)
        training.finish("failed", error="no", epochs=0, steps=0)
        directories.append(training.directory)
    runs = [load(directory) for directory in directories]
    found = describe(runs, repository=tmp_path, curves=False)
    (group,) = found["groups"]
    assert group["scores"] == {} and group["counted"] == []
    assert list(comparison_lines(found, 60, all=False))
    content(found, runs, datetime.now(UTC))


def test_a_difference_that_is_no_number_has_no_sign() -> None:
    texts = [delta_text(delta) for delta in (math.nan, math.inf, -0.25, 0.0, 3)]
    assert texts == ["nan", "+inf", "-0.25", "0", "+3"]
