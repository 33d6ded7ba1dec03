"""What the command does: show tables, write them, or find the settings near a run's."""

import sys
from argparse import Namespace
from datetime import UTC, datetime

from project.comparison.terminal import show
from project.metadataset.exporting import check_folder, write_all
from project.metadataset.index import Index
from project.metadataset.opening import opened
from project.metadataset.querying import Answer, Question, answer
from project.metadataset.showing import count, listing, overview
from project.metadataset.tables import EXPERIMENT, TABLES
from project.provenance.find import find_run
from project.provenance.short_ids import short_ids
from project.words.width import terminal_width

# A screen of rows; --limit asks for more.
LIMIT = 20


def act(arguments: Namespace) -> int:
    """Do what was asked; returns 0.

    Raises:
        ValueError: there are no runs, or what is asked of them can't be understood.
        OSError: a file can't be written.
    """
    if arguments.parquet is not None:
        check_folder(arguments.parquet)
    run = arguments.nearest and find_run(arguments.exp_dir, arguments.nearest)
    with opened(arguments.exp_dir, lambda line: print(line, file=sys.stderr)) as index:
        problems = index.problems()
        for problem in problems:
            print(f"left out: {problem}", file=sys.stderr)
        if not index.count(EXPERIMENT):
            also = " to show" * bool(problems)
            raise ValueError(f"{str(arguments.exp_dir)!r} has no runs{also}")
        if run:
            from project.metadataset.nearest import show_nearest  # and NumPy, which few need

            show_nearest(index, run, arguments.where, arguments.limit or LIMIT)
            return 0
        if arguments.parquet is not None:
            for path in write_all(index, arguments.parquet):
                print(path)
        elif arguments.table is None:
            _show_overview(index)
        else:
            _show_rows(index, arguments)
    return 0


def _show_overview(index: Index) -> None:
    width = terminal_width()
    show(overview({table: index.count(table) for table in TABLES}, width))
    if index.file is not None:
        print(f"as views in {index.file}")


def _show_rows(index: Index, arguments: Namespace) -> None:
    question = Question(
        arguments.table, arguments.where, arguments.sort, arguments.reverse, arguments.columns
    )
    found = answer(index, question, datetime.now(UTC))
    width = terminal_width()
    limit = arguments.limit or (LIMIT if width else len(found.rows))
    rows = found.rows[:limit]
    if width and arguments.table == EXPERIMENT:
        ids = short_ids(index.exp_dir)
        rows = [{**row, "run_id": ids.get(row["run_id"], row["run_id"])} for row in rows]
    shown = Answer(rows, found.names, found.flags, found.judged)
    lines = (
        listing(shown, arguments.table, arguments.columns, width, all=arguments.all)
        if shown.rows
        else []
    )
    show([*lines, *count(len(found.rows), len(shown.rows), arguments.table, width)])
