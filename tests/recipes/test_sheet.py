"""`python -m project.recipe`: what it says, and its sheet of samples."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project import recipe
from project.data import prepare
from project.hyperparameters import Hyperparameters
from project.sheets.recipes import EPOCHS, GAP, LEAST, LINE
from tests.recipes.making import augmentation

N = 5


def cells(path: Path) -> np.ndarray:
    """Each cell of a sheet of digits, `(rows, columns, 8, 8)`, as small as they were."""
    pixels, factor = np.asarray(Image.open(path).convert("L")), LEAST // 8
    steps = [slice(start, None, LEAST + GAP) for start in (LINE + GAP, GAP)]
    found = [
        [
            pixels[top:, left:][:LEAST:factor, :LEAST:factor]
            for left in range(*steps[1].indices(width))
        ]
        for width in (pixels.shape[1],)
        for top in range(*steps[0].indices(pixels.shape[0]))
    ]
    return np.array(found)


def test_the_sheet_has_samples_before_and_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "preprocessing: [normalise: {mean: 0.5}]\n" + augmentation("rotate: 90", "flip")
    Path("a.yaml").write_text(text)
    arguments = ["a.yaml", "--data-dir", "data", "--seed", "3", "-n", str(N), "--show"]
    assert recipe.main(arguments) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("recipe   a.yaml (") and said[1] == "images   1x8x8"
    assert said[2] == "mean     0.5 (given)" and said[3].endswith(" (measured)")
    assert said[4:] == ["steps    1 for all images, 2 for training ones", "sheet    recipe.png"]
    found = cells(Path("recipe.png"))
    assert found.shape == (N, 1 + EPOCHS, 8, 8)
    data = prepare(Hyperparameters(data_dir="data", seed=3))
    every = data.train.samples.images[data.train.indices, 0].numpy()
    for before, *after in found:
        assert (np.abs(every.astype(int) - before).max((1, 2)) <= 1).any()
        turned = np.rot90(before).astype(int)
        kinds = [np.abs(turned - cell).max() <= 1 for cell in after]
        mirrored = [np.abs(turned[:, ::-1] - cell).max() <= 1 for cell in after]
        assert all(a or b for a, b in zip(kinds, mirrored, strict=True))
    # A recipe that has mistakes draws nothing.
    Path("recipe.png").unlink()
    Path("a.yaml").write_text(augmentation("rotat", "flip: 3"))
    assert recipe.main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == ["a.yaml:2", "a.yaml:3"]
    assert not Path("recipe.png").exists()


def test_every_shipped_recipe_is_right() -> None:
    from project.cli.recipes import read
    from project.recipes.recipe import made

    found = sorted((Path(__file__).parents[2] / "configs" / "recipes").glob("*.yaml"))
    assert len(found) >= 4
    for path in found:
        assert made(read("--recipe", str(path))).augmentation, path
