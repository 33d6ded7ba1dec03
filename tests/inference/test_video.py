"""Videos: frames in their order, red first, predicted like pictures; without OpenCV a line."""

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project.inference.predictor import Predictor
from project.inference.video import frames
from project.predict import main
from tests.inference.runs import Reference

pytestmark = pytest.mark.xdist_group("inference")
# Not on each push: `make nightly` installs it.
installed = pytest.mark.skipif(
    find_spec("cv2") is None, reason="requirements-video.txt is an extra"
)


def written(path: Path, pictures: list[np.ndarray]) -> Path:
    """A video of pictures `(H, W, 3)`, blue first, by OpenCV itself, without loss."""
    import cv2

    height, width = pictures[0].shape[:2]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), 10, (width, height))
    assert video.isOpened()
    for picture in pictures:
        video.write(picture)
    video.release()
    return path


def test_without_opencv_a_line_says_how_to_get_it(
    cnn: Reference,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    (tmp_path / "a.mp4").write_bytes(b"anything")
    assert main([str(cnn.run), str(tmp_path / "a.mp4"), "-o", str(tmp_path / "out")]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith("a.mp4: videos need OpenCV: pip install -r requirements-video.txt")


@pytest.mark.nightly
@installed
def test_frames_come_in_their_order_red_first(tmp_path: Path) -> None:
    colours = np.array([[0, 0, 255], [0, 255, 0], [255, 0, 0], [0, 255, 255]], np.uint8)
    pictures = [np.broadcast_to(colour, (48, 64, 3)).copy() for colour in colours]
    found = list(frames(str(written(tmp_path / "a.avi", pictures))))
    assert [frame.shape for frame in found] == [(48, 64, 3)] * 4
    mean = np.stack([frame.mean((0, 1)) for frame in found])
    assert np.abs(mean - colours[:, ::-1]).max() < 2  # colours are kept as luma and chroma


@pytest.mark.nightly
@installed
def test_a_video_is_predicted_as_its_frames_are(cnn: Reference, tmp_path: Path) -> None:
    digits = cnn.images[0][:9, 0].numpy()
    pictures = [np.repeat(d.repeat(8, 0).repeat(8, 1)[..., None], 3, 2) for d in digits]
    video = written(tmp_path / "digits.avi", pictures)
    (tmp_path / "frames").mkdir()
    for i, frame in enumerate(frames(str(video))):
        Image.fromarray(np.ascontiguousarray(frame)).save(tmp_path / "frames" / f"{i}.png")
    assert main([str(cnn.run), str(video), "-o", str(tmp_path / "out"), "--batch-size", "4"]) == 0
    with open(tmp_path / "out" / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [f"{video}[{i}]" for i in range(9)]
    expected = Predictor.load(cnn.run)(sorted((tmp_path / "frames").iterdir()))
    assert [int(row["number"]) for row in rows] == [p.value for p in expected]
    assert [float(row["prob"]) for row in rows] == pytest.approx(
        [p.probs.max() for p in expected], abs=1e-6
    )


@pytest.mark.nightly
@installed
def test_what_is_no_video_is_a_line(
    cnn: Reference, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    assert main([str(cnn.run), str(tmp_path / "a.mp4")]) == 2
    assert "error: " in (said := capfd.readouterr().err) and "is no video that OpenCV" in said
