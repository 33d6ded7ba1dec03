"""What the command line asks for, and what is wrong with it."""

from pathlib import Path

import pytest

from project import scaling
from project.forecast.asking import Asked, Wanted, asked
from project.provenance.parents import flags_found


def ask(*words: str) -> Asked:
    return asked(words, flags_found, scaling._named_runs)


def test_runs_are_of_all_fractions_seeds_and_widths_the_smallest_first() -> None:
    found = ask(*"--fractions 0.5 0.1 0.2 1 --widths 8 2 4 --seeds 2 --seed 7".split())
    assert len(found.runs) == 4 * 2 * 3
    assert found.runs[:4] == (
        Wanted(0.1, 2, 7),
        Wanted(0.1, 4, 7),
        Wanted(0.1, 8, 7),
        Wanted(0.1, 2, 8),
    )
    assert found.runs[-1] == Wanted(1.0, 8, 8)


def test_a_run_has_the_flags_given_and_no_test_and_no_tracker() -> None:
    found = ask(*"--data synthetic --without predictions --seed 3".split())
    hparams = found.hparams(Wanted(0.1, None, 4))
    assert (hparams.data, hparams.train_fraction, hparams.seed) == ("synthetic", 0.1, 4)
    assert hparams.exp_name == "scaling" and hparams.tracker == ("none",)
    assert set(hparams.without) == {"predictions", "test", "progress", "reports"}
    assert ask("--tracker", "mlflow").hparams(Wanted(0.1, None, 0)).tracker == ("mlflow",)


def test_smaller_shares_can_have_more_epochs() -> None:
    """30 epochs of all samples are 120 of a quarter; 21 are 30 of 0.7, whose inverse is inexact."""
    found = ask("--max-epochs", "30", "--same-steps")
    assert found.hparams(Wanted(0.25, None, 0)).max_epochs == 120
    assert found.hparams(Wanted(1.0, None, 0)).max_epochs == 30
    inexact = ask("--max-epochs", "21", "--same-steps").hparams(Wanted(0.7, None, 0))
    assert inexact.max_epochs == 30
    assert ask("--max-epochs", "30").hparams(Wanted(0.25, None, 0)).max_epochs == 30


@pytest.mark.parametrize(
    "words, name",
    [
        ("--model mlp", "hidden_dim"),
        ("--model cnn", "width"),
        ("--model cnn --width-flag hidden-dim", "hidden_dim"),
        ("--model mlp --width-flag=--depth", "depth"),
    ],
)
def test_widths_are_of_the_flag_that_says_the_models_size(words: str, name: str) -> None:
    found = ask(*f"{words} --widths 2 3 4".split())
    assert getattr(found.hparams(Wanted(0.5, 3, 0)), name) == 3
    assert ask(*f"--widths 2 3 4 -- {words}".split()).runs == found.runs


@pytest.mark.parametrize(
    "words, said",
    [
        ("--fractions 0.1 0.2", "--fractions: give 4 or more"),
        ("--fractions 0.1 0.1 0.2 0.3 1", "--fractions: 0.1 stands there twice"),
        ("--fractions 0.1 0.2 0.3 2", "--fractions: '2' is no share of the training samples"),
        ("--widths 3 4", "--widths: give 3 or more, or none"),
        ("--widths 3 4 5 --width-flag hidn-dim", "unknown flag --hidn-dim, did you mean"),
        ("--widths 3 4 5 --width-flag dropout", "--dropout must be in [0, 1), not 3"),
        ("--widths 3 4 5 --width-flag seed", "--width-flag: --seed is no flag of the model"),
        ("--width-flag width", "--width-flag says which flag takes --widths, and there are none"),
        ("--score accuracy", "did you mean 'val_accuracy'?"),
        ("--score test_accuracy", "--score 'test_accuracy' is no validation score"),
        ("--fractons 1", "unknown flag --fractons, did you mean '--fractions'?"),
        ("--lerning-rate 1", "unknown flag --lerning-rate, did you mean '--learning-rate'?"),
        ("--train-fraction 0.5", "--train-fraction is no flag of this command"),
        ("--resume last", "--resume is no flag of this command"),
        ("--limit-batches 3", "--limit-batches is no flag of this command"),
        ("--seeds 3 --seed 4294967295", "are beyond 4294967295"),
        ("--exp-name _forecasts", "--exp-name '_forecasts' is a file's name"),
    ],
)
def test_mistakes_are_a_line(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scaling.main(["--exp-dir", str(tmp_path / "none"), *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and said in line
    assert not (tmp_path / "none").exists()


def test_all_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert scaling.main("--fractions 1 --widths 2 --score x --batch-size 0".split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
