"""`--model file:PATH`: the text is kept with the flags, so that nothing needs the file again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from project import models, plugs
from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.inference.brought import brought
from project.inference.found import Found
from project.inference.settings import settings_of
from project.nets.loading import load
from project.plugs.answering import parts
from project.plugs.objects import as_config
from project.tasks import build as build_task

NET = """
settings: {growth: 3, kind: {default: relu, choices: [relu, gelu]}}
layers:
  - conv: {name: a, out: width * 2, act: kind}
  - conv: {name: b, out: growth}
  - global_pool
  - linear: classes
"""
CHOSEN = ["--model", "file:net.yaml"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "net.yaml").write_text(NET)
    return tmp_path


def sizes(hparams: Hyperparameters) -> list[int]:
    """Outputs of the layers of its model."""
    there = {"hparams": hparams, "shape": (1, 8, 8), "classes": tuple("0123456789")}
    task = build_task("classification", {**there, "n_classes": 10}, None, "digits")
    model = models.build((1, 8, 8), 10, hparams, {"task": task})
    return [len(p) for name, p in model.named_parameters() if name.endswith("weight")]


def test_flags_reach_inside_and_the_text_is_kept(folder: Path) -> None:
    hparams = parse([*CHOSEN, "--width", "4", "--growth", "5", "--kind", "gelu"], {}).hparams
    kept = {"file": {"growth": 5, "kind": "gelu"}, "file:net.yaml": {"text": NET}}
    assert hparams.plugs == kept
    # The file changes, and is gone: what has the flags needs it no more.
    for change in (lambda path: path.write_text("layers: [konv]"), Path.unlink):
        change(folder / "net.yaml")
        values = json.loads(json.dumps(hparams.to_values()))
        assert Hyperparameters.from_values(values) == hparams
        state = {"hyperparameters": values, "task": {"name": "classification"}}
        assert sizes(settings_of(state, folder / "best.pt")) == [8, 5, 10]
        config = folder / "again.yaml"
        config.write_text(yaml.safe_dump(json.loads(json.dumps(as_config(values)))))
        assert parse(["--config", "again.yaml"], {}).hparams == hparams
        other = parse(["--config", "again.yaml", "--growth", "7", "--width", "3"], {}).hparams
        assert sizes(other) == [6, 7, 10]


def test_a_run_that_goes_on_takes_the_text_over(folder: Path) -> None:
    flags = parse([*CHOSEN, "--growth", "5"], {}).hparams.to_values()
    (folder / "net.yaml").unlink()
    (folder / "other.yaml").write_text(NET.replace("growth", "depth_of"))

    def find(_: str, reference: str) -> tuple[str, dict[str, Any]]:
        return reference, flags

    again = parse(["--config", "20261130-000000-aaaa", "--growth", "6"], {}, find).hparams
    assert again.plugs["file"]["growth"] == 6 and again.plugs["file:net.yaml"]["text"] == NET
    # Another file has a text of its own.
    line = ["--config", "20261130-000000-aaaa", "--model", "file:other.yaml"]
    other = parse(line, {}, find).hparams.plugs
    assert other["file"]["depth_of"] == 3 and set(other) == {"file", "file:other.yaml"}


def test_tables_show_the_hash_of_a_text() -> None:
    one, same, other = (
        plugs.flat(parse([*CHOSEN, *more], {}).hparams.to_values())
        for more in ([], ["--growth", "5"], ["--config", "text.yaml"] if write_other() else [])
    )
    assert re.fullmatch(r"blake2b:[0-9a-f]{12}", one["model.args.text"])
    assert one["model.args.text"] == same["model.args.text"] != other["model.args.text"]
    assert (one["growth"], same["growth"]) == (3, 5)


def write_other() -> bool:
    value = {"object": "file:net.yaml", "args": {"text": NET + "# another\n"}}
    Path("text.yaml").write_text(yaml.safe_dump({"model": value}))
    return True


def test_mistakes_are_told_with_those_of_flags(folder: Path) -> None:
    wrong = NET.replace("classes", "clases").replace("growth: 3", "growth: 3, width: 2")
    (folder / "net.yaml").write_text(wrong + "  - !!python/name:os.system {}\n")
    with pytest.raises(ValueError) as raised:
        parse([*CHOSEN, "--max-epochs", "0"], {})
    lines = str(raised.value).splitlines()
    assert len(lines) == 5
    for part in ("net.yaml:7: linear: out: unknown name 'clases'", "net.yaml:8: tags such as"):
        assert any(line.startswith(part) for line in lines), lines
    assert any(
        line.endswith("--width is a flag of every run; give yours another name") for line in lines
    )
    assert any(line.startswith("--max-epochs") for line in lines)
    told = {
        "file:nat.yaml": "there is no file nat.yaml, did you mean 'net.yaml'?",
        "file": "file takes a variant, write --model file:PATH",
    }
    for chosen, why in told.items():
        with pytest.raises(ValueError, match=re.escape(why)):
            parse(["--model", chosen], {})


def test_classes_of_ones_own_are_code_that_a_run_brings(folder: Path) -> None:
    (folder / "mylayers.py").write_text(
        "from torch import nn\n\n\nclass Twice(nn.Module):\n"
        "    def __init__(self, by):\n        super().__init__()\n        self.by = by\n\n"
        "    def forward(self, x):\n        return self.by * x\n"
    )
    text = "layers:\n- mylayers.Twice: {by: width / 16}\n"
    net = load(text, "net.yaml", (1, 8, 8), 10, Hyperparameters())
    assert torch.equal(net(torch.ones(2, 1, 8, 8)), torch.full((2, 1, 8, 8), 2.0))
    (folder / "net.yaml").write_text(text.replace("Twice", "Thrice"))
    with pytest.raises(ValueError, match=r"net.yaml:2: .*mylayers.py defines no Thrice"):
        parse(CHOSEN, {})
    (folder / "net.yaml").write_text(text)
    flags = parse(CHOSEN, {}).hparams.to_values()
    with pytest.raises(ValueError, match="model file:net.yaml is from outside this project"):
        brought(Found(folder / "best.pt", None), {"hyperparameters": flags})
    (folder / "net.yaml").write_text(NET)
    own = {"hyperparameters": parse(CHOSEN, {}).hparams.to_values()}
    assert brought(Found(folder / "best.pt", None), own) is None


def test_what_a_task_can_not_take_is_told_before_a_run_is_opened(folder: Path) -> None:
    two = NET + "  - linear: {name: c, out: 3}\noutputs: [a, c]\n"
    why = {
        two: "net.yaml:9: the outputs are a and c: returned a tuple of 2, not logits (batch, 10):"
        " say which one is the task's, such as main: a",
        two + "main: c\n": "net.yaml:9: c returned (5, 3) for 5 images, not logits (batch, 10): ",
    }
    for text, start in why.items():
        (folder / "net.yaml").write_text(text)
        with pytest.raises(ValueError) as raised:
            sizes(parse(CHOSEN, {}).hparams)
        assert str(raised.value).startswith(start)


def test_what_answers_depend_on_are_all_files_of_nets() -> None:
    names = set(parts("file:net.yaml", "classification"))
    assert {"project/models/file.py", "project/nets/net.py"} <= names
    assert {"project/nets/text/arithmetic.py", "project/nets/items/convolutions.py"} <= names
    assert "project/nets/items/convolutions.py" not in parts("cnn", "classification")


def test_the_nets_of_the_documentation_are_nets() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "nets.md").read_text()
    nets = [text for text in re.findall(r"```yaml\n(.*?)```", docs, re.DOTALL) if "layers:" in text]
    assert len(nets) == 2
    for text in nets:
        made = load(text, "docs.yaml", (1, 8, 8), 10, Hyperparameters(), device="meta")
        assert made.graph.warnings == () and made.graph.nodes[-1].shape == (10,)
