"""`python -m project.runs`: what is asked, done and refused."""

from pathlib import Path

import pytest

from project.files import read_json
from project.runs import main
from tests.tracking.runs import finish, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = make_run(tmp_path)
    finish(directory)
    return directory


def test_the_directory_alone_is_printed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["path", "last", "--exp-dir", str(run.parents[1])]) == 0
    assert capsys.readouterr().out == f"{run}\n"


def test_runs_are_listed_shortly(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exp_dir = str(run.parents[1])
    make_run(run.parents[1], "20261121-034513-aaaa")
    main(["note", run.name, "the best", "--exp-dir", exp_dir])
    assert main(["ls", "--exp-dir", exp_dir]) == 0
    header, newest, oldest, count = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == ["run", "age", "status", "exp_name", "test_accuracy", "tags", "note"]
    assert newest[0] == "20261121-034513-aaaa" and newest[3:5] == ["lost", "trial"]
    assert oldest[0] == run.name and oldest[-4:] == ["0.9", "small,cnn", "the", "best"]
    assert count == ["2", "runs"]
    assert main(["ls", "--where", "test_accuracy > 0.5", "--exp-dir", exp_dir]) == 0
    _, row, count = capsys.readouterr().out.splitlines()
    assert row.startswith(run.name) and count == "1 of 2 runs fit --where"


def test_a_run_is_shown_in_a_few_lines(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "last", "--exp-dir", str(run.parents[1])]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert shown["run"] == run.name and shown["directory"] == str(run)
    assert shown["command"] == "python -m project.run --exp-name trial"
    assert shown["test_accuracy"] == "0.9" and shown["tags"] == "small,cnn"
    # In the record they are counted from 0; a person is told of the first one.
    best = read_json(run / "outcome.json")["best"]
    assert (
        " ".join(shown["best"].split())
        == f"epoch {best['epoch'] + 1} (step {best['step']}), by val_loss"
    )
    assert "not" not in shown  # all checkpoints that it had are kept
    assert shown["duration"] == "60 s" and shown["data"] == "digits 01234567"
    # Its record counts epochs from 0; people are told the first one as 1 while it runs.
    assert shown["best"].split() == ["epoch", "1", "(step", "3),", "by", "val_loss"]


@pytest.mark.parametrize(
    "argv, said",
    [
        (["tag", "last", ""], "tag '' is empty"),
        (["tag", "last", "good", " "], "tag ' ' is empty"),
        (["tag", "last", "a\x1b[31m"], r"tag 'a\x1b[31m' holds '\x1b', which is not printed"),
        (["tag", "last", "a\nb"], r"tag 'a\nb' holds '\n', which is not printed; leave it out"),
        (["note", "last", "a\x08"], r"note 'a\x08' holds '\x08', which is not printed"),
    ],
)
def test_labels_that_nobody_could_read_are_refused(
    run: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert main([*argv, "--exp-dir", str(run.parents[1])]) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert not (run / "notes.json").exists()


def test_tags_are_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "last", "good", "paper", "--exp-dir", str(run.parents[1])]) == 0
    assert capsys.readouterr().out == f"{run.name}: good, paper\n"
    other = make_run(run.parents[1], "20261121-034513-aaaa").name
    assert main(["tag", "trial", "old", "--exp-dir", str(run.parents[1])]) == 0
    assert capsys.readouterr().out == f"{run.name}: good, paper, old\n{other}: old\n"


def test_an_unknown_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["note", "nosuch", "text", "--exp-dir", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: there is no run 'nosuch'") and error.count("\n") == 1
