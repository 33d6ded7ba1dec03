"""`--seeds`: what it stands for, what it can't stand with, and what is said at the end."""

import statistics
from pathlib import Path

import pytest

from project.cli.flags import parse
from project.cli.seeds import without_seeds
from project.cli.spread import rows_over_seeds

EACH = "give the one or the other"


@pytest.mark.parametrize(
    "argv, reason",
    [
        ("--seeds 0 1 0 1 2", "--seeds: 0, 1 stands there twice; give each once"),
        ("--seed 3 --seeds 0 1", f"--seed and --seeds exclude each other: {EACH}"),
        ("--seeds 0 1 --resume last", "--seeds can't go with --resume: the run that goes on has"),
        ("--seeds 0 1 --from last", "--seeds can't go with --from: the run that goes on has its"),
        ("--seeds 0 1 --only-test --checkpoint x", "--seeds can't go with --only-test: nothing is"),
        ("--seeds 0 x", "--seeds must be a whole number, not 'x'"),
        ("--seeds 0 4294967296", "--seeds must be in [0, 4294967295], not 4294967296"),
        ("--seeds", "--seeds needs at least one value"),
    ],
)
def test_what_can_not_be_is_a_line(argv: str, reason: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse(argv.split(), {})
    (line,) = str(raised.value).splitlines()
    assert line.startswith(reason)


def test_in_files_the_later_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "many.yaml"
    file.write_text("seeds: [0, 1e0]\nmodel: mlp\n")
    several = parse(["--config", str(file)], {})
    assert several.seeds == (0, 1) and "seeds" not in several.given
    assert parse(["--config", str(file), "--seed", "4"], {}).seeds == ()
    file.write_text("seed: 7\n")
    assert parse(["--config", str(file), "--seeds", "2", "3"], {}).seeds == (2, 3)
    file.write_text("seed: 7\nseeds: [1]\n")
    with pytest.raises(ValueError, match=f"many.yaml: --seed and --seeds .*: {EACH}"):
        parse(["--config", str(file)], {})
    with pytest.raises(SystemExit):
        parse(["--seeds", "5", "6", "--print-config"], {})
    file.write_text(capsys.readouterr().out)
    assert parse(["--config", str(file)], {}).seeds == (5, 6)


def test_each_run_has_the_other_words_alone() -> None:
    words = ["--model", "mlp", "--seeds", "0", "1e1", "--tags", "7", "8", "--seeds=3", "--compile"]
    assert without_seeds(words) == ["--model", "mlp", "--tags", "7", "8", "--compile"]


def test_the_end_has_mean_and_standard_deviation() -> None:
    accuracies, losses = [0.5, 0.75, 0.875], [1.5, float("nan"), 0.5]
    outcomes = [
        {
            "test": {"test_accuracy": accuracy, "test_loss": str(loss)},
            "best": {"monitor": "val_f1_macro", "metrics": {"val_f1_macro": accuracy / 2}},
        }
        for accuracy, loss in zip(accuracies, losses, strict=True)
    ]
    mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
    assert rows_over_seeds(outcomes) == [
        ("accuracy", f"test {mean:.4f} ± {deviation:.4f}"),
        ("f1_macro", f"validation {mean / 2:.4f} ± {deviation / 2:.4f}"),
        ("loss", "test nan ± nan"),
    ]
    assert rows_over_seeds(outcomes[:1])[0] == ("accuracy", "test 0.5000")
    assert rows_over_seeds([{"test": None, "best": None}]) == []
    # Three times 0.95 has a mean of 0.9499999999999998.
    equal = [{"test": {"test_accuracy": 0.95}, "best": None}] * 3
    assert rows_over_seeds(equal) == [("accuracy", "test 0.9500 ± 0.0000")]
