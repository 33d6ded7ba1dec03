"""`--loss A B*0.5`: how it is spelled, recorded and read back, and the line that a mistake gets."""

import pytest

from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.plugs import chosen

# All losses serve masks.
MASKS = "--data shapes --model unet --loss".split()


def read(*words: str) -> Hyperparameters:
    return parse([*MASKS, *words], {}).hparams


def test_terms_have_one_spelling_and_one_alone_is_recorded_as_before_there_were_several() -> None:
    hparams = read("cross-entropy*1.0", "dice*.50", "focal*2e0", "--dice-beta", "2")
    assert hparams.loss == ("cross-entropy", "dice*0.5", "focal*2.0")
    values = hparams.to_values()
    assert values["loss"] == list(hparams.loss) and values["plugs"]["dice"] == {"dice_beta": 2.0}
    assert Hyperparameters.from_values(values) == hparams
    assert chosen(values)["loss"] == {"cross-entropy", "dice", "focal"}
    assert read("focal").to_values()["loss"] == read("focal*1").to_values()["loss"] == "focal"
    for former in ("focal", ["focal"]):
        assert Hyperparameters.from_values({"loss": former}).loss == ("focal",)


@pytest.mark.parametrize(
    "words, lines",
    [
        (["dice*x"], ["--loss 'dice*x': write NAME or NAME*WEIGHT, with a weight above 0"]),
        (["focal*0", "dice*-1"], ["--loss 'focal*0': write", "--loss 'dice*-1': write NAME"]),
        (["focal*inf"], ["--loss 'focal*inf': write"]),
        (["focal*1e999"], ["--loss 'focal*1e999': write"]),
        (["0.5*dice"], ["--loss '0.5*dice': write"]),
        (["*2"], ["--loss '*2': write"]),
        (["focal", "focal*2"], ["--loss: focal is there twice: leave one out, or weigh it foc"]),
        (["focl*2"], ["--loss 'focl' is unknown, did you mean 'focal'? (choices: "]),
        (["nowhere:f*2"], ["--loss 'nowhere:f': there is no module nowhere"]),
    ],
)
def test_a_mistake_in_a_term_is_told_in_a_line(words: list[str], lines: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        read(*words)
    told = str(caught.value).splitlines()
    assert len(told) == len(lines)
    assert all(a.startswith(b) for a, b in zip(told, lines, strict=True))


@pytest.mark.parametrize(
    "words, told",
    [
        ("focal dice --label-smoothing 0.1", "--label-smoothing 0.1 is not defined for --loss foc"),
        ("dice --class-weights balanced", "--class-weights are not used by --loss dice: leave th"),
        ("focal --dice-beta 2", "--dice-beta is a flag of --loss dice, which is not chosen"),
    ],
)
def test_what_no_term_uses_is_refused(words: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        read(*words.split())
    read("cross-entropy", *words.replace("focal --dice", "dice --dice").split())


def test_each_term_has_to_serve_the_task() -> None:
    with pytest.raises(ValueError, match="^loss dice serves segmentation, not classification .of "):
        parse("--loss cross-entropy dice*0.5".split(), {})
