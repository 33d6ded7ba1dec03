"""Files of nets with mistakes that people make, and with broken bytes."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
# What the shipped nets don't say.
MORE = """
settings: {growth: 4, share: 0.25}
inputs: {left: {columns: [0, 4]}, right: {columns: [4, columns]}}
defaults: {act: relu, norm: batch}
blocks:
  tower: {parameters: {n: width, k: 3}, layers: [conv: {out: n, kernel: k}, eca, squeeze_excite: 4]}
  pair: {inputs: [a, b], outputs: [x, y], layers: [conv: {name: x, from: a, out: 4},
    torch.nn.GELU: {approximate: tanh, name: y, from: b}]}
layers:
  - tower: {name: one, from: left}
  - use: {of: one, name: two, from: right}
  - use: {of: tower, name: three, from: right, weights: own}
  - join: {kind: mean, from: [one, two]}
  - repeat: {times: depth + 1, layers: [separable: {out: growth * (index + 1)}]}
  - pair: {name: both, from: [one, previous]}
  - select: {index: 1}
  - upsample: {factor: 2, kind: bilinear}
  - attention_gate: {from: three}
  - model: {of: cnn, out: 12, depth: 1}
  - dropout: share
  - linear: classes
"""
VALUES: list[Any] = [None, True, 0, -1, 1, 2, 3, 65536, 10**9, 10**18, 10**400, 1e12, 0.5, -0.0, ""]
VALUES += [
    float("nan"),
    float("inf"),
    "width",
    "width * 2",
    "9**9**9**9",
    "1/0",
    "2**1000",
    "input",
]
VALUES += [
    "previous",
    "relu",
    "none",
    "(((",
    "__import__('os').system('true')",
    "x" * 5000,
    "é\u202e",
]
VALUES += [
    [],
    {},
    [1],
    [1, 2, 3],
    [[[]]],
    {"a": 1},
    {"out": 3},
    ["input"],
    "os.system",
    "conv",
    "1e3",
]
WORDS = ["conv", "pool", "dense", "residual", "linear", "flatten", "global_pool", "use", "repeat"]
WORDS += [
    "select",
    "model",
    "norm",
    "act",
    "join",
    "crop",
    "resize",
    "reshape",
    "name",
    "from",
    "out",
]
WORDS += ["kind", "times", "layers", "of", "weights", "blocks", "inputs", "main", "outputs", "size"]
WORDS += ["kernel", "stride", "padding", "groups", "torch.nn.Conv2d", "os.system", "training", "<<"]
SIGNS = [
    "&a ",
    "*a",
    "!!python/object/apply:os.system [true]",
    "!x ",
    "|",
    ">",
    "%",
    "@",
    "\t",
    "\0",
]
SIGNS += [
    "---",
    "...",
    "? ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "#",
    "'",
    '"',
    "\\",
    "\x85",
    "<<: *a",
    "\r",
]


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Right files with one to four changes each of what they say, of lines or of bytes."""
    draw = random.Random(seed)
    texts = [path.read_text() for path in sorted((ROOT / "configs" / "nets").glob("*.yaml"))]
    texts.append(MORE)
    for _ in range(count):
        text = draw.choice(texts)
        change = draw.choice((_of_structure, _of_structure, _of_lines, _of_bytes))
        yield change(draw, text)


def _of_structure(draw: random.Random, text: str) -> bytes:
    tree = yaml.safe_load(text)
    for _ in range(draw.randint(1, 4)):
        holder = draw.choice(list(_holders(tree)))
        key = draw.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        others = [h for h in _holders(tree) if h]
        other = draw.choice(others)
        # A copy: what held itself would have no end.
        value = copy.deepcopy(draw.choice([*VALUES, other, draw.choice(list(other))]))
        what = draw.randrange(6)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, dict):
            holder[draw.choice([*WORDS, str(key)[:-1], f"{key}x"])] = holder.pop(key)
        elif what == 2 and isinstance(holder, list):
            holder.insert(key, draw.choice([copy.deepcopy(holder[key]), value]))
        elif what == 3 and isinstance(holder, dict):
            holder[draw.choice(WORDS)] = value
        elif what == 4 and isinstance(holder, list):
            draw.shuffle(holder)
        else:
            holder[key] = value
        if not list(_holders(tree)):
            break
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode()


def _holders(tree: Any) -> Iterator[Any]:
    """All that can be changed: mappings and lists that hold something."""
    if isinstance(tree, dict | list) and tree:
        yield tree
        for value in list(tree.values()) if isinstance(tree, dict) else tree:
            yield from _holders(value)


def _of_lines(draw: random.Random, text: str) -> bytes:
    lines = text.splitlines()
    for _ in range(draw.randint(1, 4)):
        i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
        what = draw.randrange(5)
        if what == 0:
            lines[i], lines[j] = lines[j], lines[i]
        elif what == 1:
            lines[i] = " " * draw.randint(1, 3) + lines[i]
        elif what == 2:
            lines[i] = lines[i].strip()
        elif what == 3:
            lines.insert(i, lines[j])
        else:
            at = draw.randint(0, len(lines[i]))
            lines[i] = lines[i][:at] + draw.choice(SIGNS) + lines[i][at:]
    return "\n".join(lines).encode()


def _of_bytes(draw: random.Random, text: str) -> bytes:
    content = bytearray(text.encode())
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(content) + 1)
        span = slice(at, at + draw.choice((1, 1, 1, 8, 60)))
        what = draw.randrange(4)
        if what == 0:
            content[span] = draw.randbytes(span.stop - at)
        elif what == 1:
            del content[span]
        elif what == 2:
            content[at:at] = draw.choice(SIGNS).encode()
        else:
            content[at:at] = content[span]
    return bytes(content)
