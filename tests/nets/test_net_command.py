"""`project.net`: table, JSON and picture of a file's net and of built-in models; mistakes."""

import json
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import pytest

from project.net import main
from tests.nets.test_costs import NET


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    text = textwrap.dedent(NET).replace("out: 4", "out: growth")
    (tmp_path / "mine.yaml").write_text(f"settings: {{growth: 4}}\n{text}")
    return tmp_path


def test_a_net_of_a_file_is_shown_written_and_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "mine.yaml --shape 2 8 8 --classes 5".split()
    assert main([*words, "-o", "net.svg", "--json", "net.json"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[3].split()[:4] == ["sum", "residual", "second,", "first"]
    assert table[-2] == "253 parameters, 253 trainable"
    written = json.loads((folder / "net.json").read_text())
    assert (written["shape"], written["parameters"], written["peak"]) == ([2, 8, 8], 253, 1536)
    drawn = ElementTree.parse(folder / "net.svg").getroot()
    assert drawn.find("{*}title").text == "mine.yaml: 6 layers, 253 parameters, images of 2×8×8"
    # A flag that the file declares: 9 x 2 x 8 + 2 x 8, 9 x 8 x 8 + 8, 8 x 5 + 5.
    words[0] = "file:mine.yaml"
    assert main([*words, "--growth", "8", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == 160 + 584 + 45


def test_built_in_models_have_a_table_by_the_task_they_serve(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main("unet --shape 1 8 8 --classes 3 --unet-width 2 --levels 1 --depth 1".split()) == 0
    assert capsys.readouterr().out.splitlines()[-3].split()[:3] == ["head", "Conv2d", "3x8x8"]
    hrnet = "hrnet --shape 1 8 8 --classes 3 --width 2 --stages 2"
    assert main(hrnet.split()) == 0
    assert "head.linear" in capsys.readouterr().out
    assert main(f"{hrnet} --data shapes".split()) == 0
    assert "head.logits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, said",
    [
        ("cnn -o net.svg", "-o draws nets of YAML files; cnn says nothing of its graph"),
        ("cnn --shape 3 2 2", "--model cnn can't take images of 2x2 pixels: each side needs"),
        (
            "own_narrow:Net --shape 1 2 2",
            "own_narrow:Net can't take images of 1x2x2: mat1 and mat2 shapes",
        ),
        ("mine.yaml --shape 2 8", "--shape needs 3 values"),
        ("mine.yaml --growth x", "--growth must be a whole number, not 'x'"),
        ("wrong.yaml", "wrong.yaml:1: conv: out: unknown name 'widht', did you mean 'width'?"),
        ("mine.yaml -o gone/net.svg", "gone/net.svg: No such file or directory"),
    ],
)
def test_mistakes_are_a_line_and_nothing_is_written(
    words: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "wrong.yaml").write_text("layers: [conv: widht]")
    (folder / "own_narrow.py").write_text(
        "from torch import nn\n"
        "def Net(shape, n_classes):\n"
        "    return nn.Sequential(nn.Linear(3, 2))\n"
    )
    assert main(words.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {said}")
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == {
        "mine.yaml",
        "own_narrow.py",
        "wrong.yaml",
    }
