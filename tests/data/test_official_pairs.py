"""torchvision's data sets of images and masks: read from small files in their own formats."""

import hashlib
import io
import tarfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import OxfordIIITPet

from project.datasets import oxford_pets, voc
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

Make = Callable[..., Hyperparameters]
RNG = np.random.default_rng(0)
YEAR = voc.DATASET_YEAR_DICT["2012"]
SIZE = (6, 8)
NAMES = {"train": ["2007_000032", "2007_000039"], "val": ["2007_000033"]}
PETS = {"trainval": ["Abyssinian_1", "beagle_2"], "test": ["Bombay_3"]}
ALL = [name for names in (NAMES, PETS) for part in names.values() for name in part]
MASKS = {name: RNG.choice([0, 3, 20, 255], SIZE).astype(np.uint8) for name in ALL}
TRIMAPS = {name: RNG.integers(1, 4, SIZE).astype(np.uint8) for name in ALL}


@pytest.fixture(autouse=True)
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A network that is down; what was asked of it."""
    asked = []

    def refuse(request: urllib.request.Request, **kwargs: object) -> None:
        asked.append(request.full_url)
        raise URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return asked


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def photo() -> bytes:
    return encoded(Image.fromarray(RNG.integers(0, 256, (*SIZE, 3), dtype=np.uint8)), "JPEG")


def packed(path: Path, files: dict[str, bytes], mode: str) -> str:
    """Writes an archive; its MD5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_voc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The published archive, of three images; what will be its folder."""
    files = {}
    for split, names in NAMES.items():
        files[f"ImageSets/Segmentation/{split}.txt"] = "".join(f"{n}\n" for n in names).encode()
        for name in names:
            mask = Image.fromarray(MASKS[name], "L")
            mask.putpalette([255 - i // 3 for i in range(768)])
            files[f"JPEGImages/{name}.jpg"] = photo()
            files[f"SegmentationClass/{name}.png"] = encoded(mask, "PNG")
    files = {f"VOCdevkit/VOC2012/{name}": content for name, content in files.items()}
    md5 = packed(folder / YEAR["filename"], files, "w")
    monkeypatch.setitem(voc.DATASET_YEAR_DICT, "2012", YEAR | {"md5": md5})
    return folder / "VOCdevkit" / "VOC2012"


def write_pets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    images, annotations = {}, {}
    for split, names in PETS.items():
        annotations[f"annotations/{split}.txt"] = "".join(f"{n} 1 1 1\n" for n in names).encode()
        for name in names:
            images[f"images/{name}.jpg"] = photo()
            trimap = encoded(Image.fromarray(TRIMAPS[name]), "PNG")
            annotations[f"annotations/trimaps/{name}.png"] = trimap
    top, resources = folder / "oxford-iiit-pet", []
    for (url, _), files in zip(OxfordIIITPet._RESOURCES, (images, annotations), strict=True):
        resources.append((url, packed(top / url.rpartition("/")[2], files, "w:gz")))
    monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", resources)
    return top


def test_voc(hparams: Make, monkeypatch: pytest.MonkeyPatch, attempts: list[str]) -> None:
    h = hparams(data="voc", model="unet")
    folder = write_voc(Path(h.data_dir), monkeypatch)
    for _ in range(2):  # the second time the files are extracted already
        raw = voc.load(h)
        assert len(raw.classes) == 21 and raw.classes[20] == "tvmonitor" and raw.val is None
        for part, split in ((raw.train, "train"), (raw.test, "val")):
            masks = np.array([MASKS[name] for name in NAMES[split]])
            np.testing.assert_array_equal(part.targets.values.numpy(), masks)
            for image, name in zip(part.images.numpy(), NAMES[split], strict=True):
                jpeg = np.asarray(Image.open(folder / "JPEGImages" / f"{name}.jpg"))
                np.testing.assert_array_equal(image, jpeg.transpose(2, 0, 1))
    names = [name for name, _ in raw.files.hashes()]
    assert names[0] == "VOCdevkit/VOC2012/JPEGImages/2007_000032.jpg" and len(names) == 6
    assert not attempts


def test_pets(hparams: Make, monkeypatch: pytest.MonkeyPatch, attempts: list[str]) -> None:
    h = hparams(data="oxford-pets", model="unet")
    write_pets(Path(h.data_dir), monkeypatch)
    raw = oxford_pets.load(h)
    assert raw.classes == ("background", "pet") and raw.val is None and not attempts
    for part, split in ((raw.train, "trainval"), (raw.test, "test")):
        trimaps = np.array([TRIMAPS[name] for name in PETS[split]])
        # 1 is the animal, 2 what is around it, 3 not classified.
        expected = np.array([99, 1, 0, IGNORED])[trimaps]
        np.testing.assert_array_equal(part.targets.values.numpy(), expected)


@pytest.mark.parametrize("plug, name", [(voc, "voc"), (oxford_pets, "oxford-pets")])
def test_without_a_network_one_line_says_what_and_how(
    plug: object, name: str, hparams: Make, attempts: list[str]
) -> None:
    h = hparams(data=name, model="unet")
    with pytest.raises(OSError) as error:
        plug.load(h)
    message = str(error.value)
    assert attempts and "\n" not in message and error.value.filename is None
    for part in ("can't be downloaded from http", "Name or service not known", ".tar", h.data_dir):
        assert part in message
    left = [path.name for path in Path(h.data_dir).rglob("*") if path.is_file()]
    assert left == ["download.lock"]


@pytest.mark.parametrize("split", ["train", "val"])
def test_what_is_missing_is_extracted_again(
    split: str, hparams: Make, monkeypatch: pytest.MonkeyPatch, attempts: list[str]
) -> None:
    h = hparams(data="voc", model="unet")
    folder = write_voc(Path(h.data_dir), monkeypatch)
    voc.load(h)
    (folder / f"ImageSets/Segmentation/{split}.txt").unlink()
    (folder / f"JPEGImages/{NAMES['val'][0]}.jpg").unlink()
    assert len(voc.load(h).test) == 1 and not attempts


def test_damaged_files_are_named(hparams: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    h = hparams(data="voc", model="unet")
    folder = write_voc(Path(h.data_dir), monkeypatch)
    voc.load(h)
    (folder / "JPEGImages/2007_000033.jpg").write_bytes(b"")
    with pytest.raises(ValueError) as error:
        voc.load(h)
    line = str(error.value)
    assert "\n" not in line and line.endswith("and it is extracted or downloaded again")
    assert "VOC2012 is damaged (can't read the image" in line and "2007_000033.jpg" in line
    (folder / "JPEGImages/2007_000033.jpg").write_bytes(photo())
    Image.fromarray(MASKS["2007_000033"] * 0 + 77).save(
        folder / "SegmentationClass/2007_000033.png"
    )
    with pytest.raises(ValueError, match="2007_000033.png has the value 77, which VOC does not"):
        voc.load(h)
