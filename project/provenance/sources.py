"""Which files are source code, and one hash over all of them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

# Files of settings count where people write them by hand; .json and .txt are mostly data.
_SOURCE = re.compile(
    r"(?:.*\.(?:py|pyi|pyx|pxd|ipynb|c|cc|cpp|cxx|cu|cuh|h|hh|hpp|rs|sh|js|ts|toml|ya?ml|cfg|ini)"
    r"|(?:.*-)?(?:requirements|constraints).*\.txt|CMakeLists\.txt|Makefile|Dockerfile)",
    re.DOTALL,
)
_NOT_OURS = {"__pycache__", "node_modules", "site-packages"}


def is_source(path: str) -> bool:
    """Whether a file of this relative path is code that a person wrote; no hidden file is."""
    parts = path.split("/")
    return _SOURCE.fullmatch(parts[-1]) is not None and not any(p.startswith(".") for p in parts)


def digest(root: Path) -> str:
    """BLAKE3, in hex, of the names and contents of the source files under `root`.

    Hidden folders, caches and virtual environments are left out.

    Raises:
        OSError: a source file can't be read.
    """
    whole = blake3()
    for path in sorted(_walk(root)):
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        name = os.fsencode(path.relative_to(root))
        # With the lengths in front, no two different trees give the same stream.
        whole.update(b"%d:%d:" % (len(name), len(content)) + name + content)
    return whole.hexdigest()


def source_files(root: Path) -> list[str]:
    """Relative paths of the files that `digest` hashes."""
    return sorted(path.relative_to(root).as_posix() for path in _walk(root))


def links_below(root: Path) -> list[str]:
    """Relative paths of the symbolic links under `root` that are or may hold sources."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if _is_ours(os.path.join(folder, f), f)]
        found += [Path(folder, n) for n in (*folders, *files) if os.path.islink(Path(folder, n))]
    return sorted(path.relative_to(root).as_posix() for path in found)


def is_worth_looking(top: Path, name: str) -> bool:
    """Whether the folder of this relative path may hold sources: not hidden, not installed."""
    parts = Path(name).parts
    paths = (os.path.join(top, *parts[: n + 1]) for n in range(len(parts)))
    return all(map(_is_ours, paths, parts))


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if _is_ours(os.path.join(folder, f), f)]
        yield from (Path(folder, name) for name in files if is_source(name))


def _is_ours(path: str, name: str) -> bool:
    own = name not in _NOT_OURS and not name.startswith(".")
    return own and not os.path.exists(os.path.join(path, "pyvenv.cfg"))
