"""Plugs' own flags: what `Settings` may say, and the line that each mistake in it gets."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from project import plugs
from project.cli import settings as reading
from project.cli.flags import parse
from project.cli.settings import read, settings_of
from project.hyperparameters import BY_NAME, Hyperparameters
from project.main import recorded_flags

Write = Callable[[str, str], Path]
NET = "\n\nclass Net: ...\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Puts a module, with a `Net`, where the person stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def module(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(text + NET)
        importlib.invalidate_caches()
        return path

    return module


def test_each_type_of_flag_can_be_a_plugs_own(write: Write) -> None:
    write(
        "own_types",
        "class Settings:\n"
        "    '''Of the net.'''\n"
        "    whole: int = flag(4, 'a number', bounds='[1, 64]', sweep=(2, 4))\n"
        "    real: float = 1\n"
        "    text: str = flag('a', choices=('a', 'b'))\n"
        "    truth: bool = fields.flag(True, help='or not')\n"
        "    few: tuple[int, int] = (1, 2)\n"
        "    many: tuple[str, ...] = ()\n"
        "    maybe: int | None = None\n",
    )
    found = {s.name: s.field for s in read(plugs.find("model", "own_types:Net"))}
    assert {name: f.type for name, f in found.items()} == {
        **{"whole": int, "real": float, "text": str, "truth": bool, "few": tuple[int, int]},
        **{"many": tuple[str, ...], "maybe": int | None},
    }
    assert isinstance(found["real"].default, float) and found["maybe"].default is None
    assert found["whole"].metadata["bounds"] == "[1, 64]"
    assert found["whole"].metadata["sweep"] == (2, 4)
    line = "--model own_types:Net --whole 8 --no-truth --few 3 4 --many x y --maybe 5".split()
    arguments = parse(line, {})
    own = arguments.hparams.plugs["own_types"]
    assert own == {
        **{"whole": 8, "real": 1.0, "text": "a", "truth": False},
        **{"few": (3, 4), "many": ("x", "y"), "maybe": 5},
    }
    assert arguments.given["plugs"]["own_types"].keys() == own.keys() - {"real", "text"}
    values = arguments.hparams.to_values()
    assert values["plugs"]["own_types"]["few"] == [3, 4]
    assert Hyperparameters.from_values(values) == arguments.hparams
    assert arguments.hparams.settings("own_types").whole == 8
    assert arguments.hparams.settings("own_types.deeper").whole == 8


def test_without_plugs_flags_a_record_has_no_word_of_them() -> None:
    assert "plugs" not in Hyperparameters().to_values()


@pytest.mark.parametrize(
    "lines, problem",
    [
        ("n = 4", ":2: Settings is read without running it: write NAME: TYPE = VALUE"),
        ("n: int", ":2: Settings is read without running it"),
        ("def n(self): ...", ":2: Settings is read without running it"),
        ("n: int = 2 * k", ":2: Settings.n is no literal: it is read without running the file"),
        ("n: int = flag(k)", ":2: Settings.n is no literal"),
        ("n: int = flag(4, bounds=B)", ":2: Settings.n is no literal"),
        ("n: int = flag(4, bounds='1 to 3')", "bounds '1 to 3' are not of the form"),
        ("n: int = flag(4, bounds='[5, 9]')", "Settings.n: --n must be in [5, 9], not 4"),
        ("n: int = flag(4, env='N')", ":2: Settings.n: flag takes VALUE, HELP and choices"),
        ("n: int = flag(4, '', 5)", ":2: Settings.n: flag takes VALUE, HELP and choices"),
        ("n: str = flag('', choices=['a'])", "choices ['a'] are no tuple"),
        ("n: int = 'four'", "--n must be a whole number, not 'four'"),
        ("n: dict = {}", ":2: Settings.n is of no type that a flag can have: int, float"),
        ("n: tuple[int, str] = (1, 'a')", ":2: Settings.n is of no type that a flag can have"),
        ("seed: int = 1", ":2: --seed is a flag of every run; give yours another name"),
        ("config: str = ''", ":2: --config is a flag of every run"),
        ("no_compile: bool = True", ":2: --no-compile is a flag of every run"),
    ],
)
def test_a_mistake_in_settings_gets_a_line(write: Write, lines: str, problem: str) -> None:
    path = write("own_wrong", f"class Settings:\n    {lines}\n")
    with pytest.raises(ValueError) as caught:
        parse(["--model", "own_wrong:Net", "--exp-dir", "runs"], {})
    assert problem in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_flag_of_two_plugs_is_told_with_both_places(write: Write) -> None:
    write("own_one", "class Settings:\n    n_parts: int = 1\n")
    write("own_two", "class Settings:\n    more: int = 1\n    n_parts: int = 1\n")
    with pytest.raises(ValueError) as caught:
        parse("--model own_one:Net --loss own_two:Net".split(), {})
    assert str(caught.value).startswith("--n-parts is a flag of both --model own_one:Net (")
    assert "own_one.py:2) and --loss own_two:Net (" in str(caught.value)
    assert str(caught.value).endswith("own_two.py:3); rename one")


def test_one_file_that_gives_model_and_loss_has_its_flags_once(write: Write) -> None:
    write("own_both", "class Settings:\n    n_parts: int = 1\n")
    both = [("model", "own_both:Net"), ("loss", "own_both:Net")]
    found, problems = settings_of(both, BY_NAME)
    assert list(found) == ["n_parts"] and not problems


def test_a_flag_of_a_plug_that_was_not_chosen_names_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # `mlp` has none: the file that is read in its stead does.
    path = write("own_mlp", "class Settings:\n    n_parts: int = 1\n")
    plain = plugs.find
    other = plugs.Plug("model", "mlp", "mlp", None, "own_mlp", str(path), False)
    monkeypatch.setattr(
        reading.plugs, "find", lambda k, t: other if (k, t) == ("model", "mlp") else plain(k, t)
    )
    line = "--n-parts is a flag of --model mlp, which is not chosen"
    with pytest.raises(ValueError, match=f"^{line}$"):
        parse(["--n-parts", "2"], {})
    (tmp_path / "a.yaml").write_text("n_parts: 2\n")
    with pytest.raises(ValueError, match=f"^a.yaml:1:1: {line}$"):
        parse(["--config", "a.yaml"], {})
    (tmp_path / "a.yaml").write_text("n_parts: 2\nmodel: mlp\n")
    assert parse(["--config", "a.yaml"], {}).hparams.plugs == {"mlp": {"n_parts": 2}}


@pytest.mark.parametrize("words", ["--resume last", "--only-test --checkpoint last"])
def test_a_run_that_is_taken_up_need_not_be_told_its_plugs_again(
    write: Write, tmp_path: Path, words: str
) -> None:
    write("own_taken", "class Settings:\n    n_heads: int = flag(4, bounds='[1, 64]')\n")
    run = tmp_path / "experiments" / "trial" / "20261121-034512-7h3k"
    run.mkdir(parents=True)
    (run / "record.json").write_text('{"flags": {"model": "own_taken:Net", "metric": []}}')
    argv = [*words.split(), "--n-heads"]
    given = parse([*argv, "8"], {}, find=recorded_flags).given
    assert given["plugs"] == {"own_taken": {"n_heads": 8}} and "model" not in given
    with pytest.raises(ValueError, match=r"^--n-heads must be in \[1, 64\], not 0$"):
        parse([*argv, "0"], {}, find=recorded_flags)
    file = tmp_path / "a.yaml"
    file.write_text("n_heads: 16\n")
    given = parse([*words.split(), "--config", str(file)], {}, find=recorded_flags).given
    assert given["plugs"] == {"own_taken": {"n_heads": 16}}


def test_a_short_name_of_every_run_can_be_no_plugs_own(write: Write) -> None:
    path = write("own_short", "class Settings:\n    lr: float = 1\n")
    with pytest.raises(ValueError) as caught:
        parse(["--model", "own_short:Net"], {})
    fault = "--lr is a flag of every run; give yours another name"
    assert str(caught.value) == f"{path}:2: {fault}"
    # A former run has it.
    hparams = Hyperparameters.from_values({"model": "own_short:Net", "plugs": {"own_short": {}}})
    assert hparams.settings("own_short").lr == 1


def test_a_config_file_has_no_key_plugs(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("plugs: 3\n")
    with pytest.raises(ValueError, match="unknown key 'plugs'"):
        parse(["--config", str(tmp_path / "a.yaml")], {})
