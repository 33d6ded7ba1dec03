"""The command line: precedence, conversion, and every mistake in one line each, all at once."""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from project.cli.config import config_text, read_config
from project.cli.fields import Field, flag_name, is_tuple, kind_of, spelled, value_problems
from project.cli.flag_values import checked
from project.cli.flags import make_parser, parse
from project.hyperparameters import BY_NAME, FLAGS, Hyperparameters
from project.words.telling import quoted

ROOT = Path(__file__).parents[2]


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_no_arguments_give_the_defaults() -> None:
    arguments = parse([], {})
    assert arguments.hparams == Hyperparameters()
    assert arguments.given == {}


def test_flag_wins_over_file_over_environment_over_default(tmp_path: Path) -> None:
    first = write(tmp_path / "a.yaml", "batch-size: 16\nlearning_rate: 1e-2\ndropout: 0.5\n")
    second = write(tmp_path / "b.yaml", "dropout: 0.25\nexp_dir: from-file\n")
    environ = {"PROJECT_DATA_DIR": "from-environ", "PROJECT_EXP_DIR": "from-environ"}
    hparams = parse(["--config", first, second, "--batch-size", "8"], environ).hparams
    assert hparams.batch_size == 8  # the flag, not 16 of the file
    assert hparams.learning_rate == 0.01  # the file; YAML reads 1e-2 as a text
    assert hparams.dropout == 0.25  # the later file
    assert hparams.exp_dir == "from-file"  # the file over the environment
    assert hparams.data_dir == "from-environ"  # the environment over the default


def test_repeated_config_flags_compose_left_to_right(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.yaml", "seed: 1\nmomentum: 0.5"), write(
        tmp_path / "b.yaml", "seed: 2"
    )
    hparams = parse(["--config", first, "--config", second], {}).hparams
    assert (hparams.seed, hparams.momentum) == (2, 0.5)


def test_printed_config_asks_for_the_same_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [
        "--learning-rate",
        "3e-4",
        "--tags",
        "a: b",
        "#c",
        "--max-steps",
        "7",
        "--no-compile",
        "--half-precision",
    ]
    with pytest.raises(SystemExit) as ended:
        parse([*argv, "--print-config"], {})
    assert ended.value.code == 0
    printed = write(tmp_path / "printed.yaml", capsys.readouterr().out)
    assert parse(["--config", printed], {}).hparams == parse(argv, {}).hparams


def test_none_takes_an_optional_value_back(tmp_path: Path) -> None:
    config = write(tmp_path / "a.yaml", "max_steps: 5\ngradient_clip: 1")
    hparams = parse(["--config", config, "--max-steps", "none"], {}).hparams
    assert hparams.max_steps is None and hparams.gradient_clip == 1.0


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--lerning-rate", "0.1"], "unknown flag --lerning-rate, did you mean '--learning-rate'?"),
        (["--learning-rate", "fast"], "--learning-rate must be a number, not 'fast'"),
        (["--learning-rate", "-1"], "--learning-rate must be in (0, inf), not -1.0"),
        (["--learning-rate", "nan"], "--learning-rate must be in (0, inf), not nan"),
        (["--batch-size", "1.5"], "--batch-size must be a whole number, not '1.5'"),
        (["--seed", "4294967296"], "--seed must be in [0, 4294967295], not 4294967296"),
        (["--model", "cnm"], "--model 'cnm' is unknown, did you mean 'cnn'?"),
        (
            ["--optimizer", "adam"],
            "--optimizer 'adam' is unknown, did you mean 'adamw'? (choices: adamw, sgd)",
        ),
        (["--exp-dir", ""], "--exp-dir '' is not of the form"),
        (["--exp-name", "../up"], "--exp-name '../up' is not of the form"),
        (["--only-test"], "--only-test needs --checkpoint"),
        (["--accept-changes"], "--accept-changes needs --resume"),
        (["--synthetic-shape", "3", "8"], "--synthetic-shape needs 3 values, got 2"),
        (["--learning-rate"], "--learning-rate needs a value"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["stray"], "unexpected argument 'stray'"),
        (["--tracker", "none", "mlflow"], "--tracker none excludes the other trackers"),
        (["--neptune-mode", "offline", "--tracker", "mlflow"], "needs --tracker neptune"),
        (["--tags", "good", ""], "--tags '' is empty"),
        (["--data-dir", "a\0"], r"--data-dir 'a\x00' holds '\x00', which is no character of UTF-8"),
        (["--tags", "\udcff"], r"--tags '\udcff' holds '\udcff', which is no character of UTF-8"),
        (["--tags", "a\x1b[2J"], r"--tags 'a\x1b[2J' holds '\x1b', which is not printed"),
        (["--exp-name", "mlflow.db"], "--exp-name 'mlflow.db' is a file's name in --exp-dir"),
    ],
)
def test_a_mistake_is_named(argv: list[str], message: str) -> None:
    with pytest.raises((ValueError, OSError)) as raised:
        parse(argv, {})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    config = write(tmp_path / "a.yaml", "learning_rat: 1\nbatch_size: many\n")
    with pytest.raises(ValueError) as raised:
        parse(["--config", "no.yaml", config, "--dropout", "1", "--zzzzzz", "1"], {})
    assert str(raised.value).splitlines() == [
        "unknown flag --zzzzzz",
        "no.yaml: No such file or directory",
        f"{config}:1:1: unknown key 'learning_rat', did you mean 'learning_rate'?",
        f"{config}:2:1: --batch-size must be a whole number, not 'many'",
        "--dropout must be in [0, 1), not 1.0",
    ]


@pytest.mark.parametrize("value", ["1.5", "2026-01-01"])
def test_several_values_of_another_kind_are_named(tmp_path: Path, value: str) -> None:
    config = write(tmp_path / "a.yaml", f"synthetic_shape: {value}\naugment: {value}\n")
    with pytest.raises(ValueError) as raised:
        parse(["--config", config], {})
    assert [line.split()[1] for line in str(raised.value).splitlines()] == [
        "--synthetic-shape",
        "--augment",
    ]


@pytest.mark.parametrize("text", ["seed: 1\nseed: 2", "val_fraction: 0.1\nval-fraction: 0.2"])
def test_a_name_given_twice_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        ValueError, match=r"a.yaml:2:1: (seed|val_fraction) is given twice \(first at 1:1\)"
    ):
        parse(["--config", write(tmp_path / "a.yaml", text)], {})


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "just words"])
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="bad.yaml"):
        parse(["--config", write(tmp_path / "bad.yaml", text)], {})


# Of each, YAML 1.1, JSON, Python and people think differently.
SPELLINGS = """
    0 1 2 010 0x10 0b11 0o17 1_000 1,000 1:30 1e2 1E2 1e-2 3.0 1. .5 1.10 1.5 +5 -1 -1e-3 -.5 -0.0
    4294967296 9223372036854775808 1e22 1e400 1e999999999999 inf -inf .inf .INF nan .nan NaN
    yes no on off y n true True FALSE ~ null Null none None 2026-01-01 2026-01-01T01:02:03
    = << >> text a/b ../up 32 \N{ARABIC-INDIC DIGIT FIVE} \N{SUPERSCRIPT TWO}
""".split() + ["9" * 400, "9" * 5000, "", " 5", "5 ", "two words", "\t"]


PARSER = make_parser()


def after_flag(f: Field, spelling: str) -> tuple[dict[str, Any], list[str]]:
    """The field's value and what is wrong with it, given on the command line."""
    name = flag_name(f.name)
    argv = [name, *[spelling] * 3] if f.name == "synthetic_shape" else [f"{name}={spelling}"]
    if kind_of(f) is bool:
        # A switch takes no value: it says by itself which it is.
        switches = {"true": name, "false": "--no-" + name[2:]}
        if spelling.lower() not in switches:
            return {}, [f"{name} must be true or false, not {quoted(spelling)}"]
        argv = [switches[spelling.lower()]]
    key = spelled(f.name)
    return checked({key: vars(PARSER.parse_args(argv))[key]}, BY_NAME)


def in_file(f: Field, written: str, path: Path) -> tuple[dict[str, Any], list[str]]:
    """The same, given in a config file."""
    n_values = 3 if f.name == "synthetic_shape" else 1
    value = f"[{', '.join([written] * n_values)}]" if is_tuple(f) else written
    path.write_text(f"{spelled(f.name)}: {value} # comment\n")
    (entry,) = read_config(str(path))
    return checked({entry.name: entry.value}, BY_NAME)


@pytest.mark.parametrize("f", FLAGS, ids=lambda f: f.name)
def test_a_value_means_the_same_in_a_file_and_after_a_flag(f: Field, tmp_path: Path) -> None:
    for spelling in SPELLINGS:
        plain = re.fullmatch(r"[\w.:~+/=<][\w.:~+/=<>-]*", spelling) and len(spelling) < 1000
        given = after_flag(f, spelling)
        in_config = in_file(f, spelling if plain else json.dumps(spelling), tmp_path / "a")
        # repr tells apart 1, 1.0 and True, and finds nan equal to nan.
        assert repr(in_config) == repr(given), spelling
        # Each gives a value or one short line.
        good, problems = given
        assert (good or problems) and len(problems) <= 1
        assert all(len(line) < 500 and "\n" not in line for line in problems)


def test_quotes_and_anchors_change_nothing(tmp_path: Path) -> None:
    by_name = {f.name: f for f in FLAGS}
    for written in ('"1e2"', "'1e2'", "&a 1e2", "+100", "100.0"):
        assert in_file(by_name["batch_size"], written, tmp_path / "a") == ({"batch_size": 100}, [])
    config = write(tmp_path / "a.yaml", "hidden_dim: &n 64\nwidth: *n\n")
    assert parse(["--config", config], {}).given == {"hidden_dim": 64, "width": 64}


@pytest.mark.parametrize(
    "argv, value",
    [
        (["--batch-size", "1e2"], 100),
        (["--batch-size", "100.0"], 100),
        (["--seed", "010"], 10),
        (["--hidden-dim", "٣"], "--hidden-dim must be a whole number, not '٣'"),
        (["--batch-size", "1_000"], "--batch-size must be a whole number, not '1_000'"),
        (["--max-epochs", "9223372036854775808"], "--max-epochs must be in [1, 1000000000], not 9"),
        (["--max-epochs", "9" * 5000], "--max-epochs must be in [1, 1000000000], not inf"),
        (["--learning-rate", "-1e-3"], "--learning-rate must be in (0, inf), not -0.001"),
        (["--learning-rate", "0x1p-3"], "--learning-rate must be a number, not '0x1p-3'"),
        (
            ["--model", "x" * 9999],
            "--model 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxx' is unk",
        ),
        (["--max-steps", "null"], None),
    ],
)
def test_one_rule_for_values(argv: list[str], value: Any) -> None:
    try:
        (given,) = parse(argv, {}).given.values()
        assert given == value
    except ValueError as error:
        assert str(error).startswith(value)


@pytest.mark.parametrize("f", FLAGS, ids=lambda f: f.name)
def test_every_whole_number_has_an_end(f: Field) -> None:
    kind = get_args(kind_of(f))[0] if is_tuple(f) else kind_of(f)
    if kind is int:
        low, high = (float(end) for end in f.metadata["bounds"].strip("[]").split(","))
        assert 0 <= low < high < 2**32
        for end in (low, high):
            values = tuple([int(end)] * 3) if is_tuple(f) else int(end)
            assert not list(value_problems(f, values))
            beyond = int(end) + (1 if end == high else -1)
            assert list(value_problems(f, (beyond,) * 3 if is_tuple(f) else beyond))


def test_texts_are_those_that_stand_there(tmp_path: Path) -> None:
    config = write(
        tmp_path / "a.yaml",
        "description: 1.10\nexp_name: 010\nseed: 010\ntags: [yes, 1:30, 2026-01-01, ~, 0x10]\n",
    )
    hparams = parse(["--config", config], {}).hparams
    assert (hparams.description, hparams.exp_name, hparams.seed) == ("1.10", "010", 10)
    assert hparams.tags == ("yes", "1:30", "2026-01-01", "~", "0x10")


def test_a_name_without_a_value_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    first = write(tmp_path / "a.yaml", "max_steps: 5\ndropout: 0.25\n")
    second = write(tmp_path / "b.yaml", "max_steps:\ndropout:   # to be found\ntags:\nexp_dir:\n")
    arguments = parse(["--config", first, second], {"PROJECT_EXP_DIR": ""})
    assert arguments.given == {"max_steps": 5, "dropout": 0.25}
    assert arguments.hparams.exp_dir == "experiments"  # an empty variable says nothing either
    with pytest.raises(ValueError, match="b.yaml:1:1: unknown key 'max_stops', did you mean"):
        parse(["--config", write(tmp_path / "b.yaml", "max_stops:\n")], {})


@pytest.mark.parametrize(
    "text, where, why",
    [
        ("seed: 1\nseed: 2", "2:1", "seed is given twice (first at 1:1); leave one"),
        ("seed: !!int 3", "1:7", "tags such as 'tag:yaml.org,2002:int' are not read"),
        ("seed: !mine 3", "1:7", "tags such as '!mine' are not read"),
        ("seed: 1\n!mine dropout: 3", "2:1", "tags such as '!mine' are not read"),
        ("seed: !none!x 3", "1:7", "not YAML: found undefined tag handle '!none!'"),
        ("seed: *three", "1:7", "nothing is marked as &three"),
        ("tags: &a [b, *a]", "1:14", "nothing is marked as &a"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]", "2:8", "a list holds values"),
        ("tags: " + "[" * 3000, "1:8", "a list holds values, not lists or nothing"),
        ("tags: " + "{a: " * 3000, "1:7", "a value is a text, a number or a list of these"),
        ("tags:" + "\n- " * 2, "2:2", "a list holds values, not lists or nothing"),
        ("[" * 3000, "1:1", "flags by name belong here"),
        ("? [seed]\n: 3", "1:3", "the name of a flag belongs here"),
        ("seed: 3\n---\nseed: 4", "2:1", "a second document; give one"),
        ("seed: 3\n  dropout: 0.1", "2:10", "not YAML: mapping values are not allowed here"),
        ("seed:\t[", "1:6", "not YAML: found character"),
        ("just words", "1:1", "flags by name belong here, such as 'learning_rate: 0.01'"),
        ("max_steps: 1\nmax_epochs: 99999999999999999999", "2:1", "--max-epochs must be in ["),
        ("x" * 300_000, "", "is larger than 256 KiB: it is no file of flags"),
        ("seed: \0", "", "not YAML: unacceptable character #x0000"),
        ("seed: 1\ndescription: \udcff", "2", "not UTF-8 (invalid start byte); save it as such"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_line_with_the_place(
    tmp_path: Path, text: str, where: str, why: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError) as raised:
        parse(["--config", str(path)], {})
    said = str(raised.value)
    assert said.startswith(f"{path}:{where}: " if where else str(path)) and why in said
    assert "\n" not in said and len(said) < 500


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}", "\ufeffseed: 0"])
def test_a_file_may_say_nothing(tmp_path: Path, text: str) -> None:
    assert parse(["--config", write(tmp_path / "a.yaml", text)], {}).hparams == Hyperparameters()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.10",
        "010",
        "yes",
        "~",
        "none",
        "a: b",
        "#c",
        "-",
        "- a",
        "'",
        '"',
        "\\",
        "\ttab\n ",
        "\N{NEXT LINE}\u2028\u2029\ufeff",
        "\udcff",
        "\x7f\x80",
        "\x00",
        "\N{GRINNING FACE}",
        "{x}",
        "[y",
        "&a",
    ],
)
def test_printed_texts_are_read_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    written = write(tmp_path / "list.yaml", config_text({"tags": [text, text], "seed": 3}))
    assert [entry.value for entry in read_config(written)] == [[text, text], "3"]
    if re.search("[\0\ud800-\udfff]", text):
        return  # no value may hold these
    with pytest.raises(SystemExit):
        parse([f"--description={text}", "--print-config"], {})
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == len(FLAGS)
    hparams = parse(["--config", write(tmp_path / "printed.yaml", printed)], {}).hparams
    assert hparams.description == text


def test_a_variable_with_a_wrong_value_is_named() -> None:
    with pytest.raises(ValueError, match="^PROJECT_DATA_DIR: --data-dir 'a.nb' is not of the form"):
        parse([], {"PROJECT_DATA_DIR": "a\nb"})


def test_values_survive_json_and_yaml() -> None:
    hparams = Hyperparameters(tags=("x", "y"), synthetic_shape=(3, 4, 5), gradient_clip=0.1)
    assert (
        Hyperparameters.from_values(yaml.safe_load(yaml.safe_dump(hparams.to_values()))) == hparams
    )


# What may be loaded, besides argparse and typing, for --help and a rejected flag to be answered.
LOADED_FOR_ANSWERS = {
    *("project", "project.main", "project.hyperparameters", "project.run_directory"),
    *("project.plugs", "project.processes", "project.processes.place", "project.cli"),
    *(f"project.cli.{name}" for name in ("command", "flags", "parser", "run_parser", "layers")),
    "project.cli.said",  # 0.3 ms: what sources say, apart from who asks them
    *(f"project.cli.{name}" for name in ("fields", "flag_values", "seeds", "shorthand", "stage")),
    "project.cli.numbers",  # 0.2 ms: files of weights spell numbers so, too, and know no fields
    "project.cli.spellings",  # for the nearest flag
    *("project.words", "project.words.paths", "project.words.places", "project.words.telling"),
    *("__future__", "contextlib", "errno", "gc", "math", "time"),
    *("locale", "_locale", "textwrap"),  # which argparse asks for
    *("difflib", "heapq", "_heapq"),  # for the nearest word
}


def run_command(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *argv], capture_output=True, text=True, timeout=120
    )


def test_help_names_every_flag_and_its_default() -> None:
    shown = run_command("project.run", "--help")
    assert shown.returncode == 0
    for f in FLAGS:
        assert flag_name(f.name) in shown.stdout
    assert "default: 0.001" in shown.stdout


@pytest.mark.parametrize(
    "argv",
    [["--help"], ["--learning-rate", "-1"], ["--learning-rat", "1"], ["--modle", "x"]]
    + [["--model", "nil"]],
)
def test_help_and_rejected_flags_load_little(argv: list[str]) -> None:
    """Each module costs these answers up to 20 ms; whoever adds one here says why it is needed."""
    code = (
        "import argparse, runpy, sys, typing\n"
        "before = set(sys.modules)\n"
        f"sys.argv = ['run'] + {argv!r}\n"
        "try: runpy.run_module('project.run', run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        f"more = set(sys.modules) - before - {LOADED_FOR_ANSWERS!r}\n"
        "assert not more, more\n"
        "sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert ended.returncode == (0 if argv == ["--help"] else 2), ended.stderr
    assert "Traceback" not in ended.stderr
    assert argv == ["--help"] or len(ended.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_exp_dir_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ended = run_command("project.run", "--exp-dir", str(tmp_path / "runs"))
    assert ended.returncode == 2
    assert "can't be written" in ended.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_configs_are_valid_and_say_how_to_run_them(path: Path) -> None:
    parse(["--config", str(path)], {})
    header = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert any(f"python -m project.run --config configs/{path.name}" in line for line in header)
    assert any("Test accuracy" in line for line in header)


def test_the_commands_are_listed() -> None:
    shown = run_command("project").stdout
    for command in ("run", "serve", "sync"):
        assert f"python -m project.{command}" in shown


def test_an_unknown_command_is_an_error() -> None:
    ended = run_command("project", "rum")
    assert ended.returncode == 2 and "did you mean 'python -m project.run'" in ended.stderr


def test_hyperparameters_are_values_that_stay() -> None:
    one = Hyperparameters(seed=1, tags=("a", "b"))
    assert (one.seed, one.tags, one.batch_size) == (1, ("a", "b"), BY_NAME["batch_size"].default)
    assert one == Hyperparameters(tags=("a", "b")).replace(seed=1) != Hyperparameters()
    assert hash(one) == hash(one.replace()) and pickle.loads(pickle.dumps(one)) == one
    assert eval(repr(one)) == one
    with pytest.raises(AttributeError, match="seed can't be set"):
        one.seed = 2
    with pytest.raises(ValueError, match=r"--seed must be in \[0, 4294967295\], not -1"):
        one.replace(seed=-1)
    with pytest.raises(TypeError, match="no flags .'sede'"):
        Hyperparameters(sede=1)
