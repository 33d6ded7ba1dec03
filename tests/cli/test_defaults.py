"""Plugs' own defaults of shared flags: who wins over them, where they are told, and mistakes."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from project.cli.flags import Arguments, parse
from project.cli.planned import planned
from project.hyperparameters import Hyperparameters

LOAD = "\ndef load(hparams): ...\n"
NET = "DEFAULTS = {'lr': 0.003, 'max_epochs': 5}\nclass Net: ...\n"


@pytest.fixture
def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Arguments]:
    """What a command line asks for, where `own_data:load` and `own_net:Net` lie."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    text = "DEFAULTS = {'learning_rate': 0.1, 'loss': ['focal', 'cross-entropy*0.5'], 'width': 32}"
    (tmp_path / "own_data.py").write_text(text + LOAD)
    (tmp_path / "own_net.py").write_text(NET)
    importlib.invalidate_caches()
    return lambda line: parse(line.split(), {})


def test_a_models_wins_over_a_data_sets_and_whatever_is_given_over_both(
    parsed: Callable[[str], Arguments], tmp_path: Path
) -> None:
    found = parsed("--data own_data:load --model own_net:Net")
    assert found.hparams.learning_rate == 0.003 and found.hparams.max_epochs == 5
    assert found.hparams.loss == ("focal", "cross-entropy*0.5")
    data, net = "data own_data:load", "model own_net:Net"
    owners = {"learning_rate": net, "max_epochs": net, "loss": data, "width": data}
    assert found.defaults == owners and "learning_rate" not in found.given
    (tmp_path / "a.yaml").write_text("lr: 0.2\n")
    found = parsed("--model own_net:Net --config a.yaml --epochs 7")
    assert (found.hparams.learning_rate, found.hparams.max_epochs) == (0.2, 7)
    assert found.defaults == {}
    # What is built without a command line has the shared ones.
    assert Hyperparameters(model="own_net:Net").learning_rate == 0.001
    assert parsed("--model mlp").defaults == {}


def test_those_of_the_package() -> None:
    found = parse("--data shapes --model unet".split(), {})
    assert (found.hparams.batch_size, found.hparams.max_epochs) == (32, 14)
    assert found.defaults == {"batch_size": "model unet", "max_epochs": "data shapes"}


@pytest.mark.parametrize("words", ["--resume X", "--only-test --checkpoint X"])
def test_a_run_that_is_taken_up_has_its_own(parsed: Callable[[str], Arguments], words: str) -> None:
    found = parsed(f"{words} --model own_net:Net")
    assert found.hparams.learning_rate == 0.001 and found.defaults == {}


def test_the_run_and_its_help_tell_those_that_are_others(
    parsed: Callable[[str], Arguments], capsys: pytest.CaptureFixture[str]
) -> None:
    found = parsed("--data own_data:load --model own_net:Net --exp-dir runs")
    line = planned(found.hparams, found.given, None, None, found.defaults)
    assert line == (
        "own_net:Net on own_data:load, 5 epochs in batches of 128; into runs/debug/;"
        " by default of --model own_net:Net --learning-rate 0.003, --max-epochs 5;"
        " by default of --data own_data:load --loss focal cross-entropy*0.5"
    )
    with pytest.raises(SystemExit):
        parsed("--model own_net:Net --help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "(peak) learning rate (in (0, inf); default: 0.003, of --model own_net:Net)" in shown


@pytest.mark.parametrize(
    "text, problem",
    [
        ("DEFAULTS = {'learning_rat': 1}", "unknown key 'learning_rat', did you mean 'learn"),
        ("DEFAULTS = {'lr': -1}", "--learning-rate must be in (0, inf), not -1.0"),
        ("DEFAULTS = {'lr': [1]}", "--learning-rate takes one value, not a list of 1"),
        ("DEFAULTS = {'exp_name': 'x'}", "--exp-name is not a plug's to say"),
        ("DEFAULTS = {'model': 'mlp'}", "--model is not a plug's to say"),
        ("DEFAULTS = 3", "write {NAME: VALUE}, not 3"),
    ],
)
def test_a_mistake_names_the_file(
    parsed: Callable[[str], Arguments], tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "own_wrong.py").write_text(text + LOAD)
    with pytest.raises(ValueError) as caught:
        parsed("--data own_wrong:load")
    assert str(caught.value).startswith(f"own_wrong.py: DEFAULTS: {problem}")
    assert "\n" not in str(caught.value)
    (tmp_path / "own_wrong.py").write_text("DEFAULTS = {'lr': x}" + LOAD)
    with pytest.raises(ValueError, match="own_wrong.py:1: DEFAULTS is no literal: it is read"):
        parsed("--data own_wrong:load")
