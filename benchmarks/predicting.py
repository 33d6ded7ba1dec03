"""`project.predict` beside a plain DataLoader and forward pass; its memory, however many files."""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks._turns import compare
from project.data.decoding import decode
from project.inference.predictor import Predictor
from project.main import main as train
from project.predict import main as predict

ROOT = Path(__file__).parents[1]
SIZE, WORKERS, BATCH = 64, 2, 128
DISTINCT = 50  # pictures; the others are links to them
# What a process that predicts says at its end of its memory, and of that of its workers. The
# system's `getrusage` would tell of the process that has started it, where that was larger.
PEAK = """
import multiprocessing, re, sys, threading
from pathlib import Path
from project.predict import main

def peak(pid):
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path(f"/proc/{pid}/status").read_text())[1])

def watch():
    while not ended.wait(0.5):
        for worker in multiprocessing.active_children():
            try:
                workers.append(peak(worker.pid))
            except (OSError, TypeError):
                pass  # it has just ended

workers, ended = [0], threading.Event()
watching = threading.Thread(target=watch)
watching.start()
code = main(sys.argv[1:])
ended.set()
watching.join()
print("peak", peak("self"), max(workers))
sys.exit(code)
"""


class Plain(Dataset):
    """Pictures, decoded as ours are."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> torch.Tensor:
        with open(self.paths[i], "rb") as file:
            return torch.from_numpy(decode(io.BytesIO(file.read()), self.paths[i], SIZE).pixels)


def linked(folder: Path, n: int, size: tuple[int, int], ending: str) -> Path:
    """A folder of n pictures of random pixels, smooth as photographs are, most of them links."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (DISTINCT, 12, 16, 3), np.uint8)
    for i in range(min(n, DISTINCT)):
        picture = Image.fromarray(coarse[i]).resize(size, Image.Resampling.BICUBIC)
        picture.save(folder / f"{i:06}.{ending}")
    for i in range(DISTINCT, n):
        os.symlink(folder / f"{i % DISTINCT:06}.{ending}", folder / f"{i:06}.{ending}")
    return folder


def trained(folder: Path) -> Path:
    """A run whose model takes pictures of a folder."""
    for name in "ab":
        (folder / "data").mkdir(exist_ok=True)
        linked(folder / "data" / name, 40, (80, 60), "png")
    flags = [
        "--data",
        "image-folder",
        "--data-dir",
        str(folder / "data"),
        "--model",
        "cnn",
        "--width",
        "16",
    ]
    flags += ["--max-steps", "1", "--batch-size", "16", "--tracker", "none", "--without", "reports"]
    assert train([*flags, "--exp-dir", str(folder / "runs")]) == 0
    (run,) = (folder / "runs" / "debug").iterdir()
    return run


def speed(folder: Path, n: int, rounds: int) -> None:
    """Images a second of 500x375 JPEGs, workers' start included."""
    run = trained(folder)
    pictures = linked(folder / "pictures", n, (500, 375), "jpg")
    predictor, made = Predictor.load(run), iter(range(10**6))

    def plain() -> float:
        began = time.perf_counter()
        paths = sorted(str(path) for path in pictures.iterdir())
        loader = DataLoader(Plain(paths), BATCH, num_workers=WORKERS)
        found = [predictor.outputs(images).argmax(1) for images in loader]
        assert len(torch.cat(found)) == n
        return n / (time.perf_counter() - began)

    def ours() -> float:
        began = time.perf_counter()
        out = str(folder / f"out-{next(made)}")
        argv = [str(run), str(pictures), "-o", out, "--batch-size", str(BATCH)]
        assert predict([*argv, "--workers", str(WORKERS)]) == 0
        return n / (time.perf_counter() - began)

    compare({"DataLoader and forward pass": plain, "project.predict": ours}, n=rounds)


def memory(folder: Path, sizes: Sequence[int]) -> None:
    """Peak memory of the process that predicts 500x375 JPEGs, and of its larger worker, in MB."""
    (run,) = (folder / "runs" / "debug").iterdir()
    for n in sizes:
        pictures = linked(folder / f"pictures-{n}", n, (500, 375), "jpg")
        argv = [str(run), str(pictures), "-o", str(folder / f"rows-{n}")]
        argv += ["--batch-size", str(BATCH), "--workers", str(WORKERS)]
        command = [sys.executable, "-c", PEAK, *argv]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        peak = re.search(r"peak (\d+) (\d+)", done.stdout)
        assert peak and f"{n:,} predicted" in done.stdout, done.stdout
        own, worker = (int(found) / 1024 for found in peak.groups())
        print(f"  {n:>7,} files: {own:.0f} MB, {worker:.0f} MB", flush=True)


def main() -> None:
    """Speed, then memory."""
    parser = ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="that it runs, not how fast")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        print(f"  {speed.__doc__}")
        speed(Path(name), *((300, 2) if quick else (3000, 5)))
        print(f"  {memory.__doc__}")
        memory(Path(name), (300, 600) if quick else (1000, 10_000, 100_000))


if __name__ == "__main__":
    main()
