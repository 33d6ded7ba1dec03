"""`project.predict`: rows that are the predictor's, whole whatever happens; mistakes in a line."""

import csv
import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from blake3 import blake3
from PIL import Image

from project.inference import inputs
from project.inference.answers import Dropout, Ensemble
from project.inference.output import lines
from project.inference.predictor import Predictor
from project.predict import main
from tests.inference.runs import Reference

pytestmark = pytest.mark.xdist_group("inference")


@pytest.fixture(scope="session")
def pictures(cnn: Reference, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve digits in a folder and one below it, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "more").mkdir()
    for i, image in enumerate(cnn.images[0][:12].numpy()):
        Image.fromarray(image[0]).save(folder / ("more" if i > 8 else "") / f"{i:02}.png")
    (folder / "04 broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    return folder


def rows_of(folder: Path) -> list[dict[str, Any]]:
    with open(folder / "predictions.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_what_the_predictor_says(cnn: Reference, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    argv = [str(cnn.run), str(pictures), "-o", str(out), "--top-k", "3", "--draw"]
    assert main(argv) == 1  # one can't be read
    rows, predictor = rows_of(out), Predictor.load(cnn.run)
    paths = sorted(pictures.glob("0?.png")) + sorted(pictures.glob("more/*.png"))
    assert [row["path"] for row in rows] == list(map(str, paths))
    probs = predictor.probs(predictor.read(paths)).numpy()
    for row, p, path in zip(rows, probs, paths, strict=True):
        order = np.argsort(-p)
        assert row["prediction"] == row["top_1"] == str(order[0]) and row["top_3"] == str(order[2])
        assert float(row["prob"]) == pytest.approx(p.max(), rel=1e-8)
        entropy = -np.sum(p.astype(float) * np.log(p.astype(float))) / np.log(10)
        assert float(row["entropy"]) == pytest.approx(entropy, rel=1e-6)
        assert row["blake3"] == blake3(path.read_bytes()).hexdigest()
        assert row["model"] == predictor.weights_hash
        drawn = out / "drawn" / f"{path.name}-{row['blake3'][:8]}.png"
        with Image.open(drawn) as picture:
            assert min(picture.size) >= 200
    (refused,) = csv.DictReader(io.StringIO((out / "unreadable.csv").read_text()))
    assert refused["path"].endswith("04 broken.png") and "repair" in refused["why"]


def test_a_cut_off_file_is_gone_on_with(cnn: Reference, pictures: Path, tmp_path: Path) -> None:
    argv = [str(cnn.run), str(pictures), "-o", str(tmp_path / "out")]
    assert main(argv) == 1
    file = tmp_path / "out" / "predictions.csv"
    whole, rows = file.read_bytes(), rows_of(tmp_path / "out")
    for end in (len(whole) - 7, len(whole) // 2, 20, 0):  # as kill -9 or a full disk leaves it
        file.write_bytes(whole[:end])
        assert main([*argv, "--append"]) == 1
        again = rows_of(tmp_path / "out")
        assert [r["path"] for r in again] == [r["path"] for r in rows]
        assert [r["prediction"] for r in again] == [r["prediction"] for r in rows]
        # In smaller batches, sums may be in another order.
        probs = np.array([[float(r["prob"]) for r in every] for every in (rows, again)])
        assert np.abs(probs[0] - probs[1]).max() < 1e-6
    assert main(argv) == 2


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_full_disk_leaves_whole_rows(
    kind: str, cnn: Reference, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, write, left = tmp_path / "out", os.write, [1500]

    def full(handle: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        n = write(handle, data[: left[0]])
        left[0] -= n
        return n

    argv = [str(cnn.run), str(pictures), "-o", str(out), "--format", kind, "--batch-size", "4"]
    with monkeypatch.context() as patch:
        patch.setattr(lines.os, "write", full)
        assert main(argv) == 2
    file = next(out.glob("predictions.[cj]s*[vl]"))
    assert file.read_bytes().endswith(b"\n") and 0 < len(list(lines.read(file))) < 12
    assert main([*argv, "--append"]) == 1
    assert len(list(lines.read(file))) == 12


def test_arrays_lists_patterns_and_parquet(
    cnn: Reference, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = cnn.images[0][:12, 0].numpy()
    np.save(tmp_path / "batch.npy", images)
    np.savez(tmp_path / "named.npz", one=images[0], two=images[1:3, ..., None])
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{pictures}/00.png\n\n{pictures}/01.png\n"))
    given = ["-", str(tmp_path / "batch.npy"), str(tmp_path / "named.npz"), f"{pictures}/**/1?.png"]
    out = tmp_path / "out"
    assert main([str(cnn.run), *given, "-o", str(out), "--format", "parquet"]) == 0
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(out / "predictions.parquet").to_pylist()
    names = [row["path"].rpartition("/")[2] for row in rows]
    expected = ["00.png", "01.png", *(f"batch.npy[{i}]" for i in range(12))]
    assert names[:17] == [*expected, "named.npz[one]", "named.npz[two][0]", "named.npz[two][1]"]
    assert sorted(names[17:]) == ["10.png", "11.png"]
    predictor = Predictor.load(cnn.run)
    values = [p.value for p in predictor(cnn.images[0][:12])]
    places = [0, 1, *range(12), 0, 1, 2]
    assert [row["number"] for row in rows[:17]] == [values[i] for i in places]
    assert main([str(cnn.run), *given[1:], "-o", str(out), "--format", "parquet", "--append"]) == 0
    assert len(parquet.read_table(out / "predictions.parquet")) == 19


def test_of_a_large_folder_no_file_is_left_out(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "SORTED", 4)
    found = [item.path for item in inputs.named([str(pictures)], 1, io.StringIO())]
    assert sorted(found) == sorted(map(str, pictures.rglob("*.png"))) and len(found) == 13


def test_masks_are_pictures_with_a_palette(unet: Reference, tmp_path: Path) -> None:
    image = unet.images[0][0, :, :41, :37].numpy().transpose(1, 2, 0)
    Image.fromarray(image).save(tmp_path / "odd.png")
    out = tmp_path / "out"
    argv = [str(unet.run), str(tmp_path / "odd.png"), "-o", str(out), "--format", "json", "--draw"]
    assert main(argv) == 0
    row = json.loads((out / "predictions.jsonl").read_text())
    predictor = Predictor.load(unet.run)
    (expected,) = predictor(image)
    with Image.open(out / row["mask"]) as mask:
        assert mask.mode == "P" and (np.asarray(mask) == expected.value).all()
        assert mask.getpalette()[3:6] == [128, 0, 0]  # PASCAL VOC's first class
    overlay = out / row["mask"].replace("masks", "overlays")
    with Image.open(overlay) as picture:
        assert picture.size == (37, 41) and len(list((out / "drawn").iterdir())) == 1
    assert row["largest"] == predictor.classes[np.bincount(expected.value.ravel()).argmax()]


@pytest.mark.parametrize(
    "argv, line",
    [
        (["RUN", "absent.png"], "absent.png: there is no such file"),
        (["RUN", "*.absent"], "'*.absent' matches no file"),
        (["RUN", "EMPTY"], "holds no images"),
        (["nowhere", "x.png"], "nowhere"),
        (["RUN", "PICTURES", "--append"], "--append needs -o FOLDER"),
        (["RUN", "PICTURES", "--format", "xml"], "'xml' is unknown"),
        (["RUN", "PICTURES", "-o", "OTHER", "--append"], "predictions of another model"),
        (["RUN", "PICTURES", "--with", "RUN", "--mc-dropout", "2"], "exclude each other"),
        (["RUN", "PICTURES", "--with", "UNET"], "its task are others"),
        (["UNET", "PICTURES", "--mc-dropout", "2", "--top-k", "0"], "--top-k"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_mistake_is_a_line_and_nothing_is_written(
    argv: list[str],
    line: str,
    cnn: Reference,
    unet: Reference,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"RUN": cnn.run, "UNET": unet.run, "PICTURES": pictures}
    for name in ("EMPTY", "OTHER"):
        places[name] = tmp_path / name
        places[name].mkdir()
    about = json.dumps({"model": "blake3:another", "format": "csv"})
    (tmp_path / "OTHER" / "predictions.about.json").write_text(about)
    before = sorted(tmp_path.rglob("*"))
    given = [str(places.get(word, word)) for word in argv]
    assert main([*given, "--exp-dir", str(cnn.run.parents[1])]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("error: ") and line in said
    assert sorted(tmp_path.rglob("*")) == before


def test_an_ensemble_is_the_mean_of_probabilities(cnn: Reference) -> None:
    first, second = Predictor.load(cnn.run), Predictor.load(cnn.run)
    with torch.no_grad():
        for parameter in second.model.parameters():
            parameter.mul_(1.3)
    images, targets = cnn.images[0], cnn.targets[0].numpy()
    each = np.stack([np.exp(np.float64(p.outputs(images))) for p in (first, second)])
    each /= each.sum(2, keepdims=True)
    mean = each.mean(0)
    predictions, _ = Ensemble([first, second])(images)
    assert [p.value for p in predictions] == mean.argmax(1).tolist()
    assert np.abs(np.stack([p.probs for p in predictions]) - mean).max() < 1e-6
    rows = np.arange(len(targets))
    nll = -np.log(each[:, rows, targets]).mean(1)
    assert -np.log(mean[rows, targets]).mean() <= nll.mean()


def test_dropout_passes_are_averaged_and_their_disagreement_told(cnn: Reference) -> None:
    predictor, images = Predictor.load(cnn.run), cnn.images[0]
    before = predictor.outputs(images)
    dropout = Dropout(predictor, 5, seed=3)
    each = np.float64(dropout.passes(images))
    assert each.shape == (5, 100, 10) and (each[0] != each[1]).any()
    predictions, more = dropout(images)

    def entropy(p: np.ndarray) -> np.ndarray:
        return -(p * np.log(p)).sum(-1) / np.log(10)

    bald = entropy(each.mean(0)) - entropy(each).mean(0)
    assert np.abs(more["bald"] - bald).max() < 1e-9 and bald.max() > 0
    assert np.abs(np.stack([p.probs for p in predictions]) - each.mean(0)).max() < 1e-6
    # Batch normalisation stayed in evaluation, and dropout is off again.
    assert torch.equal(predictor.outputs(images), before)
