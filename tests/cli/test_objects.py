"""Config objects: what they choose, who wins, how they are printed, and what mistakes get."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from project.cli.flags import parse, print_yaml
from project.cli.objects import plain
from project.hyperparameters import Hyperparameters
from project.plugs import flat
from project.plugs.objects import as_config, takes_of

Parsed = Callable[..., Hyperparameters]
MODULE = """
class Settings:
    n_heads: int = 4


class Net:
    def __init__(self, shape, n_classes, width=32, act="relu", *, sizes=(), bias=None): ...


class Need(Net):
    def __init__(self, shape, n_classes, hparams, width): ...


class Sub(Net): ...


def focal(gamma=2.0): ...


def any(**kwargs): ...
"""


@pytest.fixture
def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parsed:
    """What files, `a.yaml` and so on, and a command line ask for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_objects.py").write_text(MODULE)
    importlib.invalidate_caches()

    def ask(*texts: str, line: str = "") -> Hyperparameters:
        names = [f"{letter}.yaml" for letter in "abc"[: len(texts)]]
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(text)
        return parse([*(["--config", *names] if names else []), *line.split()], {}).hparams

    return ask


NET = "model: {object: own_objects:Net, args: {width: 64, act: gelu}}\n"
SUM = """
loss:
- object: own_objects:focal*0.5
  args: {gamma: 3}
- dice
data: shapes
model: unet
"""


def test_an_object_is_what_is_chosen_and_its_arguments(parsed: Parsed) -> None:
    hparams = parsed(NET)
    assert hparams.model == "own_objects:Net"
    # The flags of the plug's own are beside them.
    assert hparams.plugs == {
        "own_objects": {"n_heads": 4},
        "own_objects:Net": {"width": 64, "act": "gelu"},
    }
    values = flat(hparams.to_values())
    assert (values["model.args.width"], values["model.args.act"]) == (64, "gelu")
    assert values["width"] == 32  # the flag of every run
    assert Hyperparameters.from_values(hparams.to_values()) == hparams


def test_a_term_of_a_sum_has_its_weight_and_its_arguments_by_its_name(parsed: Parsed) -> None:
    hparams = parsed(SUM)
    assert hparams.loss == ("own_objects:focal*0.5", "dice")
    assert hparams.plugs["own_objects:focal"] == {"gamma": 3}
    assert flat(hparams.to_values())["loss.focal.args.gamma"] == 3


@pytest.mark.parametrize("text", [NET, SUM])
def test_what_is_printed_asks_for_the_same(
    parsed: Parsed, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hparams = parsed(text)
    print_yaml(hparams)
    assert parsed(capsys.readouterr().out) == hparams
    assert as_config(hparams.to_values())["seed"] == 0


@pytest.mark.parametrize(
    "text, value",
    [
        *[("64", 64), ("010", 10), ("-3", -3), ("1e-3", 0.001), (".5", 0.5), ("true", True)],
        *[("null", None), ("~", None), ("", None), ("none", "none"), ("relu", "relu")],
        *[("'64'", "64"), ('"true"', "true"), ("1:30", "1:30"), ("inf", "inf")],
        *[("[1, 2.5, a, 'b', null]", [1, 2.5, "a", "b", None]), ("[]", [])],
    ],
)
def test_a_value_has_the_type_that_yaml_gives_it(parsed: Parsed, text: str, value: object) -> None:
    hparams = parsed(f"model: {{object: own_objects:Net, args: {{sizes: {text} }}}}")
    found = hparams.plugs["own_objects:Net"]["sizes"]
    assert found == value and type(found) is type(value)
    assert plain("1_000") == "1_000"


def test_later_files_win_over_earlier_ones_and_the_command_line_over_both(parsed: Parsed) -> None:
    later = "model: {object: own_objects:Net, args: {width: 8, bias: true}}\n"
    args = parsed(NET, later).plugs["own_objects:Net"]
    assert args == {"width": 8, "act": "gelu", "bias": True}
    line = "--model.args.width 16 --model.args.act=elu"
    args = parsed(NET, later, line=line).plugs["own_objects:Net"]
    assert args == {"width": 16, "act": "elu", "bias": True}
    # Another one has nothing of them.
    assert parsed(NET, line="--model mlp").plugs == {}
    assert parsed(NET, "model: mlp\n").model == "mlp"
    alone = parsed(line="--model own_objects:Net --model.args.width 3")
    assert alone.plugs["own_objects:Net"] == {"width": 3}
    assert parsed(SUM, line="--loss.focal.args.gamma 1").plugs["own_objects:focal"] == {"gamma": 1}


def test_an_argument_may_be_a_flag_of_the_plugs_own(parsed: Parsed) -> None:
    hparams = parsed("model: {object: own_objects:Net, args: {n-heads: 8, width: 3}}")
    assert hparams.plugs == {"own_objects": {"n_heads": 8}, "own_objects:Net": {"width": 3}}
    built_in = parsed("data: shapes\nmodel: {object: unet, args: {unet_width: 16}}\n")
    assert (built_in.model, built_in.plugs["unet"]["unet_width"]) == ("unet", 16)
    assert parsed("callback: [{object: ema, args: {ema_decay: 0.5}}]").plugs == {
        "ema": {"ema_decay": 0.5}
    }


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{object: own_objects:Nat}", "a.yaml:1:1: --model 'own_objects:Nat': "),
        ("{object: own_object:Net}", "there is no module own_object in the folder"),
        (
            "{object: own_objects:Net, args: {widht: 3}}",
            "a.yaml:1:1: model.args.widht: own_objects:Net takes no 'widht', did you mean 'width'?"
            " (own_objects.py:7)",
        ),
        (
            "{object: own_objects:Need, args: {act: x}}",
            "a.yaml:1:1: model.args.act: own_objects:Need takes no 'act' (own_objects.py:11)\n"
            "a.yaml:1:1: model.args.width: own_objects:Need needs width (own_objects.py:11)",
        ),
        ("{object: own_objects:Net, args: [3]}", "a.yaml:1:40: model: args are a mapping of names"),
        ("{object: own_objects:Net, args: 3}", "model: args are a mapping of names to values"),
        ("{object: own_objects:Net, args: {act: {a: 3}}}", "model.args.act: a text, a number, tru"),
        ("{object: own_objects:Net, args: {act: [[3]]}}", "here, no list in a list"),
        ("{object: own_objects:Net, args: {act: !!float 3}}", "model.args.act: a text, a number"),
        ("{object: own_objects:Net, args: {act: 1, act: 2}}", "model: act is given twice"),
        ("{object: own_objects:Net, args: {a b: 1}}", "model: the name of an argument belongs"),
        ("{object: own_objects:Net, arg: {act: 1}}", "not 'arg', did you mean 'args'?"),
        ("{args: {act: 1}}", "a.yaml:1:8: model: its object is missing: write {object: MOD"),
        ("{object: [1]}", "model: object is a text, such as mynets.unet:Net"),
        (
            "{object: cnn, args: {width: 3}}",
            "model.args.width: width is a flag of every run: write it beside model, not in its",
        ),
        ("{object: cnn, args: {heads: 3}}", "cnn has no flag 'heads' (it has no flags of its own)"),
        ("{object: unet, args: {unet_widht: 3}}", "no flag 'unet_widht', did you mean 'unet_width"),
        ("cnn\nlearning_rate: {object: a:B}", "a.yaml:2:16: a value is a text, a number or a list"),
        ("cnn\ntracker: {object: a:B}", "a.yaml:2:10: a value is a text, a number or a list"),
        ("cnn\nmodel.args.act: [1]", "a.yaml:2:1: model.args.act: write model.args.NAME"),
        (
            "cnn\noptimizer: {object: torch.optim:SGD, args: {lr: 1}}",
            "a.yaml:2:1: optimizer.args.lr: the schedule sets it: give learning_rate beside",
        ),
        (
            "cnn\nloss: [{object: own_objects:any, args: {a: 1}}, {object: own_objects:any}]",
            "a.yaml:2:1: loss: own_objects:any is there twice, with args of its own",
        ),
    ],
)
def test_a_mistake_gets_a_line_with_file_and_key(parsed: Parsed, text: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        parsed(f"model: {text}\n", line="--exp-dir none")
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == problem.count("\n") + 1


@pytest.mark.parametrize(
    "line, problem",
    [
        ("--loss.focal.args.gamma 1", "--loss.focal.args.gamma: no --loss MODULE:focal is chosen"),
        ("--model.args.depht 1", "--model.args.depht: cnn has no flag 'depht'"),
        ("--model.arg.depth 1", "unknown flag --model.arg.depth"),
        ("--model.args.depth", "--model.args.depth needs a value"),
    ],
)
def test_a_mistake_on_the_command_line_gets_a_line(parsed: Parsed, line: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        parsed(line=line)
    assert str(caught.value).startswith(problem) and "\n" not in str(caught.value)


def test_a_record_with_an_argument_that_is_no_plain_value_is_refused(parsed: Parsed) -> None:
    values = parsed(NET).to_values()
    values["plugs"]["own_objects:Net"]["width"] = {"a": 1}
    with pytest.raises(ValueError, match=r"^model\.args\.width must be a text, a number, true"):
        Hyperparameters.from_values(values)


def test_what_a_file_says_of_arguments_is_read_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "forms.py"
    path.write_text(
        "import functools\n"
        "def f(a, /, b, c=1, *rest, d, e=2, **kw): ...\n"
        "@functools.cache\ndef wrapped(a): ...\n"
        "class Plain:\n    def __init__(self, a, *, b): ...\n"
        "class Sub(Plain): ...\n"
    )
    assert takes_of(str(path), "f") == ({"b": True, "c": False, "d": True, "e": False}, True, 2)
    assert takes_of(str(path), "Plain") == ({"a": True, "b": True}, False, 6)
    for name in ("wrapped", "Sub", "missing"):
        assert takes_of(str(path), name) is None
