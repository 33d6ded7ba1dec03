"""What each class counts: balanced as scikit-learn's, or a person's own, with a mean of 1."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.losses import class_weights

CLASSES = ("cat", "dog", "a=b, c")
COUNTS = torch.tensor([70, 20, 10])


def test_balanced_weights_are_scikit_learns() -> None:
    targets = np.repeat(np.arange(3), COUNTS.numpy())
    expected = compute_class_weight("balanced", classes=np.arange(3), y=targets)
    found = class_weights(("balanced",), CLASSES, COUNTS)
    assert found.tolist() == expected.astype(np.float32).tolist()
    # A class that training lacks is none of theirs; what is there has a mean of 1 as before.
    found = class_weights(
        ("balanced",), ("zebra", *CLASSES), torch.cat([torch.tensor([0]), COUNTS])
    )
    assert found.tolist() == [1, *expected.astype(np.float32)]
    assert class_weights((), CLASSES, COUNTS) is None


def test_own_weights_are_scaled_to_a_mean_of_1_over_the_training_split() -> None:
    # (70 * 1 + 20 * 3 + 10 * 0) / 100 = 1.3
    found = class_weights(("dog=3", "cat=1", "a=b, c=0"), CLASSES, COUNTS)
    assert found.tolist() == pytest.approx([1 / 1.3, 3 / 1.3, 0])


@pytest.mark.parametrize(
    "asked, lines",
    [
        (("cat=1", "dgo=2", "a=b, c=1"), ["no class 'dgo', did you mean 'dog'?", "given of dog"]),
        (("cat=1",), ["given of dog, 'a=b, c'"]),
        (("cat=0", "dog=0", "a=b, c=0"), ["no class that trains has a weight above 0"]),
    ],
)
def test_weights_that_fit_no_classes_are_told(asked: tuple[str, ...], lines: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        class_weights(asked, CLASSES, COUNTS)
    told = str(caught.value).splitlines()
    assert all(a.startswith("--class-weights: ") and a.endswith(b) for a, b in zip(told, lines))
    assert len(told) == len(lines)


def asked(*values: str) -> tuple[str, ...]:
    return parse(["--class-weights", *values], {}).hparams.class_weights


def test_a_file_is_recorded_as_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    expected = ("cat=1", "dog=2.5", "a=b, c=0")
    path.write_text(json.dumps({"cat": 1.0, "dog": 2.5, "a=b, c": 0}))
    assert asked(str(path)) == expected
    path.write_text('\ufeffclass,weight\ncat,1\ndog, 2.50\n"a=b, c",0\n', encoding="utf-8")
    assert asked(str(path)) == asked("cat=1.0", "dog=2.5", "a=b, c=0") == expected
    values = Hyperparameters(class_weights=expected).to_values()
    path.unlink()
    assert Hyperparameters.from_values(json.loads(json.dumps(values))).class_weights == expected


@pytest.mark.parametrize(
    "content, told",
    [
        ('{"cat": 1, "cat": 2}', ": class 'cat' is there twice"),
        ('{"cat": "x"}', "weighs 'x', no number"),
        ('{"cat": true}', "weighs True, no number"),
        ('{"cat": -1}', ": class 'cat' weighs '-1': give a number from 0 on"),
        ('{"cat": NaN}', "weighs 'nan': give a number from 0 on"),
        ("[1, 2]", "it holds no object; write {CLASS: WEIGHT, ...}"),
        ('{"cat": ', "write {CLASS: WEIGHT, ...} as JSON, or lines CLASS,WEIGHT"),
        ("cat,1,2", "line 1 has 3 columns"),
        ("class,weight\ncat,much", "weighs 'much', no number"),
        ("", "it is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_says_no_weights_is_told(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    path = tmp_path / "w.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError) as caught:
        asked(str(path))
    assert "\n" not in str(caught.value) and told in str(caught.value)


@pytest.mark.parametrize(
    "values, told",
    [
        (["nothing.json"], "'nothing.json': there is no such file; give balanced, a JSON or CSV"),
        (["balanced", "cat=1"], "'balanced': balanced stands alone"),
        (["cat", "dog=1"], "'cat': give balanced, a JSON"),
        (["cat=1", "cat=2"], ": class 'cat' is there twice"),
        (["cat=1e"], ": class 'cat' weighs '1e': give a number from 0 on"),
    ],
)
def test_values_that_say_no_weights_are_told(values: list[str], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        asked(*values)
    assert "\n" not in str(caught.value) and told in str(caught.value)
