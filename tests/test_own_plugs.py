"""Errors in a person's own code: each is told in a line that says what is wrong, and where."""

import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from torch._utils import ExceptionWrapper

from project.cli.faults import told
from project.main import main
from project.words import places
from tests import forks
from tests.wrong_plugs import ALL, RIGHT, Wrong

ROOT = Path(__file__).parents[1]

SMALL = "--fast-dev-run --model mlp --data synthetic --synthetic-samples 60 --synthetic-classes 3"
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Puts the file `own.py` where the person stands, who stands there from now on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def file(text: str, recorded: bool = False) -> None:
        (tmp_path / "own.py").write_text(text)
        importlib.invalidate_caches()
        if not recorded:
            # The sources' state is only needed where a run begins.
            monkeypatch.setattr("project.main._recorded_code", lambda _: None)

    yield file
    sys.modules.pop("own", None)


def flags(kind: str, *more: str) -> list[str]:
    size = "--synthetic-shape 1 8 8 --exp-dir runs".split()
    return [*SMALL.split(), *size, f"--{kind}", "own:own", *more]


def marked(text: str) -> int:
    """The number of the line that is at fault; of the name that is chosen where none is marked."""
    lines = text.splitlines()
    found = [i for i, line in enumerate(lines, 1) if line.endswith("# <-")]
    return found[0] if found else next(i for i, x in enumerate(lines, 1) if " own" in x)


@pytest.mark.parametrize("wrong", ALL, ids=lambda w: f"{w.kind}-{ALL.index(w)}")
def test_what_is_wrong_is_told_with_its_place(
    wrong: Wrong, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(wrong.file)
    code = main(flags(wrong.kind))
    planned, line = capsys.readouterr().err.splitlines()
    print(line)
    assert code == 2 and not planned.startswith("error"), line
    assert line.startswith(f"error: {wrong.kind} own:own") and wrong.said in line, line
    assert line.removesuffix("; --traceback shows how it arose").endswith(
        f"(own.py:{marked(wrong.file)})"
    ), line
    assert "project/" not in line and not (tmp_path / "runs").exists()


STAGES = {
    "training": "if self.training and len(x) > 3: raise KeyError('step')  # <-",
    "validation": "if not self.training and len(x) > 3: raise KeyError('step')  # <-",
}


@pytest.mark.parametrize("stage", STAGES)
def test_an_error_on_the_way_names_its_line_and_the_whole_traceback(
    stage: str, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "def forward(self, x):\n"
    text = RIGHT["model"].replace(head, f"{head}        {STAGES[stage]}\n")
    write(text, recorded=True)
    asked = stage == "validation"
    assert main(flags("model", *["--traceback"] * asked)) == 1
    (trace,) = tmp_path.glob("runs/debug/*/traceback.txt")
    fault, said = f"KeyError: 'step' (own.py:{marked(text)})", capsys.readouterr().err
    assert said.splitlines()[-1] == f"error: {fault}; the traceback: {trace.relative_to(tmp_path)}"
    assert ("Traceback (most recent call last)" in said) == asked
    assert f'{tmp_path / "own.py"}", line {marked(text)}' in trace.read_text()
    outcome = json.loads((trace.parent / "outcome.json").read_text())
    assert (outcome["status"], outcome["error"]) == ("failed", fault)


def test_what_a_worker_process_raised_is_told_as_its_own(tmp_path: Path) -> None:
    """As torch's loader does: the error's text holds the worker's whole traceback."""
    (tmp_path / "own.py").touch()

    def fail() -> None:
        exec(compile("\nitem = {}['no']", tmp_path / "own.py", "exec"))

    try:
        fail()
    except KeyError:
        wrapped = ExceptionWrapper(where="in DataLoader worker process 0")
    with pytest.raises(KeyError) as caught:
        wrapped.reraise()
    assert told(caught.value) == (f"KeyError: 'no' ({tmp_path / 'own.py'}:2)", True)


def test_a_file_of_the_package_that_is_no_plug_is_ours() -> None:
    folder = Path(places.PACKAGE)
    assert places.is_plug(str(folder / "models" / "cnn.py"))
    for ours in ("main.py", "models/_summary.py", "data/samples.py", "cli/faults.py"):
        assert (folder / ours).is_file() and not places.is_plug(str(folder / ours))
        assert not places.is_outside(str(folder / ours))
    assert places.is_outside(__file__) and not places.is_outside(pytest.__file__)
    assert not places.is_outside("<string>")


PACKAGED = {
    ("model", "models"): (
        "def own(shape, n_classes, hparams): ...",
        "defines no build(shape, n_c",
        1,
    ),
    ("loss", "losses"): ("def build(hparams):\n    return 3", "is built as int, no function of", 1),
    ("data", "datasets"): (
        """import torch
from project.data.samples import Resident

def load(hparams):
    return Resident(torch.zeros(3), torch.zeros(3))""",
        ": images are (3,), not (n, channels, height, width)",
        5,
    ),
    ("metric", "metrics"): (
        """from project.metrics.accuracy import Accuracy

class Own(Accuracy):
    def score(self, totals):
        return {"own": "good"}""",
        "returned a score 'own' that is 'good', not a number",
        5,
    ),
}
# A metric of the package is measured in every run, so its file comes last.
ONE_AFTER_THE_OTHER = """import json, sys
from pathlib import Path
from project.main import main
*others, metric = json.loads(sys.argv[1])
for files in (others, [metric]):
    for folder, text, _ in files:
        Path("project", folder, "tiny.py").write_text(text)
    for _, _, argv in files:
        print(main(argv), file=sys.stderr)
"""


@pytest.mark.nightly
def test_a_file_of_the_package_gets_the_same_words(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "project", tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")
    )
    asked = []
    for (kind, folder), (text, _, _) in PACKAGED.items():
        chosen = [] if kind == "metric" else [f"--{kind}", "tiny"]
        asked.append((folder, text, [*flags("model")[:-2], *chosen]))
    done = forks.completed(["-c", ONE_AFTER_THE_OTHER, json.dumps(asked)], cwd=tmp_path)
    said = iter(done.stderr.splitlines())
    for (kind, folder), (_, why, line) in PACKAGED.items():
        _, told = next(said), next(said)
        assert told.startswith(f"error: {kind} tiny") and why in told, done.stderr
        assert f"(project/{folder}/tiny.py:{line})" in told and next(said) == "2"
    assert not (tmp_path / "runs").exists()
