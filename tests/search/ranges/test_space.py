"""Spaces: what flags, files and fields say of ranges, and the words of a trial's command line."""

from pathlib import Path

import pytest

from project.cli.flags import parse
from project.search.space import Dimension, Space, space_of, template


def space(tmp_path: Path, text: str, *flags: str) -> Space:
    (tmp_path / "space.yaml").write_text(text)
    return space_of(flags, [], tmp_path / "space.yaml")


def problems(tmp_path: Path, text: str, *flags: str) -> list[str]:
    with pytest.raises(ValueError) as caught:
        space(tmp_path, text, *flags)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_the_ranges_of_fields_are_searched_by_any_name_of_a_flag() -> None:
    found = space_of([], ["lr", "--batch-size", "learning_rate"], None)
    assert found == Space(
        (
            Dimension("learning_rate", "float", (), 1e-4, 1e-1, True),
            Dimension("batch_size", "choice", (32, 64, 128, 256)),
        )
    )
    assert Space.from_json(found.to_json()) == found


def test_a_file_says_ranges_conditions_and_exclusions(tmp_path: Path) -> None:
    found = space(
        tmp_path,
        """
        momentum: {range: "[0.8, 0.99]", when: optimizer == sgd}
        learning-rate: log [1e-3, 1e-1]
        dropout:
        hidden_dim: {low: 64, high: 500, step: 64}
        optimizer: [adamw, sgd]
        exclude:
          - optimizer == adamw and learning_rate > 0.05
        """,
    )
    names = [each.name for each in found.dimensions]
    # momentum waits for optimizer; 64 + 6 * 64 is the last that is not beyond 500
    assert names == ["learning_rate", "dropout", "hidden_dim", "optimizer", "momentum"]
    assert found.dimensions[2] == Dimension("hidden_dim", "int", (), 64, 448, step=64)
    assert (found.dimensions[1].low, found.dimensions[1].high) == (0.0, 0.5)
    sgd = found.completed(lambda each: each.at(0.999))
    adamw = found.completed(lambda each: each.at(0.0))
    assert sgd.keys() - adamw.keys() == {"momentum"}
    assert found.active({"optimizer": "adamw"}) == tuple(names[:4])
    assert found.allows(sgd) and found.allows(adamw)
    assert not found.allows(adamw | {"learning_rate": 0.06})


def test_a_trials_words_give_the_same_values_back() -> None:
    found = Space(
        (
            Dimension("learning_rate", "float", (), 1e-5, 1.0),
            Dimension("augment", "choice", ("", "flip", "flip crop"), words=True),
            Dimension("layer_decay", "choice", (None, 0.9)),
            Dimension("deterministic", "choice", (True, False)),
            Dimension("hidden_dim", "int", (), 1, 1000),
        )
    )
    values = {"learning_rate": 0.1 + 0.2, "augment": "flip crop", "layer_decay": None}
    values |= {"deterministic": False, "hidden_dim": 77}
    hparams = parse(found.argv(values)).hparams
    assert hparams.learning_rate == 0.1 + 0.2 and hparams.layer_decay is None
    assert hparams.augment == ("flip", "crop") and hparams.deterministic is False
    # Whatever the flags of all trials say.
    none = parse(["--augment", "flip", *found.argv({"augment": "", "deterministic": True})]).hparams
    assert none.augment == () and none.deterministic
    assert found.argv({"learning_rate": -1e-7}) == ["--learning-rate=-1e-07"]


@pytest.mark.parametrize(
    "text, line",
    [
        ("lerning_rate: [1, 2]", "space.yaml:1: there is no flag lerning_rate, did you mean"),
        ("schedules: [a]", "space.yaml:1: schedules: "),
        ("dropout:\naccumulate:", "space.yaml:2: accumulate has no range of its own: give"),
        ("exp_name: [a, b]", "space.yaml:1: exp_name says nothing of how a run learns"),
        ('learning_rate: "[1, 0.1]"', "space.yaml:1: learning_rate: its range ends at 0.1, below"),
        ("learning_rate: log [0, 1]", "space.yaml:1: learning_rate: a logarithmic scale begins"),
        ('dropout: "[0, 1.5]"', "space.yaml:1: dropout: --dropout must be in [0, 1), not 1.5"),
        ('batch_size: "[1, 2.5]"', "space.yaml:1: batch_size: takes whole numbers, not 2.5"),
        ('optimizer: "[0, 1]"', "space.yaml:1: optimizer: is no number: give a list of choices"),
        ("optimizer: [adamw, adam]", "space.yaml:1: optimizer: --optimizer 'adam' is unknown"),
        ("dropout: [0.1, 0.10]", "space.yaml:1: dropout: a choice stands there twice: 0.1, 0.1"),
        ("dropout: 0.1 - 0.3", "space.yaml:1: dropout: '0.1 - 0.3' is no range: write"),
        ("dropout: {lo: 1}", "space.yaml:1: dropout: no word 'lo', did you mean 'low'?"),
        ("dropout: {low: 0}", "space.yaml:1: dropout: give one of: range; choices; low and high"),
        ("focal_gamma:", "space.yaml:1: --focal-gamma is a flag of --loss focal, which is not"),
        ("hidden_dim: [1e400]", "space.yaml:1: hidden_dim: --hidden-dim must be a whole number"),
        ("dropout: {low: 0, high: 0.5, step: 1}", "space.yaml:1: dropout: a step of 1 leaves"),
        ("dropout:\nexclude: dropout >= 0", "every combination is excluded: none of 20000"),
        ("dropout:\nexclude: drop > 0", "space.yaml:2: exclude: 'drop > 0': unknown name 'drop'"),
        ("dropout: {when: dropout > 0}", "dropout: when: 'dropout > 0': unknown name"),
        ("dropout:\nexclude: dropout == a", "the space: 'dropout == a': dropout is a number"),
        ("[1, 2]", "space.yaml: flags with their ranges belong here"),
        ("a: b: c", "space.yaml:1: not YAML"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(tmp_path: Path, text: str, line: str) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1 and found[0].startswith(line)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "a: [1]\nb: [1]\ndropout: log [0, 1]\nexclude: [1]")
    assert {line.split(": ")[0] for line in found} == {f"space.yaml:{i}" for i in (1, 2, 3, 4)}


def test_conditions_in_a_circle_are_refused(tmp_path: Path) -> None:
    text = "dropout: {when: momentum > 0.85}\nmomentum: {when: dropout > 0.1}\nlearning_rate:"
    assert problems(tmp_path, text) == [
        "conditions in a circle: each of dropout, momentum waits for others"
    ]


def test_nothing_that_is_searched_and_no_file_are_lines() -> None:
    with pytest.raises(ValueError, match="^nothing is searched: give --search"):
        space_of([], [], None)
    with pytest.raises(ValueError, match="^--space nowhere.yaml: No such file"):
        space_of([], [], Path("nowhere.yaml"))


def test_a_choice_that_never_makes_a_run_is_told_at_the_start(tmp_path: Path) -> None:
    text = "loss: [cross-entropy, focal]\nlabel_smoothing: [0.1, 0.2]"
    (line,) = problems(tmp_path, text)
    assert line.startswith("loss focal: --label-smoothing") and "is not defined for" in line
    # no combination of both is left, but of the loss alone
    (line,) = problems(tmp_path, "levels: [2]\nmodel: [cnn, unet]")
    assert line.startswith("model unet: model unet serves segmentation, not classification")


def test_what_some_combinations_forbid_is_no_mistake(tmp_path: Path) -> None:
    text = "batch_size: [64, 66]\nsampler: [shuffle, pk]"
    assert len(space(tmp_path, text).dimensions) == 2
    (line,) = problems(tmp_path, text, "--samples-per-class", "5")
    assert line.startswith("sampler pk: --sampler pk: --batch-size")


def test_flags_of_a_plug_are_searched_where_it_is_chosen(tmp_path: Path) -> None:
    found = space(tmp_path, "focal_gamma:\nloss: [cross-entropy, focal, cross-entropy focal*0.5]")
    loss, gamma = found.dimensions
    assert gamma.when == 'loss in (focal, "cross-entropy focal*0.5")'
    assert found.active({"loss": "cross-entropy"}) == ("loss",)
    values = {"loss": "cross-entropy focal*0.5", "focal_gamma": 1.5}
    assert found.active(values) == ("loss", "focal_gamma")
    assert found.argv(values)[:3] == ["--loss", "cross-entropy", "focal*0.5"]
    # one that the command line chooses has its flags always
    assert space_of(["--loss", "focal"], ["focal_gamma"], None).dimensions[0].when is None


def test_values_of_a_net_from_a_file_are_searched(tmp_path: Path) -> None:
    setting = "settings: {growth: {default: 4, sweep: [4, 8]}}"
    layers = "layers: [flatten, linear: growth, linear: classes]"
    (tmp_path / "net.yaml").write_text(f"{setting}\n{layers}\n")
    found = space_of(["--model", f"file:{tmp_path}/net.yaml"], ["growth"], None)
    assert found.dimensions == (Dimension("growth", "choice", (4, 8)),)


@pytest.mark.parametrize("flags", [[], ["--model", "unet", "--data", "shapes"]])
def test_the_template_is_a_space_of_all_flags_with_a_range(
    tmp_path: Path, flags: list[str]
) -> None:
    text = template(flags)
    found = space(tmp_path, text, *flags)
    names = {each.name for each in found.dimensions}
    assert {"learning_rate", "depth", "dropout"} <= names
    (warm_up,) = (each for each in found.dimensions if each.name == "warmup_fraction")
    assert warm_up.when == "schedule == one-cycle"
    # without a teacher, what weighs one is refused; a unet has levels of its own, and no hidden_dim
    assert "# teacher_weight: " in text and "teacher_weight" not in names
    assert ("levels" in names) == ("unet" in flags) == ("hidden_dim" not in names)


def test_what_is_drawn_has_six_digits() -> None:
    rate = Dimension("learning_rate", "float", (), 1e-4, 1e-1, True)
    share = Dimension("dropout", "float", (), 0.0, 0.5)
    # 1e-4 * 10^(3 / 7) = 0.00026826957..., and 0.5 / 7 = 0.0714285714...
    assert rate.at(1 / 7) == 0.00026827 and share.at(1 / 7) == 0.071429
    narrow = Dimension("momentum", "float", (), 0.9, 0.9 + 1e-9)
    assert len({narrow.at(i / 1000) for i in range(1000)}) == 1000
    for each in (rate, share, narrow):
        assert (each.at(0.0), each.at(1.0)) == (each.low, each.high)


def test_the_template_leaves_out_what_a_model_does_not_read(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("layers: [flatten, linear: hidden_dim, linear: classes]")
    for model, name, other in (("mlp", "hidden_dim", "width"), ("cnn", "width", "levels")):
        assert f"\n{name}: " in template(["--model", model])
        assert f"\n{other}: " not in template(["--model", model])
    text = template(["--model", f"file:{tmp_path}/net.yaml"])
    assert "\nhidden_dim: " in text and "\n# depth: " in text


@pytest.mark.parametrize("said, why", [("0 to 1", "is no range: write"), ("[0, 9]", "must be in")])
def test_a_plug_whose_range_is_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, why: str
) -> None:
    flag = f'flag(1.0, "any", bounds="[0, 1]", sweep="{said}")'
    text = f"from project.hyperparameters import flag\nclass Settings:\n    push: float = {flag}\n"
    (tmp_path / "own_loss.py").write_text(f"{text}\nclass Loss: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for ask in (lambda flags: space_of(flags, ["push"], None), template):
        with pytest.raises(ValueError) as caught:
            ask(["--loss", "own_loss:Loss"])
        (line,) = str(caught.value).splitlines()
        assert "push" in line and why in line
