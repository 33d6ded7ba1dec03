"""Loads wrong nets by the thousand, and tells what went wrong besides lines for people to read.

`python -m tests.nets.fuzz SEED COUNT FOLDER`: so many mutants after the hostile files; what comes
out is JSON. Each has some seconds of this process's own time, and a bound of memory; what its code
could do is watched.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from project.files.marked_yaml import read_text
from project.hyperparameters import Hyperparameters
from project.nets.loading import load
from tests.nets.hostile import heavy, hostile
from tests.nets.mutants import MORE, mutants

SECONDS = 20  # of this process's own; the longest takes about one
MANY = 500  # mutants, with which the heavy ones go
MEMORY = 2 * 2**30  # bytes besides what is loaded already
# What a text must never bring about; `open` counts where it writes.
WATCHED = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
)
WATCHED += ("os.remove", "os.mkdir", "shutil.rmtree", "pickle.find_class")


def outcome(path: Path, content: bytes) -> str:
    """`net`, `told`, or what went wrong."""
    path.write_bytes(content)
    try:
        load(read_text(str(path), "net"), str(path), (2, 8, 8), 10, Hyperparameters(), "meta")
        return "net"
    except ValueError as error:
        lines = str(error).splitlines()
        unclear = [line for line in lines if str(path) not in line] or [""][: not lines]
        return f"not of the file: {unclear[0][:300]!r}" if unclear else "told"
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {place.filename}:{place.lineno}: {str(error)[:300]}"


def main() -> None:
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    done: list[str] = []
    path = folder / "net.yaml"
    warnings.simplefilter("ignore")  # PyTorch's, of modules that it finds odd
    tempfile.gettempdir()  # the first who asks tries it out
    assert outcome(path, MORE.encode()) == "net"  # with what PyTorch imports at its first use
    _watch(done)
    _bound()
    counts: Counter[str] = Counter()
    wrong = []
    here = str(folder / "touched")
    given = [*hostile(), *(heavy() if count >= MANY else ())]
    texts = [text.replace("HERE", here).encode() for text in given]
    for content in [*texts, *mutants(seed, count)]:
        done.clear()
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        found = outcome(path, content)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        found = f"did {done[0]}" if done else found
        counts[found.partition(" ")[0]] += 1
        if found not in ("net", "told"):
            wrong.append([found, content.decode("latin-1")[:2000]])
    print(json.dumps({"counts": counts, "wrong": wrong[:20]}))


def _watch(done: list[str]) -> None:
    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in WATCHED or event == "open" and _writes(*arguments):
            done.append(f"{event} {arguments[:1]}")

    sys.addaudithook(note)


def _writes(path: Any, mode: str | None, flags: int) -> bool:
    """Whether a file is opened to be written, but for the one of the text and compiled modules."""
    ours = isinstance(path, int) or "net.yaml" in str(path) or "__pycache__" in str(path)
    return not ours and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _bound() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"{SECONDS} seconds")

    signal.signal(signal.SIGVTALRM, stop)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main()
