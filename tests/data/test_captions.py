"""A sample that is looked at has its own file's name, in each split, in memory and streamed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project import data
from project.hyperparameters import Hyperparameters
from project.tasks import _task
from project.tasks.classification import Classification
from project.values import Prediction


@pytest.mark.parametrize("official", [False, True])
def test_it_is_the_file_whose_pixels_it_has(
    tmp_path: Path, official: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(0)
    for split in ("train", "test") if official else ("",):
        for name in ("ant", "bee"):
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(8):
                pixels = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{i}.png")
    flags = dict(data="image-folder", data_dir=str(tmp_path), image_size=8)
    found = data.prepare(Hyperparameters(**flags))
    names = []
    for split in ("train", "val", "test"):
        for index in getattr(found, split).indices.tolist():
            example = found.example(split, index)
            with Image.open(tmp_path / str(example.name)) as image:
                assert np.array_equal(np.asarray(image), example.image)
            names.append(example.name)
    assert len(set(names)) == len(names) == (32 if official else 16)
    # The caption says it; of a sample without a file, its number.
    lines: list[list[str]] = []
    monkeypatch.setattr(_task, "gallery", lambda tiles, *_: lines.extend(t.lines for t in tiles))
    monkeypatch.setattr(_task, "save", lambda *_: None)
    task, said = Classification((3, 8, 8), ("ant", "bee")), Prediction(0, np.array([0.5, 0.5]))
    shown = [(example, said), (type(example)(7, example.image, 1), said)]
    task.show(shown, [], tmp_path / "a.png")
    assert [line[0] for line in lines] == [names[-1], "sample 7"]
