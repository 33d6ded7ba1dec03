"""What plugs are handed: what they name, what belongs in a place, and what there is not."""

from typing import Any

import pytest

from project.plugs.handing import made

THERE = {"hparams": "H", "shape": "S", "n_classes": 3, "classes": "C", "class_counts": "N"}
FORMS: list[tuple[str, str, Any]] = [
    # As ever: by place, whatever the names.
    ("model", "lambda shape, n_classes, hparams: [shape, n_classes, hparams]", ["S", 3, "H"]),
    ("model", "lambda size, out, cfg: [size, out, cfg]", ["S", 3, "H"]),
    ("model", "lambda size, classes, cfg: [size, classes, cfg]", ["S", 3, "H"]),
    ("model", "lambda size, num_classes, params: [size, num_classes, params]", ["S", 3, "H"]),
    ("model", "lambda shape, n, hparams, depth=4: [shape, n, hparams, depth]", ["S", 3, "H", 4]),
    ("model", "lambda *given: list(given)", ["S", 3, "H"]),
    ("model", "lambda size, *rest: [size, *rest]", ["S", 3, "H"]),
    ("model", "lambda a, b, c, /: [a, b, c]", ["S", 3, "H"]),
    ("loss", "lambda hparams: hparams", "H"),
    ("loss", "lambda hp: hp", "H"),
    ("loss", "lambda hp=None: hp", "H"),
    ("loss", "lambda *_: _", ("H",)),
    ("data", "lambda config: config", "H"),
    ("metric", "lambda n_classes: n_classes", 3),
    ("metric", "lambda n: n", 3),
    ("metric", "lambda classes, hparams: [classes, hparams]", [3, "H"]),
    ("metric", "lambda k=5: k", 3),
    ("metric", "lambda n_classes, k=5: [n_classes, k]", [3, 5]),
    ("metric", "lambda n_classes, *more: [n_classes, *more]", [3]),
    ("callback", "lambda hp: hp", "H"),
    # By name: in any order, in any number, behind a star, with a default.
    ("model", "lambda hparams, shape: [hparams, shape]", ["H", "S"]),
    (
        "model",
        "lambda shape, n, cfg, class_counts: [shape, n, cfg, class_counts]",
        ["S", 3, "H", "N"],
    ),
    ("loss", "lambda class_counts: class_counts", "N"),
    ("loss", "lambda cfg, class_counts: [cfg, class_counts]", ["H", "N"]),
    ("loss", "lambda *, n_classes, class_counts=None: [n_classes, class_counts]", [3, "N"]),
    ("loss", "lambda hparams, classes, shape: [hparams, classes, shape]", ["H", "C", "S"]),
    ("loss", "lambda: 'nothing'", "nothing"),
    ("loss", "lambda eps=0.1, hparams=None: [eps, hparams]", [0.1, "H"]),
    ("loss", "lambda hparams, **_: [hparams, _]", ["H", {}]),
    (
        "metric",
        "lambda n_classes, classes, class_counts: [n_classes, classes, class_counts]",
        [3, "C", "N"],
    ),
    ("metric", "lambda hparams, n_classes: [hparams, n_classes]", ["H", 3]),
    ("callback", "lambda classes: classes", "C"),
]


@pytest.mark.parametrize("kind, form, expected", FORMS, ids=lambda value: str(value)[:60])
def test_a_plug_is_handed_what_it_names_and_what_belongs_in_its_place(
    kind: str, form: str, expected: Any
) -> None:
    there = {"hparams": "H"} if kind == "data" else THERE
    assert made(kind, "own:make", eval(form), there) == expected


def test_a_class_of_callbacks_is_handed_what_it_names_alone() -> None:
    class Plain:
        def __init__(self, path: str = "here", *more: int) -> None:
            self.got: Any = (path, *more)

    class Flags:
        def __init__(self, hparams: str) -> None:
            self.got = hparams

    assert made("callback", "own:Plain", Plain, THERE).got == ("here",)
    assert made("callback", "own:Flags", Flags, THERE).got == "H"
    assert isinstance(made("callback", "own:object", object, THERE), object)


@pytest.mark.parametrize(
    "kind, form, asked",
    [
        ("loss", "lambda hparams, weights: 0", "weights, which there is not"),
        ("loss", "lambda cfg, a, b: 0", "a, b, which there is not"),
        ("loss", "lambda class_count: 0", "class_count, which there is not, did you mean 'class_"),
        ("loss", "lambda *, hparam: 0", "hparam, which there is not, did you mean 'hparams'?"),
        ("metric", "lambda n_classes, variant: 0", "variant, which there is not"),
        ("model", "lambda shape, n_classes, hparams, depth: 0", "depth, which there is not"),
    ],
)
def test_what_there_is_not_gets_a_line_that_says_what_there_is(
    kind: str, form: str, asked: str
) -> None:
    with pytest.raises(ValueError) as caught:
        made(kind, "own:make", eval(form), THERE)
    line = str(caught.value)
    assert line.startswith(f"{kind} own:make asks for {asked}") and "\n" not in line
    assert line.endswith("(it can ask for class_counts, classes, hparams, n_classes, shape)")


def test_a_loss_that_is_the_function_itself_is_told_to_return_it() -> None:
    with pytest.raises(
        ValueError, match=r"^loss own:f asks for targets: it is called once, and mu"
    ):
        made("loss", "own:f", lambda logits, targets: 0, THERE)
