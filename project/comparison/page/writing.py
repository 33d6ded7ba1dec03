"""One file that holds a whole page: its data, its scripts and styles, and the plotting library."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from project.comparison.page.bundle import bundle
from project.files import finite

APP = Path(__file__).parent / "app"  # the server's page too


def page(content: Mapping[str, Any]) -> str:
    """The HTML of a comparison, which needs nothing else."""
    library = plotly_path().read_text(encoding="utf-8")
    styles = [APP / name for name in ("page.css", "curves.css", "list.css", "file.css")]
    return whole("Runs compared", content, [library, bundle(sources(APP), "file")], styles)


def whole(
    title: str, content: Mapping[str, Any], scripts: Sequence[str], styles: Sequence[Path]
) -> str:
    """The HTML of a page that needs nothing else, and whose policy lets it load nothing else.

    Args:
        title: of the window.
        content: what the scripts find in the element `data`, as JSON.
        scripts: texts, in the order in which they run.
        styles: files.
    """
    parts = {
        "POLICY": _policy(scripts),
        "TITLE": escape(title),
        "ICON": b64encode((APP / "icon.svg").read_bytes()).decode(),
        "STYLES": "".join(path.read_text(encoding="utf-8") for path in styles),
        "DATA": _json(content),
        "SCRIPTS": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    # Cut once, so that nothing of a run is taken for a place to fill.
    pieces = (APP / "page.html").read_text(encoding="utf-8").split("%%")
    return "".join(parts[p] if i % 2 else p for i, p in enumerate(pieces))


def sources(folder: Path) -> dict[str, str]:
    """The scripts of a folder by name, as `bundle` takes them."""
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}


def plotly_path() -> Path:
    """The plotting library's script, as its Python package has it."""
    # Loading the package takes a moment, which --help need not wait for.
    import plotly

    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def _policy(scripts: Sequence[str]) -> str:
    """Only these scripts run, and nothing is fetched: whatever a run's texts may hold."""
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    # The plotting library sets styles by attributes, and makes pictures of charts.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )


def _json(content: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no text of a run can end it."""
    text = json.dumps(finite(content), allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
