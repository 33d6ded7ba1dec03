"""The benchmarks run, at sizes that show nothing else; and what they make of measurements."""

import math
import os
import re
import runpy
import subprocess
import sys
import time
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _processes, _table
from benchmarks.__main__ import KNOWN, TABLE
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.main import main

ROOT = Path(__file__).parents[1]


TEMPLATE = "benchmarks.peers.template_start"


def template(*arguments: str) -> str:
    """What the template prints; a process of its own keeps the Neptune client out of this one."""
    command = [sys.executable, "-m", TEMPLATE, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Carry out in this process what benchmarks start in others, to save loading torch again."""

    def projects(flags: tuple[str, ...], count: int, environment: Any, store: Any = None) -> list:
        began = time.time()
        folder = tmp_path / f"{began}"
        # A tracker's process that is not loaded for seconds.
        light = [flag.replace("mlflow", "csv") for flag in flags]
        assert main([*light, "--exp-dir", str(folder)]) == 0
        return [_processes._read(folder, began, _processes.End(peak=1, waited=1.0))] * count

    def module(flag: str, name: str, *arguments: str) -> float:
        if name == TEMPLATE:
            template(*arguments)
        else:
            monkeypatch.setattr(sys, "argv", [name, *arguments])
            runpy.run_module(name, run_name="__main__")
        return 1.0

    def line(beginning: str, flag: str, name: str, *arguments: str) -> tuple[float, float]:
        with redirect_stdout(StringIO()) as said:
            if name == "project.run":
                assert main([*arguments, "--tracker", "none"]) == 0
            else:
                module(flag, name, *arguments)
        assert [line.startswith(beginning) for line in said.getvalue().splitlines()].count(
            True
        ) == 1
        return 2.0, 3.0

    monkeypatch.setattr(_processes, "projects", projects)
    monkeypatch.setattr("benchmarks.whole_run.seconds_to_line", line)
    # Nor is its store made.
    monkeypatch.setattr("benchmarks.tracking.embedded_store", lambda folder: None)
    monkeypatch.setattr("benchmarks.whole_run.embedded_store", lambda folder: None)
    monkeypatch.setattr("benchmarks.memory.peak", module)
    monkeypatch.setattr("benchmarks.first_step.seconds_to_step", module)


@pytest.mark.nightly
# Lightning's advice to the peers, which follow those they stand for.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("script", TABLE)
def test_each_script_measures_what_its_goals_compare(script: str, in_process: None) -> None:
    results = list(import_module(f"benchmarks.{script}").measure(True))
    assert results
    for result in results:
        assert result.goals and {len(values) for values in result.values.values()} == {1}
        for goal in result.goals:
            (ratio,) = result.ratios(goal)
            assert 0 < ratio < math.inf
        assert Result.from_json(result.to_json()) == result
        assert result.title in str(result)


@pytest.mark.nightly
def test_the_templates_command_line_runs() -> None:
    assert "--num-workers" in template("--help")


def test_turns_alternate_and_the_first_does_not_count() -> None:
    calls: list[str] = []

    def noted(name: str) -> int:
        calls.append(name)
        return len(calls)

    found = take_turns({"a": lambda: noted("a"), "b": lambda: noted("b")}, n=2)
    assert calls == ["a", "b"] * 3
    assert found == {"a": [3, 5], "b": [4, 6]}


def test_a_contestant_stays_in_a_process_of_its_own() -> None:
    with Contestants() as start:
        pid = start("os:getpid")
        root = start("math:sqrt", -1.0)
        assert pid() == pid() != os.getpid()
        with pytest.raises(RuntimeError, match="math:sqrt failed(.|\n)*ValueError"):
            root()


def test_a_goal_is_held_against_the_median_of_each_turns_ratio() -> None:
    # Ratios 2, 3 and 10; the ratio of the medians would be 4 / 2.
    result = Result("x", "s", {"ours": [4, 3, 10], "raw": [2, 1, 1]}, (Goal("ours", "raw", 3),))
    (goal,) = result.to_json()["goals"]
    assert goal["ratio"] == 3 and goal["met"] is True
    assert Goal("ours", "raw", at_least=3.1).is_met(3) is False
    assert Goal("ours", "raw", below=3).is_met(3) is False
    assert Goal("ours", "raw", below=3.1).is_met(3) is True
    assert Goal("ours", "raw").is_met(3) is None


def test_the_table_is_rewritten_between_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"before\n{_table.BEGIN}\nold\n{_table.END}\nafter\n")
    goals = (Goal("ours", "raw", below=1.5), Goal("raw", "ours"))
    found = {"speed": [Result("title", "s", {"ours": [2, 2], "raw": [1, 2]}, goals)]}
    for _ in range(2):
        _table.write(found, path)
    text = path.read_text()
    assert text.startswith("before\n<!--") and text.endswith("-->\nafter\n")
    assert "old" not in text and text.count("| script |") == 1
    assert re.search(r"torch \d", text) and str(ROOT) not in text
    # Turn by turn 2 / 1 and 2 / 2, and the other way round 0.5 and 1.
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `speed` | title, s | ours | raw | 1.5 (1 to 2) | under 1.5 | **no** | 2 |",
        "| `speed` | title, s | raw | ours | 0.75 (0.5 to 1) |  |  | 2 |",
    ]


def test_the_readme_names_every_script_that_is_run_by_name() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text()
    assert set(TABLE) <= set(KNOWN)
    assert text.count(_table.BEGIN) == text.count(_table.END) == 1
    for name in set(KNOWN) - set(TABLE):
        assert f"`{name}`" in text, name
