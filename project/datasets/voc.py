"""PASCAL VOC, for segmentation: photographs of many sizes, 20 kinds of things on a background."""

from pathlib import Path

from torchvision.datasets import VOCSegmentation
from torchvision.datasets.voc import DATASET_YEAR_DICT

from project.data.coding import Coding
from project.data.matching import Pairs
from project.data.official_pairs import Archive, Source, official_pairs
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters, flag
from project.values import IGNORED

TASKS = ("segmentation",)
CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
    *("chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant"),
    *("sheep", "sofa", "train", "tvmonitor"),
)


class Settings:
    voc_year: str = flag(
        "2012", "of PASCAL VOC", choices=("2007", "2008", "2009", "2010", "2011", "2012")
    )


def load(hparams: Hyperparameters) -> Raw:
    """The official training images; the validation images are the test. Downloaded on first use.

    The masks of the official test are not public. So its "val", 1,449 images in 2012, is the test,
    and validation images are split off its "train", 1,464. The borders of things are ignored.
    Source: M. Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV, 2010.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    root, year = Path(hparams.data_dir), hparams.settings(__name__).voc_year
    about = DATASET_YEAR_DICT[year]
    archive = Archive(about["url"], about["filename"], about["md5"])
    extracted = root / about["base_dir"]
    source = Source(f"VOC {year}", (archive,), root, extracted, lambda: _listed(root, year))
    codes = {i: i for i in range(len(CLASSES))} | {255: IGNORED}
    return official_pairs(source, Coding(CLASSES, codes, "VOC"), hparams)


def _listed(root: Path, year: str) -> Pairs:
    train, test = (VOCSegmentation(root, year, split) for split in ("train", "val"))
    images, masks = (
        [str(Path(path)) for path in paths]
        for paths in ([*train.images, *test.images], [*train.masks, *test.masks])
    )
    end = len(train)
    return Pairs(root, images, masks, slice(end), None, slice(end, len(images)), [])
