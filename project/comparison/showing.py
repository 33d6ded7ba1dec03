"""A comparison for reading: the answer on a screen, and on demand what it follows from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from project.comparison.answer import answer_lines
from project.comparison.layout import Line, Table, cut, heading, table_lines, wrapped
from project.comparison.sections import leak_lines
from project.comparison.showing_groups import group_lines
from project.comparison.showing_samples import sample_lines
from project.comparison.units import cell, delta_text, result_texts, units_of
from project.comparison.values import (
    code_mark,
    data_mark,
    duration_text,
    text_of,
)
from project.words.telling import clean

Description = Mapping[str, Any]
# Each of them but flags is shown when asked for.
SECTIONS = ("flags", "code", "data", "environment")
_TOLD = ("seed", "exp_name", "description", "tags", "note")
# More of a diff than that is read in an editor; a pipe gets it whole.
_DIFF_LINES = 200
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan", "d": "bold"}


def comparison_lines(
    found: Description,
    width: int | None,
    *,
    sections: Collection[str] = (),
    all: bool = False,
    more_seeds: int = 0,
) -> Iterator[Line]:
    """The lines that tell a description of `describe`, each at most `width` columns.

    Args:
        found: Of `describe`.
        width: Of the terminal; None if there is none.
        sections: Which of `code`, `data`, `environment` and `samples` follow the answer.
        all: All of it, also what does not differ, scores of single classes, and the whole diff.
        more_seeds: How many runs beside these are further seeds of them.
    """
    one = len(found["runs"]) == 1
    all = all or (one and not sections)
    if one or all:
        yield Line("runs", "bold")
        yield from table_lines(_who(found["runs"]), width)
    if not one:
        yield from ([Line()] if all else [])
        yield from answer_lines(found, width, all=all, more_seeds=more_seeds)
    else:
        for line in leak_lines(found["runs"]):
            yield from wrapped(line, width, "yellow")
    for name in SECTIONS:
        if all or name in sections:
            yield from _section(name, found, width, all)
    if (all and not one) or "samples" in sections:
        yield from sample_lines(found["disagreements"], width, all)
    if all:
        yield from _results(found["sections"]["results"], found["runs"], width)
        yield from group_lines(found, width)


def _who(runs: Sequence[Mapping[str, Any]]) -> Table:
    header = ["", "run", "status", "age", "code", "data", "seed", "experiment", "description"]
    header += ["tags", "note"]
    rows = [
        [run["label"], run["run_id"], run["status"], duration_text(run["age"]), code_mark(run)]
        + [data_mark(run), *(text_of(run[name]) for name in _TOLD)]
        for run in runs
    ]
    return Table(header, rows, frozenset({3, 6}), essential=3)


def _section(name: str, found: Description, width: int | None, all: bool) -> Iterator[Line]:
    rows, units = found["sections"][name], units_of(found)
    shown = [row for row in rows if all or row["differs"]]
    yield from heading(_title(name, rows, len(units)))
    if shown:
        cells = [[row["name"], *(cell(row["values"], unit) for unit in units)] for row in shown]
        header = ["", *(unit.label for unit in units)]
        yield from table_lines(Table(header, cells, blocks=True), width)
    if name == "code":
        yield from _diffs(found["code"], width, all)
    if name == "data" and any(row["differs"] for row in rows):
        yield from _file_changes(found["files"], width)


def _title(name: str, rows: Sequence[Mapping[str, Any]], n: int) -> str:
    differing = sum(row["differs"] for row in rows)
    if n == 1 and not differing:
        return name
    return f"{name}: {differing} of {len(rows)} differ" if differing else f"{name}: the same"


def _diffs(code: Mapping[str, Any], width: int | None, all: bool) -> Iterator[Line]:
    if len(code["trees"]) > 1 and not code["diffs"] and None not in code["trees"]:
        yield from wrapped("every file of the code is the same", width)
    for diff in code["diffs"]:
        ends = " -> ".join(", ".join(diff[end]) for end in ("from", "to"))
        added, removed = (sum(f[k] or 0 for f in diff["files"]) for k in ("added", "removed"))
        n = len(diff["files"])
        files = f"{n} file{'' if n == 1 else 's'} changed"
        yield Line()
        yield Line(cut(f"{ends}: {files}, +{added} -{removed} lines", width), "bold")
        yield from _files(diff["files"], width)
        yield from _diff_text(diff["text"], width, all)


def _file_changes(files: Mapping[str, Any], width: int | None) -> Iterator[Line]:
    """Why the data's hash is another; where the files are the same, they were split otherwise."""
    if not files["changes"] and None not in files["manifests"]:
        yield from wrapped("every file of the data is the same", width)
    for change in files["changes"]:
        yield Line()
        yield Line(
            cut(" -> ".join(", ".join(change[end]) for end in ("from", "to")), width), "bold"
        )
        for line in change["lines"]:
            yield Line(cut(line, width))


def _files(files: Sequence[Mapping[str, Any]], width: int | None) -> list[Line]:
    rows = [[_count("+", f["added"]), _count("-", f["removed"]), f["name"]] for f in files]
    return table_lines(Table(["", "", ""], rows, frozenset({0, 1}), essential=3), width)[1:]


def _count(sign: str, n: int | None) -> str:
    return "binary" if n is None else f"{sign}{n}"


def _diff_text(text: str, width: int | None, all: bool) -> Iterator[Line]:
    lines = text.removesuffix("\n").split("\n")
    most = len(lines) if all or width is None else _DIFF_LINES
    for line in lines[:most]:
        # A header's +++ and --- are no changed lines.
        style = "bold" if line.startswith(("+++", "---")) else _DIFF_STYLES.get(line[:1], "")
        yield Line(cut(clean(line.replace("\t", "    ") if width else line), width), style)
    if len(lines) > most:
        yield from wrapped(f"{len(lines) - most:,} more lines; --all shows them", width, "dim")


def _results(
    rows: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]], width: int | None
) -> Iterator[Line]:
    yield from heading(_title("results", rows, len(runs)))
    labels = [run["label"] for run in runs]
    header = ["", labels[0]]
    for name in labels[1:]:
        header += [name, f"{name} - {labels[0]}"]
    right = frozenset(range(1, len(header)))
    cells = [_result_cells(row) for row in rows]
    yield from table_lines(Table(header, cells, right, essential=2, blocks=True), width)


def _result_cells(row: Mapping[str, Any]) -> list[str]:
    texts = result_texts(row)
    cells = [row["name"], texts[0]]
    for text, delta in list(zip(texts, row["deltas"], strict=True))[1:]:
        cells += [text, delta_text(delta)]
    return cells
