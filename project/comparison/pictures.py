"""Files that are pictures: their types, and the names under which runs' are shown side by side."""

from pathlib import PurePosixPath

from project.words.telling import natural

TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


def media_type(path: str) -> str | None:
    """The type of a picture, by its name; None for a file of another kind."""
    return TYPES.get(PurePosixPath(path).suffix.lower())


def picture_name(path: str) -> str:
    """Files that are numbered within a folder are one series, named as the folder."""
    parent, stem = PurePosixPath(path).parent.as_posix(), PurePosixPath(path).stem
    return parent if stem.isdecimal() and parent != "." else path.rpartition(".")[0]


def by_name(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """A key that sorts names of pictures: those in fewer folders first."""
    return name.count("/"), natural(name)
