"""Where files stand among a run's artifacts: paths that are safe everywhere and never meet."""

from __future__ import annotations

import unicodedata
from hashlib import blake2s

import sqlalchemy as sa

from project.server.errors import bad_request
from project.server.store.tables import attributes

# How the row of an attribute with files says that its `key` is their path.
ARTIFACT = "artifact"
# MLflow's page, or another system's disk, can't cope with these.
UNSAFE = frozenset('"#%*:<>?\\|/')
# MLflow hides files with such names.
HIDDEN = ".artifact.uploading."
# Disks take 255 bytes a name; the column takes 250 characters.
PART_BYTES, KEY_LENGTH, SUFFIX_LENGTH = 200, 250, 16
# Of a file's path within its set.
SUB_PATH_BYTES = 1024


def of_file(path: str, ext: str) -> str:
    """Where the file of the attribute `path` wants to stand: `record` of ext json, `record.json`.

    This project's tracker keeps tables and pictures of one name apart: `x_csv` is `x.csv`.
    """
    *folders, name = path.split("/")
    if ext:
        name = f"{name.removesuffix(f'_{ext}') or name}.{ext}"
    return _cut("/".join(map(safe_part, [*folders, name])))


def of_folder(path: str) -> str:
    """Where the files of a file set or image series want to stand."""
    return _cut("/".join(map(safe_part, path.split("/"))))


def within(folder: str, sub_path: str) -> str:
    """Where a file of a file set stands."""
    return "/".join([folder, *map(safe_part, sub_path.split("/"))])


def free(connection: sa.Connection, container_id: str, path: str, wanted: str) -> str:
    """`wanted`, or a path beside it if another attribute of the container stands in the way."""
    key, slashes = attributes.c.key, [i for i, char in enumerate(wanted) if char == "/"]
    folder = f"{wanted}/"
    above = key.in_([wanted, *(wanted[:i] for i in slashes)])
    meets = above | (sa.func.substr(key, 1, len(folder)) == folder)
    others = (attributes.c.container_id == container_id) & (attributes.c.path != path)
    query = sa.select(key).where(others, attributes.c.shown_as == ARTIFACT, meets).limit(1)
    if connection.execute(query).first() is None:
        return wanted
    digest = blake2s(path.encode(), digest_size=8).hexdigest()
    head, slash, rest = wanted[: KEY_LENGTH - len(digest) - 1].partition("/")
    if slash:
        return f"{head}:{digest}/{rest}"
    stem, dot, suffix = head.rpartition(".")
    return f"{stem}:{digest}.{suffix}" if stem else f"{head}:{digest}"


def sub_path(text: str) -> str:
    """A file's path within its set, as the client gives it, in its one proper form.

    Raises:
        ApiError: 400, it leaves the set or is no path.
    """
    parts = text.replace("\\", "/").split("/")  # some clients run on Windows
    if parts[0] == "" or ".." in parts or "\0" in text:
        raise bad_request(f"{text[:200]!r} is no path within a file set")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise bad_request(f"{ascii(text[:200])} is no UTF-8") from None
    proper = "/".join(part for part in parts if part not in ("", "."))
    if not proper or size > SUB_PATH_BYTES:
        raise bad_request(f"{text[:200]!r}: a path has 1 to {SUB_PATH_BYTES} bytes")
    return proper


def safe_part(part: str) -> str:
    """One component of a path, as a name that every system takes; two never become the same.

    What is not safe becomes its code point in hexadecimal between colons. So does what looks like
    something else, or what some systems take for something else, by Unicode's compatibility forms.
    """
    if not part.strip("."):
        return ":2e:" * len(part) or "::"
    plain = unicodedata.normalize("NFKC", part) == part
    safe = "".join(
        char if _fine(char) and (plain or char.isascii()) else f":{ord(char):x}:" for char in part
    )
    if safe.startswith(HIDDEN):
        safe = f":2e:{safe[1:]}"
    return _shortened(safe, part) if len(safe.encode()) > PART_BYTES else safe


def _fine(char: str) -> bool:
    return char not in UNSAFE and char.isprintable()


def _shortened(safe: str, whole: str) -> str:
    """The beginning of `safe`, a hash of all of it, and the suffix if it has one."""
    _, dot, suffix = safe.rpartition(".")
    suffix = dot + suffix if len(suffix) < SUFFIX_LENGTH and suffix.isascii() else ""
    digest = blake2s(whole.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    length = PART_BYTES - len(digest) - SUFFIX_LENGTH - 1
    begin = safe.encode(errors="surrogatepass")[:length].decode(errors="ignore")
    return f"{begin}:{digest}{suffix}"


def _cut(path: str) -> str:
    return path if len(path) <= KEY_LENGTH else _shortened(path, path).rstrip("/")
