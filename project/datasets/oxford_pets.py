"""Oxford-IIIT Pets, for segmentation: 7,349 photographs of cats and dogs, of many sizes."""

from pathlib import Path

from torchvision.datasets import OxfordIIITPet

from project.data.coding import Coding
from project.data.matching import Pairs
from project.data.official_pairs import Archive, Source, official_pairs
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

TASKS = ("segmentation",)
CLASSES = ("background", "pet")
# Of the trimaps; 3 is what their authors call "not classified", the outline of the animal.
_CODES = {2: 0, 1: 1, 3: IGNORED}


def load(hparams: Hyperparameters) -> Raw:
    """The official training ("trainval") and test images, downloaded on first use.

    Source: O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar, "Cats and Dogs", CVPR, 2012.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    root = Path(hparams.data_dir)
    folder = root / "oxford-iiit-pet"
    archives = tuple(
        Archive(url, url.rpartition("/")[2], md5) for url, md5 in OxfordIIITPet._RESOURCES
    )
    source = Source("OxfordIIITPet", archives, folder, folder, lambda: _listed(root, folder))
    return official_pairs(source, Coding(CLASSES, _CODES, "OxfordIIITPet"), hparams)


def _listed(root: Path, folder: Path) -> Pairs:
    names, ends = [], []
    for split in ("trainval", "test"):
        lines = (folder / "annotations" / f"{split}.txt").read_text().splitlines()
        names += [line.split()[0] for line in lines if line.strip() and line[0] != "#"]
        ends.append(len(names))
    images = [str(folder / "images" / f"{name}.jpg") for name in names]
    masks = [str(folder / "annotations" / "trimaps" / f"{name}.png") for name in names]
    return Pairs(root, images, masks, slice(ends[0]), None, slice(*ends), [])
