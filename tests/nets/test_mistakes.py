"""What is wrong with a net's file: each thing in a line, with file, line and name; all at once."""

import pytest

from tests.nets.making import net, told

LAYERS = """
settings: {growth: 4, bad: [1]}
defaults: {act: relu, nrm: batch}
blocks:
  one: {layers: [two: {}]}
  two: {layers: [one: {}]}
  three: {parameters: [out], layers: [conv: {out: out}]}
layers:
  - conv: {name: a, out: widht * 2}
  - conv: {name: a, out: 4, kernl: 3}
  - konv: {out: 4}
  - conv: {name: b, out: 4, from: d}
  - conv: {name: c, out: 4, from: b}
  - conv: {name: d, out: 4}
  - conv: {name: e, from: nowhere}
  - conv: {out: 8, from: f}
  - identity: {name: f, from: input}
  - conv: {out: 4}
    pool: {}
  - residual: {from: previous}
  - dense: {from: [f, f]}
  - three
  - use: {of: g}
  - repeat: {layers: [flatten]}
  - act: !!python/name:os.system relu
  - torch.nn.Conv2d.weight.nothing: {}
outputs: [a, z]
main: q
"""
TOLD = """
:2: setting bad needs a number, a text, true or false as its default
:3: no item has 'nrm', a default, did you mean 'norm'?
:5: block one: a cycle: one -> two -> one
:9: conv a: out: unknown name 'widht', did you mean 'width'?
:10: conv takes no 'kernl', did you mean 'kernel'?
:10: conv a: the name is given twice (first in line 9); rename one
:11: unknown item 'konv', did you mean 'conv'?
:12: conv b: a cycle: conv b (line 12) -> conv c (line 13) -> conv d (line 14) -> conv b
:15: conv e needs out
:15: conv e: there is no layer 'nowhere'
:16: conv: 'f' is further down, in line 17: a link goes back only
:18: an item has one word, such as conv, not conv, pool side by side
:20: residual has 1 inputs, and takes at least 2; add from
:21: from names 'f' twice; leave one out
:22: three needs out
:23: use: no layer above or block is 'g'
:24: repeat needs times
:25: tags such as 'tag:yaml.org,2002:python/name:os.system' are not read; leave it out
:26: torch.nn.Conv2d.weight.nothing: there is no weight in it
:27: outputs: there is no layer 'z'
:28: main is one of the outputs, not 'q'
"""


def test_every_mistake_has_a_line_of_its_own() -> None:
    found = told(LAYERS)
    expected = [f"net.yaml{line}" for line in TOLD.split("\n") if line]
    for line, start in zip(found, expected, strict=False):
        assert line.startswith(start)
    assert len(found) == len(expected)


SHAPES = {
    "- linear: classes": "net.yaml:2: linear takes features alone, not 2x8x8",
    "- conv: {name: a, out: 4, stride: 2}\n- residual: {from: input}": "net.yaml:3: residual",
    "- pool: {}\n- pool: {}\n- pool: {}\n- pool: {name: p}": "net.yaml:5: pool p",
    "- conv: {out: width / 5}": "net.yaml:2: conv: out must be a whole number",
    "- conv: {out: 1 / (depth - 2)}": "net.yaml:2: conv: out '1 / (depth - 2)' divides by zero",
    "- repeat: {times: 0.5, layers: [flatten]}": "net.yaml:2: repeat: times must be a whole number",
    "- repeat: {times: 2000, layers: [identity, identity]}": "net.yaml:2: the net has more than",
    "- torch.nn.Conv2d: {in_channels: 2}": "net.yaml:2: torch.nn.Conv2d: missing a required",
    "- torch.nn.Parameter: {}": "net.yaml:2: torch.nn.Parameter: is no class of modules",
    "- torch.save: {obj: 1, f: 2}": "net.yaml:2: torch.save: is no class of modules",
    "- os.system: {command: ls}": "net.yaml:2: os.system: os is a module of Python's own",
    "- model: {of: rsnet, out: 3}": "net.yaml:2: model: --model 'rsnet' is unknown",
    "- model: {of: mlp, out: 3, widt: 3}": "net.yaml:2: model: it has no flag 'widt', did you mean",
    "- model: {of: mlp, out: 3, depth: 0}": "net.yaml:2: model: --depth must be in [1, 1000]",
    "- model: 'file:a.yaml'": "net.yaml:2: model: a net of a file can't have another file's",
    "- conv: {out: 4, name: forward}": "net.yaml:2: conv forward: PyTorch has that word",
    "- select: 0": "net.yaml:2: select: input gives one tensor, no 0",
    "- upsample: 65536\n- upsample: 65536": "net.yaml:3: upsample",
    "- flatten\n- linear: 1000000\n- linear: 1000000": "net.yaml:1: the net's weights are 4.0 TB",
}


@pytest.mark.parametrize("layers, start", SHAPES.items(), ids=range(len(SHAPES)))
def test_what_only_shapes_and_numbers_show_is_told_likewise(layers: str, start: str) -> None:
    (line,) = told(f"layers:\n{layers}")
    assert line.startswith(start)


def test_inputs_that_are_not_there_are_told() -> None:
    wrong = {
        "{a: {view: 0}}": "input a is view 0, and what comes has none: it is 2x8x8",
        "{a: {rows: [0, 9]}}": "input a has rows 0 to 9, and there are 8",
        "{a: {rows: 3}}": "input a has rows 3: give [FROM, TO]",
        "[a, b, c]": "inputs a and b and c can't share 2 channels equally: say which channels",
    }
    for inputs, why in wrong.items():
        lines = told(f"inputs: {inputs}\nlayers: [identity: {{from: a}}]")
        assert any(why in line for line in lines), lines
    (line,) = told("inputs: [a, b]\nlayers:\n- conv: {out: 3}")
    assert line == "net.yaml:3: conv: the inputs are a and b: say which with from"


def test_what_is_in_vain_is_a_warning() -> None:
    text = """
        blocks:
          never: {layers: [flatten]}
        layers:
          - conv: {name: a, out: 4}
          - conv: {name: b, out: 4}
          - conv: {name: c, out: 4, from: a}
        """
    made = net(text)
    assert made.graph.warnings == (
        "net.yaml:3: block never is used by nothing",
        "net.yaml:6: conv b is used by nothing: its branch is left out",
    )
    assert {name.partition(".")[0] for name in made.state_dict()} == {"a", "c"}


def test_one_mistake_in_a_block_is_told_for_each_of_its_uses_once() -> None:
    text = """
        blocks:
          down: {layers: [pool: {size: 2}, conv: {out: 4}]}
        layers:
          - repeat: {times: 6, layers: [down]}
        """
    (line,) = told(text)
    assert line.startswith("net.yaml:3: pool leaves nothing of 4x1x1: ")


def test_no_file_takes_long_however_much_is_wrong_with_it() -> None:
    texts = {
        "forward": "".join(f"- identity: {{name: a{i}, from: a{i + 1}}}\n" for i in range(600)),
        "unknown": "".join(f"- identity: {{name: a{i}, from: b{i}}}\n" for i in range(600)),
        "many": f"- dense: {{from: [{', '.join(f'a{i}' for i in range(3000))}]}}\n",
    }
    for text in texts.values():
        lines = told(f"layers:\n{text}")
        assert len(lines) == 51 and lines[-1].startswith("net.yaml: and more")
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}]}}\n" for i in range(300))
    lines = told(f"blocks:\n{blocks}  b300: {{layers: [b0]}}\nlayers: [b0]")
    assert any(line.startswith("net.yaml:") and "a cycle: " in line for line in lines)
