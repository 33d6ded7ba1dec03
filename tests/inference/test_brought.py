"""Code that came with a run, code that changed since, and checkpoints of former versions."""

import sys
from pathlib import Path

import pytest
import torch

from project.files.meaning import meaning
from project.inference import brought
from project.inference.predictor import Predictor
from project.predict import main
from project.training import checkpoint
from tests.inference.conftest import QUICK
from tests.inference.runs import Reference, reference

pytestmark = pytest.mark.xdist_group("inference")
FIXTURES = Path(__file__).parents[1] / "fixtures"
NET = """
from torch import nn
from helper import FACTOR

class Net(nn.Module):
    def __init__(self, shape, n_classes, hparams):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, n_classes))

    def forward(self, inputs):
        return FACTOR * self.layers(inputs)
"""


def forget() -> None:
    for name in ("tiny", "helper"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reference, Reference]:
    """Two runs with a model from outside, of the same names and other code, which is gone now."""
    made = []
    for factor in (3, 5):
        folder = tmp_path_factory.mktemp("own")
        (folder / "tiny.py").write_text(NET)
        (folder / "helper.py").write_text(f"FACTOR = {factor}\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "path", [str(folder), *sys.path])
            made.append(reference(folder / "runs", *QUICK, "--model", "tiny:Net"))
        for path in folder.glob("*.py"):
            path.unlink()
        forget()
    return made[0], made[1]


@pytest.fixture(autouse=True)
def trusted_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_code_that_came_with_a_run_is_run_by_those_who_trust_it(
    own: tuple[Reference, Reference],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helper.py").write_text("raise SystemExit('another one of this name')\n")
    assert main([str(own[0].run), str(tmp_path)]) == 2  # nobody is there to ask
    (said,) = capsys.readouterr().err.splitlines()
    assert "helper.py, tiny.py" in said and "--trust" in said
    seen: list[str] = []

    def asks(code: brought.Brought) -> bool:
        seen.extend(code.lines())
        code.trust()
        return True

    # Of both in one process, each has its own.
    predictors = [Predictor.load(each.run, trust=asks) for each in own]
    assert {"FACTOR = 3", "FACTOR = 5", "class Net(nn.Module):"} <= set(seen)
    for predictor, each in zip(predictors, own, strict=True):
        assert torch.equal(predictor.outputs(each.images[0]), each.outputs[0])
    seen.clear()
    Predictor.load(own[0].run, trust=asks)
    assert not seen  # what was trusted once is not asked again
    assert sorted(p.name for p in (own[0].run / "plugs").iterdir()) == ["helper.py", "tiny.py"]


def test_a_file_alone_does_not_bring_its_model(
    own: tuple[Reference, Reference], tmp_path: Path
) -> None:
    moved = tmp_path / "moved.pt"
    moved.write_bytes((own[0].run / "checkpoints" / "best.pt").read_bytes())
    with pytest.raises(ValueError, match="tiny:Net is from outside this project"):
        Predictor.load(moved, trust=True)
    plug = own[1].run / "plugs" / "helper.py"
    plug.chmod(0o644)
    plug.write_text("FACTOR = 4\n")
    with pytest.raises(ValueError, match="helper.py is not the file that was recorded"):
        Predictor.load(own[1].run, trust=True)
    plug.write_text("FACTOR = 5\n")


def test_changed_code_of_the_project_is_named(cnn: Reference, tmp_path: Path) -> None:
    state = checkpoint.load(cnn.run / "checkpoints" / "best.pt")
    assert {"project/models/cnn.py", "project/models/_shape.py"} <= state["code"].keys()
    state["code"]["project/models/cnn.py"] = "another"
    state["code"]["project/data/decoding.py"] = "another"  # digits are read from no files
    path = tmp_path / "changed.pt"
    checkpoint.save(path, state)
    with pytest.raises(ValueError, match=r"changed since: project/models/cnn\.py; .*--accept-ch"):
        Predictor.load(path)
    predictor = Predictor.load(path, accept_changes=True)
    assert torch.equal(predictor.outputs(cnn.images[0]), cnn.outputs[0])


def test_what_code_does_is_told_from_how_it_is_written() -> None:
    code = 'TASKS = ("a",)\ndef f(x):\n    return x + 1\n'
    same = '"""Doc."""\n\n# why\n\ndef f(x):\n    """Adds."""\n    return (x +\n      1)\n'
    assert meaning(code) == meaning(same)
    assert meaning(code) != meaning(code.replace("1", "2"))
    other = code + "def g(x):\n    return 3\n"
    assert meaning(code) != meaning(other) and meaning(code, ["f"]) == meaning(other, ["f"])


# Of three images of made-up pixels, the logits of the first three classes, as of 2026-11.
FINISHED = [
    [0.2928077, 0.0195612, -0.5865033],
    [-0.1479887, 0.0437672, 0.1067411],
    [-0.0240406, 0.0042062, 0.7271355],
]
INTERRUPTED = [
    [0.2536927, -0.0147609, -1.1178031],
    [-0.3577388, 0.1486958, -0.0500446],
    [-0.3111133, -0.0178535, 1.0029712],
]


@pytest.mark.parametrize("schema", [2, 3, 4])
def test_former_checkpoints_say_what_they_said(schema: int) -> None:
    pixels = torch.arange(3 * 64).reshape(3, 1, 8, 8) * 7 % 256
    finished, interrupted = sorted((FIXTURES / f"schema-{schema}" / "former").iterdir())
    for folder, answers in ((finished, FINISHED), (interrupted, INTERRUPTED)):
        # A shallow clone can't tell whether the sources of then do the same as today's.
        predictor = Predictor.load(folder, accept_changes=True)
        found = predictor.outputs(pixels.to(torch.uint8))[:, :3]
        assert torch.allclose(found, torch.tensor(answers), atol=1e-5)
