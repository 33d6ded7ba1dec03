"""The files that keep what was tried: a table and a picture."""

import csv
import io
import secrets
from datetime import UTC, datetime
from pathlib import Path

from project.files import write_atomic
from project.tuning.drawing import picture
from project.tuning.found import Found


def keep(found: Found, folder: Path, action: str) -> list[Path]:
    """Write the table and the picture; returns their paths.

    Args:
        found: with a chart.
        folder: made if it is not there.
        action: the files' names begin with.

    Raises:
        OSError: they can't be written.
    """
    assert found.chart is not None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows(found.rows)
    contents = {".csv": text.getvalue(), ".png": picture(found.chart)}
    folder.mkdir(parents=True, exist_ok=True)
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    name = f"{action}-{when}-{secrets.token_hex(2)}"
    paths = [folder / f"{name}{ending}" for ending in contents]
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            write_atomic(path, content)
    except OSError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    return paths
