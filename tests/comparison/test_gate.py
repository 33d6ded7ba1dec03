"""`project.compare --gate`: what it understands, how it decides (beside SciPy), what it prints."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from project.compare import main
from project.comparison.gate.condition import parse
from project.comparison.gate.decision import decide
from project.comparison.verdict import Setting
from tests.comparison.store import begin, make

BASE, NEW = (0.95, 0.96, 0.945), (0.92, 0.945, 0.92)


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`base` and `head` of three seeds, `one` of one, `nan`, and `two` settings."""
    folder = tmp_path_factory.mktemp("exp")
    for seed in range(3):
        make(folder, test={"test_accuracy": BASE[seed]}, seed=seed, exp_name="base")
        scores = {"test_accuracy": NEW[seed], "test_loss": 0.5}
        make(folder, test=scores, seed=seed, exp_name="head", code={"sha": "f" * 40})
        make(folder, seed=seed, exp_name="two", width=32 if seed else 64)
    make(folder, {"val_recall/a|b": 0.5}, {"test_accuracy": 0.90}, exp_name="one", seed=0)
    make(folder, test={"test_accuracy": float("nan")}, exp_name="nan", seed=0)
    begin(folder, exp_name="begun").release()
    return folder


def run(exp_dir: Path, *argv: str) -> int:
    gates = [word for gate in argv[2:] for word in ("--gate", gate)]
    return main([*argv[:2], *gates, "--exp-dir", str(exp_dir)])


@pytest.mark.parametrize(
    "text, said",
    [
        ("test_accuracy drops > 0.005", ("test_accuracy", "drops", 0.005, False, False)),
        ("acc falls by more than 1%", ("acc", "drops", 1.0, True, False)),
        ("loss gets worse by at least 2 percent", ("loss", "worsens", 2.0, True, True)),
        ("'recall/a b' changes≥1e-3", ("recall/a b", "changes", 0.001, False, True)),
        ("val_loss Increases", ("val_loss", "rises", 0.0, False, False)),
        ("accuracy<.9", ("accuracy", "below", 0.9, False, False)),
        ("val_loss is above -1", ("val_loss", "above", -1.0, False, False)),
        ("val_loss at least 1", ("val_loss", "above", 1.0, False, True)),
    ],
)
def test_what_people_write(text: str, said: tuple[object, ...]) -> None:
    gate = parse(text)
    assert (gate.score, gate.what, gate.limit, gate.is_percent, gate.with_limit) == said


@pytest.mark.parametrize(
    "text, told",
    [
        ("test_accuracy drosp > 1", "did you mean 'drops'?"),
        ("test_accuracy drops 0.1", "> or >= is missing before '0.1'"),
        ("test_accuracy drops < .1", "write drops > .1"),
        ("test_accuracy drops > -.1", "write drops > .1"),
        ("test_accuracy drops > 0,005", "'0,005' is no number: write 0.005"),
        ("test_accuracy drops > nan", "'nan' is no number"),
        ("test_accuracy == 1", "'==' is no sign of a gate"),
        ("test_accuracy < 90 %", "a percentage is one of the base's value"),
        ("test_accuracy drops >", "a number is missing"),
        ("test_accuracy", "write SCORE drops > 0.005"),
        (" ", "write SCORE drops > 0.005"),
    ],
)
def test_what_can_not_be_understood(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("--gate ") and told in line


def decided(text: str, base: dict[int, float], new: dict[int, float], way: str | None = "max"):
    (told,) = decide([(parse(text), Setting("base", base), Setting("new", new), way)])
    return told


def test_the_paired_interval_is_scipys_and_decides() -> None:
    base, new = dict(enumerate(BASE)), dict(enumerate(NEW))
    expected = stats.ttest_rel(NEW, BASE).confidence_interval(0.95)
    told = decided("a drops > 0.005", base, new)
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    # It drops by 0.0233, and by 0.0043 at least: beyond 0, and not all of it beyond 0.005.
    assert -0.005 < expected.high < -0.004 and told.is_open and not told.is_violated
    for text in ("a drops", "a drops > 0.004", "a worsens", "a changes > 0.004"):
        assert decided(text, base, new).is_violated, text
    assert not decided("a rises", base, new).is_violated
    assert decided("a worsens", new, base, "min").is_violated  # of a loss, more is worse
    # 0.4 % of 0.95167 is 0.0038, and 0.5 % is 0.0048.
    assert decided("a drops > 0.4 %", base, new).is_violated
    assert not decided("a drops > 0.5 %", base, new).is_violated


def test_a_bounds_interval_is_that_of_the_new_mean() -> None:
    new = dict(enumerate(NEW))
    half = stats.t.ppf(0.975, 2) * np.std(NEW, ddof=1) / np.sqrt(3)
    told = decided("a < 0.97", {}, new)
    assert (told.low, told.high) == pytest.approx((np.mean(NEW) - half, np.mean(NEW) + half))
    assert told.is_violated  # up to 0.9642
    assert decided("a < 0.95", {}, new).is_open


def test_several_gates_hold_together() -> None:
    sides = (Setting("base", dict(enumerate(BASE))), Setting("new", dict(enumerate(NEW))))
    gates = [parse(text) for text in ("a drops", "a drops > 0.1", "b drops", "a < 0")]
    told = decide([(gate, *sides, "max") for gate in gates])
    # Three intervals: of a, of b, and of a's new mean.
    assert {one.confidence for one in told} == {1 - 0.05 / 3}
    expected = stats.ttest_rel(NEW, BASE).confidence_interval(1 - 0.05 / 3)
    assert told[0].high == pytest.approx(expected.high) and told[0].is_open


@pytest.mark.parametrize(
    "text, violated",
    [
        # 0.95 - 0.945 is 0.0050000000000000044 in floating point.
        ("a drops > 0.005", False),
        ("a drops >= 0.005", True),
        ("a drops > 0.0049", True),
        ("a < 0.945", False),
        ("a <= 0.945", True),
    ],
)
def test_one_run_each_is_judged_by_its_number(text: str, violated: bool) -> None:
    told = decided(text, {0: 0.95}, {0: 0.945})
    assert (told.kind, told.is_violated) == (None, violated)


def test_what_is_the_same_with_each_seed_is_judged_by_its_number() -> None:
    told = decided("a drops > 0.1", {0: 0.75, 1: 0.5}, {0: 0.625, 1: 0.375})
    assert (told.kind, told.low, told.is_violated) == ("flat", None, True)


def test_the_table_is_markdown(exp_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(exp_dir, "base", "head", "test_accuracy drops", "test_accuracy<.99") == 1
    text = capsys.readouterr().out
    heading, empty, *rows, _ = text.split("\n- ")[0].splitlines()
    assert (heading, empty) == ("### Gate: 1 of 2 violated", "")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells[0] == ["gate", "base", "new", "difference", "97.5 % interval", "verdict"]
    # Student's t is 6.2053 with 2 degrees: -0.0233 ± 6.2053 * 0.00764 / sqrt(3) = 0.0274.
    means = ["0.9517 ± 0.0076", "0.928 ± 0.014"]
    assert cells[2] == ["`test_accuracy drops`", *means, "-0.023", "[-0.051, 0.004]"] + [
        "ok, not shown"
    ]
    assert "3 seeds, in pairs" in text and "hold together with 95 %" in text
    assert len({len(row) for row in rows}) == 1


def test_one_run_each_says_that_noise_is_unknown(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(exp_dir, "base", "one", "test_accuracy drops > 1 %") == 1
    text = capsys.readouterr().out
    assert "| `test_accuracy drops > 1 %` = 0.00952 |" in text  # of 0.95167
    assert "another seed would change it is unknown" in text
    assert run(exp_dir, "one", "one", "'val_recall/a|b' < 0.4") == 0
    assert "| `'val_recall/a\\|b' < 0.4` |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, told",
    [
        (("base", "head", "accuracy drops"), "did you mean 'test_accuracy'?"),
        (("base", "head", "test_loss rises"), "base has no score 'test_loss'"),
        (("base", "nan", "test_accuracy drops"), "test_accuracy of new is nan with seed 0"),
        (("base", "begun", "test_accuracy drops"), "'begun' has no finished run: 1 lost"),
        (("base", "two", "test_accuracy drops"), "differ in width, not in the seed alone"),
        (("base", "head", "test_accuracy > 0.9"), "did you mean 'test_accuracy < 0.9'?"),
        (("base", "heads", "test_accuracy drops"), "there is no run 'heads'"),
    ],
)
def test_what_can_not_be_decided_is_an_error_of_one_line(
    exp_dir: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], told: str
) -> None:
    assert run(exp_dir, *argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1 and told in err


def test_scores_of_other_losses_or_samples_decide_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {"test_loss": 0.5, "test_log_loss": 0.5}
    for name, loss in (("base", "cross-entropy"), ("head", "focal")):
        make(tmp_path, test=scores, exp_name=name, loss=[loss])
    assert run(tmp_path, "base", "head", "test_loss rises", "test_log_loss rises") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "test_loss can't be compared, the loss differs" in line
    assert line.endswith("; test_log_loss can be")
    assert run(tmp_path, "base", "head", "test_loss > 0.4") == 1  # a bound needs no base


def test_the_other_seeds_and_several_runs(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = sorted(path.name for path in (exp_dir / "base").iterdir())
    assert run(exp_dir, ",".join(ids), "head", "test_accuracy drops") == 1
    several = capsys.readouterr().out.splitlines()[:4]
    argv = [ids[0], "head", "--gate", "test_accuracy drops", "--all-seeds"]
    assert main([*argv, "--exp-dir", str(exp_dir)]) == 1
    assert capsys.readouterr().out.splitlines()[:4] == several
    assert main([*argv, "--html", "x.html", "--exp-dir", str(exp_dir)]) == 2
    assert "--gate excludes --html" in capsys.readouterr().err
