"""What a sweep begins with: past settings of the same task and space alone, the best first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from project.cli.flags import parse
from project.metadataset.starting import Start, starting_values, warm_start
from project.search.space import space_of
from project.search.values import Objective
from tests.comparison.store import edit
from tests.metadataset.past import past

ACCURACY = Objective("val_accuracy", "max")
LOSS = Objective("val_loss", "min")
FLAGS = ("--model", "mlp", "--tracker", "none")


def starts(
    exp_dir: Path,
    search: Sequence[str] = ("learning_rate", "hidden_dim"),
    objectives: Sequence[Objective] = (ACCURACY,),
    flags: Sequence[str] = FLAGS,
    count: int = 10,
) -> list[Start]:
    space = space_of(flags, search, None)
    values = parse(flags).hparams.to_values()
    return warm_start(exp_dir, space, values, objectives, count, pytest.fail)


def values(found: Sequence[Start], name: str = "learning_rate") -> list[Any]:
    return [start.values[name] for start in found]


def test_the_better_half_of_what_was_tried_the_best_first(tmp_path: Path) -> None:
    """Five settings: three are the better half. One has two seeds, of 0.9 and 0.5: 0.7."""
    for rate, accuracy, seed in [
        *((0.001, 0.6, 0), (0.002, 0.9, 0), (0.002, 0.5, 1)),
        *((0.003, 0.8, 0), (0.004, 0.1, 0), (0.005, 0.2, 0)),
    ]:
        past(tmp_path, {"val_accuracy": accuracy}, learning_rate=rate, seed=seed)
    found = starts(tmp_path)
    assert values(found) == [0.003, 0.002, 0.001]
    assert found[1].values == {"learning_rate": 0.002, "hidden_dim": 128}
    assert found[1].scores == pytest.approx([0.7]) and len(found[1].runs) == 2
    assert values(starts(tmp_path, count=1)) == [0.003]


def test_less_can_be_better_and_several_objectives_are_ranked(tmp_path: Path) -> None:
    """Ranks of accuracy and loss: 0 + 2, 1 + 0, 2 + 1; the second has the least sum."""
    for rate, accuracy, loss in [(0.001, 0.9, 0.9), (0.002, 0.8, 0.1), (0.003, 0.7, 0.5)]:
        past(tmp_path, {"val_accuracy": accuracy, "val_loss": loss}, learning_rate=rate)
    assert values(starts(tmp_path, objectives=[LOSS])) == [0.002, 0.003]
    assert values(starts(tmp_path, objectives=[ACCURACY])) == [0.001, 0.002]
    assert values(starts(tmp_path, objectives=[ACCURACY, LOSS])) == [0.002, 0.001]


@pytest.mark.parametrize(
    "other",
    [
        {"samples": {"name": "mnist"}, "data": "mnist"},
        {"model": "cnn"},
        {"loss": "focal", "plugs": {"focal": {"focal_gamma": 2.0}}},
        {"optimizer": "sgd"},
        {"learning_rate": 0.5},  # beyond its range, of 1e-4 to 1e-1
        {"hidden_dim": 100},  # none of its choices
        {"limit_batches": 2},
        {"train_classes": ["one"]},
        {"data_dir": "elsewhere", "files": b"manifest"},
        {"scores": {"val_accuracy": float("nan")}},
        {"status": "failed"},
        {"status": "interrupted"},
    ],
    ids=str,
)
def test_runs_of_another_task_or_space_do_not_count(tmp_path: Path, other: dict[str, Any]) -> None:
    past(tmp_path, **{"scores": {"val_accuracy": 1.0}, **other})
    assert starts(tmp_path) == []
    past(tmp_path, seed=6)
    assert len(starts(tmp_path)) == 1


def test_what_is_searched_may_be_another(tmp_path: Path) -> None:
    past(tmp_path, {"val_accuracy": 0.5}, optimizer="sgd", batch_size=64)
    past(tmp_path, {"val_accuracy": 0.4}, optimizer="adamw", batch_size=32)
    found = starts(tmp_path, ["optimizer", "batch_size"])
    assert values(found, "optimizer") == ["sgd"] and values(found, "batch_size") == [64]


def test_the_nearest_kind_of_run_comes_first(tmp_path: Path) -> None:
    """Runs of as many epochs as the sweep's, before better ones of ten times as many."""
    past(tmp_path, {"val_accuracy": 0.6}, learning_rate=0.001, max_epochs=5)
    past(tmp_path, {"val_accuracy": 0.9}, learning_rate=0.002, max_epochs=50)
    past(tmp_path, {"val_accuracy": 0.8}, learning_rate=0.003, max_epochs=6)
    found = starts(tmp_path, flags=[*FLAGS, "--max-epochs", "5"])
    assert values(found) == [0.001, 0.003, 0.002]


def test_all_digits_of_a_number_are_kept_and_whole_ones_are_whole(tmp_path: Path) -> None:
    past(tmp_path, learning_rate=0.012345678901234567, hidden_dim=256)
    (start,) = starts(tmp_path)
    assert start.values == {"learning_rate": 0.012345678901234567, "hidden_dim": 256}
    assert type(start.values["hidden_dim"]) is int


def test_only_steps_are_values_of_a_range_with_steps(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("dropout: {range: '[0, 0.5]', step: 0.1}\ndepth: '[1, 8]'\n")
    exp_dir = tmp_path / "exp"
    for seed, (dropout, depth) in enumerate([(0.1 + 0.2, 3), (0.25, 3), (0.5, 9)]):
        past(exp_dir, dropout=dropout, depth=depth, seed=seed)
    flags = parse(FLAGS).hparams.to_values()
    (start,) = warm_start(exp_dir, space_of(FLAGS, [], file), flags, [ACCURACY], 9, pytest.fail)
    assert start.values == {"dropout": 0.3, "depth": 3} and 0.1 + 0.2 != 0.3


def test_conditions_leave_flags_out_and_exclusions_settings(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text(
        "optimizer: [sgd, adamw]\n"
        "momentum: {range: '[0.5, 0.99]', when: optimizer == sgd}\n"
        "learning_rate: log [1e-4, 1e-1]\n"
        "exclude: [optimizer == adamw and learning_rate > 0.05]\n"
    )
    exp_dir = tmp_path / "exp"
    past(exp_dir, {"val_accuracy": 0.9}, optimizer="adamw", learning_rate=0.07)
    past(exp_dir, {"val_accuracy": 0.8}, optimizer="adamw", learning_rate=0.01, momentum=0.3)
    past(exp_dir, {"val_accuracy": 0.7}, optimizer="sgd", learning_rate=0.07, momentum=0.75)
    past(exp_dir, {"val_accuracy": 0.6}, optimizer="sgd", learning_rate=0.07, momentum=0.3)
    past(exp_dir, {"val_accuracy": 0.1}, optimizer="sgd", learning_rate=0.02, momentum=0.75)
    past(exp_dir, {"val_accuracy": 0.1}, optimizer="sgd", learning_rate=0.03, momentum=0.75)
    space = space_of(FLAGS, [], file)
    flags = parse(FLAGS).hparams.to_values()
    found = warm_start(exp_dir, space, flags, [ACCURACY], 10, pytest.fail)
    assert [dict(start.values) for start in found] == [
        {"optimizer": "adamw", "learning_rate": 0.01},
        {"optimizer": "sgd", "momentum": 0.75, "learning_rate": 0.07},
    ]


def test_runs_of_versions_that_lacked_a_flag_did_as_its_default(tmp_path: Path) -> None:
    lacking = ("train_classes", "hidden_dim")
    past(tmp_path, {"val_accuracy": 0.5}, learning_rate=0.001, lacking=lacking)
    assert starts(tmp_path)[0].values == {"learning_rate": 0.001, "hidden_dim": 128}


def test_a_run_that_was_changed_does_not_count(tmp_path: Path) -> None:
    run = past(tmp_path)
    assert len(starts(tmp_path)) == 1
    edit(run, "record.json", host="elsewhere")
    assert starts(tmp_path) == []


def test_a_folder_that_is_not_there_has_no_past(tmp_path: Path) -> None:
    assert starts(tmp_path / "gone") == [] and not (tmp_path / "gone").exists()


def test_a_sweep_is_told_what_it_begins_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space, flags = space_of(FLAGS, ["learning_rate"], None), parse(FLAGS).hparams.to_values()
    assert starting_values(tmp_path, space, flags, [ACCURACY], 3) == []
    assert capsys.readouterr().err.startswith("note: no past run of the same task")
    run = past(tmp_path, learning_rate=0.03)
    assert starting_values(tmp_path, space, flags, [ACCURACY], 3) == [{"learning_rate": 0.03}]
    told = f"begins with the flags of 1 past setting: {run.name}\n"
    assert capsys.readouterr() == ("", told)
