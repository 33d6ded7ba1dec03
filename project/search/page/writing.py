"""The page of a sweep as a file."""

from datetime import datetime
from pathlib import Path

from project.comparison.exporting import deliver
from project.comparison.page.bundle import bundle
from project.comparison.page.writing import APP as SHARED
from project.comparison.page.writing import sources, whole
from project.search.page.content import content
from project.search.verdict.report import Report

APP = Path(__file__).parent / "app"


def write(report: Report, path: Path, made: datetime | None = None) -> None:
    """Write the page of a sweep, as a whole or not at all.

    Args:
        report: of the sweep, as far as it has come.
        path: of the file.
        made: when; now, if None.
    Raises:
        OSError: it can't be written.
    """
    deliver(path, page(report, made or datetime.now().astimezone()))


def page(report: Report, made: datetime) -> str:
    """The HTML of the page, which needs nothing else."""
    script = bundle({**sources(SHARED), **sources(APP)}, "sweep")
    styles = [SHARED / "page.css", SHARED / "curves.css", SHARED / "file.css", APP / "sweep.css"]
    return whole(f"Sweep {report.name}", content(report, made), [script], styles)
