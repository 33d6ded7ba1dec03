"""The command line: precedence, conversion, and every mistake in one line each, all at once."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from project.fields import flag_name
from project.flags import parse
from project.hyperparameters import Hyperparameters

ROOT = Path(__file__).parents[1]


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
        (["--synthetic-shape", "3", "8"], "--synthetic-shape needs 3 values, got 2"),
        (["--learning-rate"], "--learning-rate needs a value"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["stray"], "unexpected argument 'stray'"),
        (["--tracker", "none", "mlflow"], "--tracker none excludes the other trackers"),
        (["--neptune-mode", "offline", "--tracker", "mlflow"], "needs --tracker neptune"),
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
        parse(["--config", config, "--dropout", "1", "--zzzzzz", "1"], {})
    assert str(raised.value).splitlines() == [
        "unknown flag --zzzzzz",
        f"{config}: unknown key 'learning_rat', did you mean 'learning_rate'?",
        f"{config}: --batch-size must be a whole number, not 'many'",
        "--dropout must be in [0, 1), not 1.0",
    ]


@pytest.mark.parametrize("value", ["{a: 1}", "1.5", "2026-01-01"])
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
    with pytest.raises(ValueError, match="a.yaml gives (seed|val_fraction) twice"):
        parse(["--config", write(tmp_path / "a.yaml", text)], {})


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "just words"])
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="bad.yaml"):
        parse(["--config", write(tmp_path / "bad.yaml", text)], {})


def test_values_survive_json_and_yaml() -> None:
    hparams = Hyperparameters(tags=("x", "y"), synthetic_shape=(3, 4, 5), gradient_clip=0.1)
    assert (
        Hyperparameters.from_values(yaml.safe_load(yaml.safe_dump(hparams.to_values()))) == hparams
    )


def run_command(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *argv], capture_output=True, text=True, timeout=120
    )


def test_help_names_every_flag_and_its_default() -> None:
    shown = run_command("project.run", "--help")
    assert shown.returncode == 0
    for f in fields(Hyperparameters):
        assert flag_name(f.name) in shown.stdout
    assert "default: 0.001" in shown.stdout


@pytest.mark.parametrize(
    "argv", [["--help"], ["--learning-rate", "x"], ["--modle", "cnn"], ["--model", "nil"]]
)
def test_torch_is_not_imported_for_help_and_rejected_flags(argv: list[str]) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['run'] + {argv!r}\n"
        "try: runpy.run_module('project.run', run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'torch', 'pytorch_lightning', 'numpy', 'sklearn', 'mlflow', 'neptune', 'yaml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1]
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
