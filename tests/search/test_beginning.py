"""What a sweep must not begin with, and what it makes of its flags."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from project.search.base import read_base
from project.search.beginning import agreeing, rules_of, without_secrets
from project.search.parser import make_parser
from project.search.space import Dimension, Space, space_of
from project.search.spec import Spec


def test_no_secret_comes_into_the_storage() -> None:
    without_secrets(["--model", "mlp", "--notify", "desktop", "telegram"])
    token = "tgram://123456789:" + "AAbb" + "CCddEEffGGhhIIjjKKllMMnnOOpp/1"
    with pytest.raises(ValueError, match=r"after --: tgram://\*\*\*; the storage") as refused:
        without_secrets(["--model", "mlp", "--notify", token])
    assert "AAbb" not in str(refused.value)


@pytest.mark.parametrize(
    "dimensions, most",
    [
        ((), 30),
        ((Dimension("max_epochs", "int", (), 5, 50),), 50),
        ((Dimension("max_epochs", "choice", (20, 5)),), 20),
    ],
)
def test_a_pruner_counts_on_as_many_epochs_as_a_trial_can_have(
    dimensions: tuple[Dimension, ...], most: int
) -> None:
    """Of 30 of the flags, or of those that are searched."""
    asked = make_parser().parse_args(["--exp-name", "a", "--pruner", "hyperband"])
    base = SimpleNamespace(hparams=SimpleNamespace(max_epochs=30, monitor="val_loss"))
    rules = rules_of(asked, base, Space(dimensions), 1, (), {"loss": "min"})
    assert rules.max_epochs == most


def test_each_thing_in_which_a_command_differs_is_told_once() -> None:
    def read(*flags: str):
        return read_base(flags, Path("nowhere"), lambda *_: ("", {}), lambda _: [])

    first, other = (read("--model", "mlp", "--max-epochs", n) for n in "34")
    words = ["--exp-name", "a", "--search", "learning_rate", "--pruner", "median"]
    own = make_parser().parse_args(words)
    space = space_of(first.flags, own.search, None)
    rules = rules_of(own, first, space, 1, (), {"loss": "min"})
    began = Spec(first.given, first.flags, first.settings, space, rules)
    agreeing(began, own, first)
    with pytest.raises(ValueError, match="there is another sweep 'a' already") as refused:
        agreeing(began, make_parser().parse_args([*words, "--window", "2"]), other)
    assert str(refused.value).splitlines()[1:] == [
        "--max-epochs: 3 in the sweep, 4 here",
        "--window: 1 in the sweep, 2 here",
    ]
