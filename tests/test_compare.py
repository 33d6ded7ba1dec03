"""`python -m project.compare`, as a person uses it."""

import csv
import json
import re
from pathlib import Path

import pytest

from project.compare import main
from project.comparison import acting, description
from tests.comparison.store import begin, edit, git, journal, make, recorded


@pytest.fixture
def exp_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of two learning rates and three seeds in a store, of code that one change divides."""
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "a.py").write_text("one\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    for number, rate in enumerate((0.001, 0.01)):
        for seed in range(3):
            accuracy = {"val_accuracy": 0.5 + 0.1 * seed + 0.25 * number}
            make(tmp_path / "exp", accuracy, seed=seed, learning_rate=rate, **recorded(repo))
        (repo / "a.py").write_text("two\n")
    original = description.describe
    monkeypatch.setattr(acting, "describe", lambda *a, **k: original(*a, repository=repo, **k))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECT_EXP_DIR", "exp")
    return tmp_path / "exp"


def out(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def read(path: str) -> str:
    return Path(path).read_text()


def test_the_latest_runs(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = begin(exp_dir, model="mlp", code={"dirty": True})
    header, *rows, last = out(capsys).splitlines()
    assert (
        header.split()
        == (
            "run age status exp_name model learning_rate val_loss val_accuracy test_accuracy"
            " seed sha data_hash"
        ).split()
    )
    told = [training.run_id, "0", "s", "running", "trial", "mlp", "0.001", "-", "-", "-", "0"]
    assert rows[0].split() == [*told, "0123456*", "01234567"]
    assert re.fullmatch(
        r"\S+ +\d+ s  finished  trial +cnn +0.01 +0.5 +0.95 +0.5 +2  [0-9a-f]{7}\* +01234567",
        rows[1],
    )
    assert [row.split()[0] for row in rows] == sorted((r.split()[0] for r in rows), reverse=True)
    assert last == "7 runs"
    training.release()


def test_filtered_and_sorted(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--where", "val_accuracy > 0.55 and not learning_rate > 0.001", "--where", "seed<9"]
    header, *rows, last = out(capsys, *argv, "--sort", "val_accuracy").splitlines()
    assert header.split()[:2] == ["val_accuracy", "run"]
    assert [row.split()[0] for row in rows] == ["0.7", "0.6"]  # the best first
    _, *rows, _ = out(capsys, *argv, "--sort", "val_accuracy", "--reverse").splitlines()
    assert [row.split()[0] for row in rows] == ["0.6", "0.7"]
    assert last == "2 of 6 runs fit --where"
    *_, last = out(capsys, "--limit", "2").splitlines()
    assert last == "2 of 6 runs, as --limit says"
    assert out(capsys, "--where", "val_accuracy > 1") == "0 of 6 runs fit --where\n"


def test_runs_without_the_value_come_last(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = make(exp_dir, val={"val_accuracy": float("nan")})
    for argv in (["--sort", "val_accuracy"], ["--sort", "val_accuracy", "--reverse"]):
        assert out(capsys, *argv).splitlines()[-2].split()[:2] == ["nan", lacking.name]


def test_two_runs_fit_a_screen(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *_, last = sorted(path.name for path in (exp_dir / "trial").iterdir())
    lines = out(capsys, first, last).splitlines()
    cells = [line.split() for line in lines]
    assert cells[0] == ["a", "b", "b", "-", "a"]
    assert cells[1] == ["run", first[-4:], last[-4:]] and cells[2] == ["seed", "0", "2"]
    assert cells[3] == ["learning_rate", "0.001", "0.01"]
    # 0.95 - 0.5 = 0.45
    assert cells[5:8] == [
        ["test_accuracy", "0.5000", "0.5000", "+0.00"],
        ["val_loss", "0.5000", "0.5000", "+0.00"],
        ["val_accuracy", "0.5000", "0.9500", "+0.450"],
    ]
    assert lines[8:] == [
        "",
        "test_accuracy: a and b are the same, one seed each: can't tell; add --seeds 1 3",
        "",
        "4 more seeds beside these: --all-seeds; code differs in 1 file: --code",
    ]


def test_the_rest_is_shown_when_asked_for(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_, last = sorted(path.name for path in (exp_dir / "trial").iterdir())
    answer = out(capsys, first, last)
    text = out(capsys, first, last, "--code")
    assert text.startswith(answer) and re.search(r"^code: \d+ of \d+ differ$", text, re.M)
    diff = next(part for part in text.split("\n\n") if part.startswith("a -> b"))
    lines = diff.splitlines()
    assert lines[0] == "a -> b: 1 file changed, +1 -1 lines"
    assert lines[-2:] == ["-one", "+two"]
    text = out(capsys, first, last, "--data", "--environment")
    assert text == answer + "\ndata: the same\n\nenvironment: the same\n"
    everything = out(capsys, first, last, "--all")
    assert re.search(r"^val_loss +0.5 +0.5 +0$", everything, re.M)
    assert re.search(r"^packages.torch +2 +2$", everything, re.M)
    assert "\n+two\n" in everything and "--code" not in everything


def test_groups_of_seeds(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "trial")
    assert re.search(r"^seed +0 1 2 +0 1 2$", text, re.M)
    assert re.search(r"^learning_rate +0.001 +0.01$", text, re.M)
    # Means 0.6 and 0.85; both deviate by 0.1; every pair differs by 0.25.
    assert re.search(r"^val_accuracy +0.60 ± 0.10 +0.85 ± 0.10 +\+0.250$", text, re.M)
    everything = out(capsys, "trial", "--all")
    assert re.search(r"^A +a b c +0, 1, 2 +learning_rate 0.001$", everything, re.M)
    assert re.search(r"^val_accuracy +3 +0.6 +0.1 +3 +0.85 +0.1$", everything, re.M)
    assert "B - A, paired by seed, with its 95 % confidence interval" in everything
    assert re.search(r"^val_accuracy +3 +\+0.25 +\+0.25 to \+0.25$", everything, re.M)


def test_one_run_is_told_whole(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "best:val_accuracy")
    assert text == out(capsys, "last")
    assert re.search(r"^model +cnn$", text, re.M) and re.search(r"^val_loss +0.5$", text, re.M)
    assert "\n+two\n" in text


def test_a_score_is_the_best_checkpoints_everywhere(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The best epoch was the first of two; what the journal ends with has another name."""
    run = begin(exp_dir, **recorded(exp_dir.parent / "repo"))
    journal(run.directory, (10, 0, {"val_loss": 0.25}), (20, 1, {"val_loss": 0.75}))
    best = {"epoch": 0, "step": 10, "monitor": "val_loss", "value": 0.25}
    best["metrics"] = {"val_loss": 0.25}
    run.finish("finished", best=best, test={"test_loss": 0.5}, epochs=2, steps=20)
    text = out(capsys, run.run_id, "--json", "a.json", "--csv", "a.csv")
    out(capsys, run.run_id, "--html", "a.html")
    assert re.search(r"^val_loss +0.25$", text, re.M) and "0.75" not in text
    (listed,) = json.loads(out(capsys, "--where", f"run_id == {run.run_id}", "--json", "-"))["runs"]
    assert (listed["val_loss"], listed["test_loss"]) == (0.25, 0.5)
    assert "results,val_loss,0.25" in read("a.csv")
    data = json.loads(read("a.html").partition('id="data">')[2].partition("</script>")[0])
    (shown,) = (row for row in data["rows"] if row["name"] == "val_loss")
    assert shown["each"] == [{"text": "0.25", "last": "0.75"}]
    assert json.loads(read("a.json"))["runs"][0]["scores"] == {"val_loss": 0.25, "test_loss": 0.5}


def test_files(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out(capsys, "--csv", "a.csv", "--json", "a.json", "--limit", "4", "--all")
    # A header and four runs.
    assert len(list(csv.reader(Path("a.csv").read_text().splitlines()))) == 5
    assert len(json.loads(Path("a.json").read_text())["runs"]) == 4
    out(capsys, "trial", "--where", "seed == 1", "--csv", "b.csv", "--json", "b.json")
    assert Path("b.csv").read_text().startswith("section,name,")
    assert [run["seed"] for run in json.loads(Path("b.json").read_text())["runs"]] == [1, 1]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--wher", "x"], "unknown flag --wher, did you mean '--where'?"),
        (["--limit", "0"], "--limit: '0' is no number of runs: give one from 1 to "),
        (["--limit"], "--limit needs a value"),
        (["--code"], "--code is of a comparison: name the runs, or an experiment"),
        (["--where", "lerning_rate > 1"], "unknown name 'lerning_rate', did you mean 'learning_ra"),
        (["trial", "--where", "seed > 7"], "none of the runs named fits --where"),
        (["--sort", "val_acuracy"], "'val_acuracy' is no name of a value, did you mean 'val_accu"),
        (["nothing"], "there is no run 'nothing'; the newest is"),
        (["2"], "'2' may be any of 6 runs"),
        (["--exp-dir", "nowhere"], "'nowhere' has no runs"),
        (["last", "--exp-dir", "nowhere"], "there is no run 'last': 'nowhere' has no runs yet"),
        (["--csv", "nowhere/a.csv"], "nowhere/a.csv can't be written: 'nowhere' is no folder"),
        (["--json", "exp"], "exp can't be written: it is a folder, not a file"),
        (["last", "--csv", "exp/runs.csv/a"], "a can't be written: 'exp/runs.csv' is no folder"),
    ],
)
def test_a_mistake_is_a_line(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ") and message in line
    assert captured.out == ""


def test_an_edited_run_is_refused(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = max((exp_dir / "trial").iterdir())
    edit(run, "record.json", command="another")
    reason = f"{run.name}/record.json was changed after the run had written it"
    assert main([run.name, "trial"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ") and line.endswith(reason) and not captured.out
    # Of an experiment, the others are compared.
    assert main(["trial"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("left out: ") and line.endswith(reason)
    ids = [path.name[-4:] for path in sorted((exp_dir / "trial").iterdir())]
    assert captured.out.splitlines()[1].split() == ["run", *ids[:5]] and ids[5] == run.name[-4:]


@pytest.mark.parametrize("name", ["record.json", "outcome.json"])
def test_of_an_experiment_a_damaged_run_is_told_and_the_others_are_compared(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    *others, run = sorted((exp_dir / "trial").iterdir())
    (run / name).chmod(0o644)
    (run / name).write_text("{")
    assert main(["trial", "--json", "a.json"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("left out: ") and f"{name} is damaged: it is not JSON" in line
    shown = json.loads(Path("a.json").read_text())
    assert [run["run_id"] for run in shown["runs"]] == [run.name for run in others]
    assert shown["problems"] == [line]
    for other in others:
        (other / "record.json").chmod(0o644)
        (other / "record.json").write_text("{")
    assert main(["trial"]) == 2
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 6 and not captured.out


def test_a_file_has_all_runs_unless_there_is_a_limit(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "LIMIT", 4)
    text = out(capsys, "--csv", "a.csv", "--json", "a.json", "--html", "a.html")
    assert text.splitlines()[-1] == "4 of 6 runs; --all shows the rest"
    assert len(Path("a.csv").read_text().splitlines()) == 1 + 6
    assert len(json.loads(Path("a.json").read_text())["runs"]) == 6
    data = Path("a.html").read_text().partition('id="data">')[2].partition("</script>")[0]
    assert len(json.loads(data)["listing"]["rows"]) == 6
    *_, last = out(capsys, "--all", "--limit", "5").splitlines()
    assert last == "5 of 6 runs, as --limit says"


@pytest.mark.parametrize("argv", [[], ["trial"]])
def test_standard_output_takes_a_file_and_nothing_else(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    rows = out(capsys, *argv, "--json", "-", "--csv", "a.csv")
    assert len(json.loads(rows)["runs"]) == 6
    table, file = (text.splitlines() for text in (out(capsys, *argv, "--csv", "-"), read("a.csv")))
    assert table[0] == file[0] and len(table) == len(file)
    assert out(capsys, *argv, "--html", "-").startswith("<!doctype html>")
    assert not Path("-").exists()
    assert main([*argv, "--csv", "-", "--json", "-"]) == 2
    assert "- is named twice" in capsys.readouterr().err


def test_a_device_is_written_to_and_stays_one(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # By a link, so that at worst this is what a file takes the place of.
    Path("full").symlink_to("/dev/full")
    for argv in ([], ["trial"]):
        assert main([*argv, "--csv", "full"]) == 2
        captured = capsys.readouterr()
        (line,) = captured.err.splitlines()
        assert line.startswith("error: full: No space left on device") and not captured.out
        assert Path("full").is_symlink()


def test_two_seeds_alone_show_their_own_scores(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = out(capsys, "trial", "--where", "learning_rate == 0.001 and seed in (0, 2)")
    # The mean is 0.6; both deviate by 0.1, and one degree of freedom is left: sqrt(0.02).
    assert re.search(r"^val_accuracy +0.5000 +0.7000 +0.60 ± 0.14$", text, re.M)
    assert "they differ in the seed alone: one setting, nothing to judge" in text


def test_a_damaged_journal_is_told(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = recorded(exp_dir.parent / "repo")
    training = begin(exp_dir, learning_rate=5.0, **known)
    journal(training.directory, (1, 0, {"val_loss": 0.25}), (2, 1, {"val_loss": 0.125}))
    path = training.directory / "journal.jsonl"
    first, second = path.read_text().splitlines(keepends=True)
    path.write_text(f"{first}\x00\x00\n{second}")
    damage = f"{path.relative_to(exp_dir.parent)} is damaged in line 2"
    assert main([]) == 0
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(f"only in part: {damage}")
    # What stands before the damage is known.
    assert captured.out.splitlines()[1].split()[6] == "0.25"
    for extra in ([], ["--json", "a.json"], ["--html", "a.html"]):
        assert main([training.run_id, *extra]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ") and f"{damage}: " in line
    training.release()


def test_a_journal_that_was_changed_after_the_end_is_told(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = begin(exp_dir, seed=7, **recorded(exp_dir.parent / "repo"))
    journal(run.directory, (1, 0, {"val_loss": 0.25}))
    run.finish("finished", epochs=1, steps=1)
    out(capsys, run.run_id)
    path = run.directory / "journal.jsonl"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("0.25", "0.05"))
    assert main([run.run_id]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("journal.jsonl was changed after the run had written it")
    path.unlink()
    assert main([run.run_id]) == 2
    assert capsys.readouterr().err.endswith("journal.jsonl is missing\n")


def test_a_damaged_run_is_left_out(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = max((exp_dir / "trial").iterdir())
    (run / "outcome.json").unlink()
    (run / "outcome.json").write_text("{")
    assert main([]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "5 runs"
    (line,) = captured.err.splitlines()
    assert line.startswith("left out: ") and "outcome.json is damaged: it is not JSON" in line


def test_what_cannot_be_compared_is_said_beside_the_rest(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(exp_dir, exp_name="old", code={"sha": "ab" * 20})
    assert main(["old", "trial", "--where", "seed == 0"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert f"commit {'ab' * 20} is not in this repository" in line
    assert re.search(r"^learning_rate +0.001 +0.001 +0.01$", captured.out, re.M)
