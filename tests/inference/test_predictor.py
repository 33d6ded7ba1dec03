"""What the test pass decided for an image is what a predictor decides, however it is given."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from project import data
from project.files import read_json
from project.hyperparameters import Hyperparameters
from project.inference.predictor import Predictor
from tests.inference.conftest import QUICK
from tests.inference.runs import Reference, reference

pytestmark = pytest.mark.xdist_group("inference")


def check_same_decisions(found: Tensor, reference: Tensor) -> None:
    """Probabilities differ by 1e-6 at most, decisions nowhere but at near ties."""
    top = reference.topk(2, dim=1).values
    near = top[:, 0] - top[:, 1] < 1e-6
    same = found.argmax(1) == reference.argmax(1)
    assert (same | near).all() and near.float().mean() < 0.01
    assert (found - reference).abs().max() <= 1e-6


def check(tested: Reference, sizes: list[int]) -> None:
    """The same bits in the same batches, the same decisions in others."""
    predictor = Predictor.load(tested.run)
    for images, outputs in zip(tested.images, tested.outputs, strict=True):
        assert torch.equal(predictor.outputs(images), outputs)
    images, probs = torch.cat(tested.images), torch.cat(tested.outputs).softmax(1)
    for size in sizes:
        found = [predictor.probs(part) for part in images.split(size)]
        check_same_decisions(torch.cat(found), probs)


def test_a_classifier_says_what_its_test_said(cnn: Reference) -> None:
    check(cnn, [1, 2, 7, 359])


def test_a_net_of_masks_says_what_its_test_said(unet: Reference) -> None:
    check(unet, [1])
    predictor = Predictor.load(unet.run)
    odd = unet.images[0][:2, :, :31, :29]  # smaller than a window, and divided by nothing
    each = torch.cat([predictor.probs(one) for one in odd.split(1)])
    check_same_decisions(predictor.probs(odd), each)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "flags",
    [
        ["--model", "resnet", "--augment", "flip"],
        ["--model", "mlp", "--precision", "bf16-mixed"],
        ["--model", "torchvision:mobilenet_v3_small", "--data", "synthetic"]
        + ["--synthetic-shape", "3", "33", "33", "--synthetic-samples", "120"],
        ["--model", "cnn", "--callback", "ema"],
    ],
    ids=" ".join,
)
def test_each_model_says_what_its_test_said(flags: list[str], tmp_path: Path) -> None:
    tested = reference(tmp_path, *QUICK, *flags)
    if "bf16-mixed" not in flags:
        check(tested, [1, 2, 7, 1000])
        return
    predictor = Predictor.load(tested.run)
    assert predictor.precision == "bf16-mixed"
    for images, outputs in zip(tested.images, tested.outputs, strict=True):
        assert torch.equal(predictor.outputs(images), outputs)


def test_pictures_arrays_and_tensors_are_the_same(cnn: Reference, tmp_path: Path) -> None:
    predictor, images = Predictor.load(cnn.run), cnn.images[0][:3]
    paths = []
    for i, image in enumerate(images.numpy()):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(image[0]).save(paths[-1])
    assert torch.equal(predictor.read(paths), images)
    expected = [(p.value, p.probs.tolist()) for p in predictor(images)]
    arrays = [image[0] for image in images.numpy()]
    for given in (paths, arrays, np.stack(arrays)[..., None]):
        assert [(p.value, p.probs.tolist()) for p in predictor(given)] == expected
    # One alone is another batch, whose sums may be in another order.
    alone = [predictor(one)[0] for one in (str(paths[0]), arrays[0], images[0])]
    assert len({p.probs.tobytes() for p in alone}) == 1 and alone[0].value == expected[0][0]


def test_a_folders_pictures_are_read_as_the_data_set_reads_them(tmp_path: Path) -> None:
    """JPEGs of any shape, on their sides, grey, transparent; and an array from OpenCV."""
    generator = np.random.default_rng(0)
    for i in range(12):
        size = generator.integers(20, 90, 2)
        pixels = generator.integers(0, 256, (*size, 3), np.uint8)
        folder = tmp_path / "data" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image, exif = Image.fromarray(pixels), Image.Exif()
        exif[0x0112] = 1 + i % 8  # which side is up
        if i % 3 == 0:
            image.convert("LA").save(folder / f"{i}.png")
        else:
            image.save(folder / f"{i}.jpg", exif=exif)
    flags = ["--data", "image-folder", "--data-dir", str(tmp_path / "data"), "--image-size", "16"]
    run = reference(tmp_path / "runs", *QUICK, *flags, "--fit", "pad", "--model", "mlp").run
    hparams = Hyperparameters.from_values(read_json(run / "record.json")["flags"])
    dataset, predictor = data.prepare(hparams), Predictor.load(run)
    assert dataset.files is not None
    read = predictor.read(dataset.files.paths)
    assert torch.equal(read, dataset.train.samples.fetch(torch.arange(12)))
    with Image.open(tmp_path / "data" / "a" / "0.png") as picture:
        rgb = np.asarray(picture.convert("RGB"))
    (one,), (other,) = predictor(rgb), predictor(rgb[..., ::-1], bgr=True)
    assert one.probs.tobytes() == other.probs.tobytes()


def test_a_file_moved_elsewhere_and_what_does_not_fit(cnn: Reference, tmp_path: Path) -> None:
    moved = tmp_path / "model.pt"
    moved.write_bytes((cnn.run / "checkpoints" / "best.pt").read_bytes())
    predictor = Predictor.load(moved)
    assert predictor.run_id is None and predictor.classes == tuple("0123456789")
    weights = read_json(cnn.run / "outcome.json")["weights"]["best.pt"]
    assert predictor.weights_hash == weights
    state = torch.get_rng_state()
    Predictor.load(moved)
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ValueError, match="3 channels, and the model takes 1"):
        predictor(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="float32, and the model takes"):
        predictor(torch.zeros(1, 1, 8, 8))
