"""Short names of flags, flags that stand for others, and what other projects call them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from project.cli import spellings
from project.cli.flags import parse
from project.cli.parser import Parser
from project.cli.run_parser import make_parser
from project.hyperparameters import ALL_NAMES, BY_NAME, SHORT

LONG = {
    "--lr": "--learning-rate",
    "--bs": "--batch-size",
    "--wd": "--weight-decay",
    "--epochs": "--max-epochs",
    "--workers": "--num-workers",
    "--name": "--exp-name",
}
VALUES = {"--lr": "0.5", "--bs": "4", "--wd": "0", "--epochs": "3", "--workers": "1", "--name": "a"}


def config(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "a.yaml").write_text(text)
    return ["--config", str(tmp_path / "a.yaml")]


def problem(argv: list[str]) -> str:
    with pytest.raises(ValueError) as caught:
        parse(argv, {})
    return str(caught.value)


def test_a_short_name_is_the_long_one_on_the_command_line_and_in_a_file(tmp_path: Path) -> None:
    assert {f"--{short}": f"--{name.replace('_', '-')}" for short, name in SHORT.items()} == LONG
    short, long, lines = [], [], ""
    for name, value in VALUES.items():
        short += [name, value]
        long += [LONG[name], value]
        lines += f"{name[2:]}: {value}\n"
    expected = parse(long, {}).given
    assert expected.keys() == set(SHORT.values())
    assert parse(short, {}).given == expected
    assert parse(config(tmp_path, lines), {}).given == expected


def test_the_help_has_them_side_by_side() -> None:
    shown = make_parser().format_help()
    for short, long in LONG.items():
        (line,) = [line for line in shown.splitlines() if line.startswith(f"  {long} ")]
        assert short in line.replace(",", " ").split()


def test_of_two_names_the_later_wins_but_a_file_says_a_thing_once(tmp_path: Path) -> None:
    assert parse(["--lr", "1", "--learning-rate", "2"], {}).given == {"learning_rate": 2}
    assert parse(["--learning-rate", "2", "--lr", "1"], {}).given == {"learning_rate": 1}
    twice = config(tmp_path, "lr: 1\nlearning-rate: 2\n")
    assert problem(twice) == (
        f"{twice[1]}:2:1: learning_rate is given twice (first at 1:1); leave one"
    )


@pytest.mark.parametrize(
    "argv, given",
    [
        ("--gpus 2", {"accelerator": "gpu", "devices": "2"}),
        ("--gpus 0,3", {"accelerator": "gpu", "devices": "0,3"}),
        ("--gpus auto", {"accelerator": "gpu", "devices": "auto"}),
        ("--gpus 0", {"accelerator": "cpu"}),
        ("--gpus 0 --devices 2", {"accelerator": "cpu", "devices": "2"}),
        ("--devices 2 --gpus 2 --accelerator gpu", {"accelerator": "gpu", "devices": "2"}),
        ("--gpus 4 --gpus 1", {"accelerator": "gpu", "devices": "1"}),
        (
            "--gpus 2 --devices 4",
            "--gpus 2 is --accelerator gpu --devices 2, which --devices 4 contradicts: leave one"
            " out",
        ),
        (
            "--accelerator cpu --gpus 1",
            "--gpus 1 is --accelerator gpu --devices 1, which --accelerator cpu contradicts: leave"
            " one out",
        ),
        (
            "--gpus -1",
            "--gpus '-1' is no number of GPUs: give one (0 is the CPU), their indices ('0,2') or"
            " auto",
        ),
    ],
)
def test_gpus_stand_for_two_flags(argv: str, given: Any, tmp_path: Path) -> None:
    words = argv.split()
    keys = dict(zip(words[::2], words[1::2], strict=True))
    file = config(tmp_path, "".join(f"{k[2:]}: {v}\n" for k, v in keys.items()))
    if isinstance(given, str):
        assert problem(words) == given
        assert problem(file) == f"{file[1]}:{list(keys).index('--gpus') + 1}:1: {given}"
    else:
        assert parse(words, {}).given == parse(file, {}).given == given


def test_the_command_line_wins_over_gpus_of_a_file(tmp_path: Path) -> None:
    file = config(tmp_path, "gpus: 2\n")
    found = parse([*file, "--devices", "4"], {}).given
    assert found == {"accelerator": "gpu", "devices": "4"}
    assert parse([*file, "--gpus", "0"], {}).given["accelerator"] == "cpu"


@pytest.mark.parametrize(
    "typed, meant",
    [
        *(
            ("--lrr", "--lr"),
            ("-lr", "--lr"),
            ("--LR", "--lr"),
            ("--learn-rate", "--learning-rate"),
        ),
        *(("--learning_rate", "--learning-rate"), ("--LearningRate", "--learning-rate")),
        *(
            ("--batchsize", "--batch-size"),
            ("--batch_size", "--batch-size"),
            ("-b", "--batch-size"),
        ),
        *(("--n-epochs", "--max-epochs"), ("--num-epochs", "--max-epochs")),
        *(("--num_train_epochs", "--max-epochs"), ("--epoch", "--max-epochs")),
        *(("--num_epoch", "--max-epochs"), ("--epo", "--epochs"), ("--epochss", "--epochs")),
        *(
            ("--per_device_train_batch_size", "--batch-size"),
            ("--max_grad_norm", "--gradient-clip"),
        ),
        *(("--gradient_clip_val", "--gradient-clip"), ("--fp16", "--half-precision")),
        *(
            ("--accumulate_grad_batches", "--accumulate"),
            ("--dataloader_num_workers", "--num-workers"),
        ),
        *(("--output_dir", "--exp-dir"), ("--run-name", "--exp-name"), ("--dataset", "--data")),
        *(("--lr-scheduler", "--schedule"), ("--optim", "--optimizer"), ("--arch", "--model")),
        *(("--num-gpus", "--gpus"), ("--gpu", "--gpus"), ("--no-cuda", "--accelerator")),
        *(
            ("--num_nodes", "--nodes"),
            ("--patience", "--early-stopping"),
            ("--evaluate", "--only-test"),
        ),
        *(("--weight_decay", "--weight-decay"), ("--wdd", "--wd"), ("--work", "--workers")),
        *(("--print-conf", "--print-config"), ("--cfg", "--config"), ("--random-seed", "--seed")),
    ],
)
def test_another_spelling_gets_the_right_flag(typed: str, meant: str, tmp_path: Path) -> None:
    assert problem([typed, "1"]) == f"unknown flag {typed}, did you mean {meant!r}?"
    key = meant[2:].replace("-", "_")
    if key in ALL_NAMES and typed.startswith("--"):
        file = config(tmp_path, f"{typed[2:]}: 1\n")
        if typed[2:].replace("-", "_") == key:
            assert parse(file, {}).given.keys() == {key}  # a file takes both
        else:
            name = typed[2:].replace("-", "_")
            assert problem(file) == f"{file[1]}:1:1: unknown key {name!r}, did you mean {key!r}?"


def test_other_spellings_are_no_flags_and_each_is_of_one() -> None:
    flags = {name[2:] for name in make_parser()._option_string_actions}
    assert spellings._OTHERS.keys() <= flags
    words = [word for text in spellings._OTHERS.values() for word in text.split()]
    assert not flags & set(words) and Counter(words).most_common(1)[0][1] == 1


def test_the_command_line_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, read = [], Parser.parse_known_args
    monkeypatch.setattr(Parser, "parse_known_args", lambda *args: reads.append(args) or read(*args))
    parse(["--lr", "1", "--model", "mlp"], {})
    assert len(reads) == 1


def test_what_is_recorded_has_the_long_names() -> None:
    assert parse(["--lr", "1", "--gpus", "0"], {}).hparams.to_values().keys() == BY_NAME.keys()
