"""All that was named is predicted, and shown or written, in constant memory."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any

import numpy as np

from project.cli.stage import clear, count, stage
from project.inference.answers import Answers
from project.inference.chunks import Chunk, Reader, chunks
from project.inference.drawing import draw, draw_mask
from project.inference.inputs import Item, named
from project.inference.output.folder import UNREADABLE, Folder
from project.inference.output.screen import Screen
from project.inference.rows import HASH, MASK, columns, embedding_columns
from project.inference.told import Told, told
from project.words.names import printable

# Images of any size that are read together: they may be large.
AT_ONCE = 8
NAMED = 3  # faults that are told at the end


def predict_all(answers: Answers, arguments: argparse.Namespace, stdin: IO[str]) -> int:
    """Predict what the command's arguments name.

    Returns:
        0; 1 if an image could not be read.

    Raises:
        ValueError: there is no such image, or the folder has other predictions.
        OSError: something can't be read or written.
    """
    first = answers.first
    items = named(arguments.inputs, first.shape[0], stdin)
    top_k = min(arguments.top_k, len(first.classes))
    header = columns(first.task.of_pixels, top_k, answers.columns)
    if first.task.of_pairs:
        is_table = arguments.output is not None and arguments.format == "csv"
        header = embedding_columns(first.task.n_outputs, answers.columns, is_table)
    if arguments.output is None:
        return _show(answers, _read(answers, arguments, items, None), top_k, header)
    about = _about(answers, arguments)
    folder = Folder(arguments.output, arguments.format, header, about, arguments.append)
    known = folder.known() if arguments.append else None
    with closing(folder):
        return _write(answers, _read(answers, arguments, items, known), folder, arguments, top_k)


def _read(
    answers: Answers, arguments: argparse.Namespace, items: Iterator[Item], known: Any
) -> Iterator[Chunk]:
    first = answers.first
    size = arguments.batch_size or first.hparams.batch_size
    if first.task.of_pixels and not arguments.batch_size:
        size = min(size, AT_ONCE)
    known = np.empty(0, np.uint64) if known is None else known
    reader = Reader(first.intake, first.shape, known)
    return chunks(items, reader, size, arguments.workers, first.device.type == "cuda")


def _about(answers: Answers, arguments: argparse.Namespace) -> dict[str, Any]:
    """What all rows of a folder are of."""
    dropout = arguments.mc_dropout and {"passes": arguments.mc_dropout, "seed": arguments.seed}
    return {
        "model": answers.model_hash,
        "run": answers.first.run_id,
        "members": [getattr(m, "weights_hash") for m in getattr(answers, "members", [])],
        "mc_dropout": dropout,
        "calibrated": arguments.calibrated,
        **({"nearest": arguments.nearest} if arguments.nearest else {}),
        "conformal": arguments.conformal and [arguments.conformal, arguments.conformal_method],
        "classes": list(answers.first.classes),
        "precision": answers.first.precision,
    }


def _show(answers: Answers, read: Iterator[Chunk], top_k: int, header: tuple[str, ...]) -> int:
    screen, faults = Screen(header), _Faults()
    for batch in told(answers, read, top_k):
        for each in batch:
            screen.add(each.row) if each.row else faults.add(each)
    screen.show()
    return faults.told()


def _write(
    answers: Answers,
    read: Iterator[Chunk],
    folder: Folder,
    arguments: argparse.Namespace,
    top_k: int,
) -> int:
    faults, n, known, began = _Faults(), 0, 0, time.monotonic()
    stage("predicting")
    for batch in told(answers, read, top_k):
        for each in batch:
            if each.fault:
                faults.add(each)
                folder.refuse(each.name, each.fault)
            elif each.row:
                _draw(answers, folder, each, arguments.draw)
        rows = [each.row for each in batch if each.row]
        folder.write(rows)
        n += len(rows)
        known += sum(not each.row and not each.fault for each in batch)
        count(n + known, None, began)
    stage("")
    clear()
    passed = f", {known:,} were there" if known else ""
    print(f"{n:,} predicted{passed}: {folder.file}")
    return faults.told(folder)


def _draw(answers: Answers, folder: Folder, each: Told, wanted: bool) -> None:
    task = answers.first.task
    assert each.row is not None and each.image is not None and each.prediction is not None
    of = (folder.path, task, each.image, each.prediction, each.name, each.row[HASH])
    if task.of_pixels:
        each.row[MASK] = draw_mask(*of)
    if wanted:
        draw(*of)


class _Faults:
    """Images that can't be predicted: all are counted, a few are kept."""

    def __init__(self) -> None:
        self._n, self._first = 0, []

    def add(self, each: Told) -> None:
        if not each.fault:
            return
        self._n += 1
        if len(self._first) < NAMED:
            why = each.fault
            self._first.append(why if each.name in why else f"{printable(each.name)}: {why}")

    def told(self, folder: Folder | None = None) -> int:
        """Tell them; returns the exit code."""
        for line in self._first:
            print(f"error: {line}", file=sys.stderr)
        if self._n > len(self._first):
            where = f", all in {os.path.join(folder.path, UNREADABLE)}" if folder else ""
            print(f"error: {self._n:,} images could not be predicted{where}", file=sys.stderr)
        return 1 if self._n else 0
