"""The files of a forecast: every number, the points as a table, and the picture."""

import csv
import io
from pathlib import Path

from project.files import json_text, write_atomic
from project.forecast.answer import Answer

NUMBERS, POINTS, PICTURE = "forecast.json", "points.csv", "forecast"


def keep(answer: Answer, title: str, folder: Path) -> list[Path]:
    """Write them.

    Returns:
        the files: the picture first.
    Raises:
        OSError: one can't be written.
    """
    from project.forecast.figure import picture  # matplotlib takes a second

    contents = {f"{PICTURE}.{kind}": picture(answer, title, kind) for kind in ("png", "svg")}
    contents[NUMBERS] = json_text(answer.to_json()).encode()
    contents[POINTS] = _table(answer).encode()
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]


def _table(answer: Answer) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["samples", "parameters", "seed", "error", "form", "run"])
    for p in answer.points:
        form = float(answer.fitted.law.error(p.samples, p.size))
        writer.writerow([p.samples, p.size, p.seed, p.error, form, p.run])
    return text.getvalue()
