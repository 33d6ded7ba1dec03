"""`python -m project.runs`: list, show, delete, tag, annotate, export and import runs."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser
from project.cli.selection import add_selection, add_where
from project.files.root import ROOT
from project.words.telling import clean


def main(argv: Sequence[str]) -> int:
    """Do what was asked.

    Returns:
        The exit code: 0; 1 if the person declined; 2 if the input is at fault.
    """

    def act() -> int:
        arguments = make_parser().parse_args(argv)
        return arguments.action(arguments)

    return guarded(act)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(prog="python -m project.runs", description="Keep runs tidy.")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, action: Callable[..., int], help: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=help, description=help)
        made.set_defaults(action=action)
        add_exp_dir(made, "folder of all runs (%(default)s)")
        return made

    made = add("ls", ls, "List runs, newest first: how they stand and what they scored.")
    add_selection(made)
    add_run(add("show", show, "Show what a run is, how it stands and what it scored."))
    add_run(add("path", path, "Print a run's directory, as in `cd $(... path last)`."))
    _add_usage_flags(
        add("du", usage, "Tell where disk space goes: by experiment, by run, by kind.")
    )
    _add_removal_flags(
        add("rm", remove, "Delete runs, after asking; what trackers have stays, without --tracker.")
    )
    made = add("tag", tag, "Add and remove tags of a run.")
    add_run(made, more=", or an experiment (all its runs)")
    made.add_argument("tags", nargs="*", default=[], metavar="TAG", help="to add")
    made.add_argument("--remove", nargs="+", default=[], metavar="TAG", help="to remove")
    made = add("note", note, "Write a note on a run, in place of an earlier one.")
    add_run(made)
    made.add_argument("text", metavar="TEXT")
    _add_export_flags(add("export", export, "Write a run to one file, for another machine."))
    _add_import_flags(add("import", import_, "Take an exported run in, from someone you trust."))
    return parser


def _add_usage_flags(made: argparse.ArgumentParser) -> None:
    add_run(made, "runs", ", or an experiment (all its runs)", nargs="*")
    add_where(made)
    made.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="file to write all sizes to, in bytes (- is standard output)",
    )


def _add_removal_flags(made: argparse.ArgumentParser) -> None:
    add_run(made, "runs", ", or an experiment (all its runs)", nargs="*")
    add_where(made)
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument(
        "--tracker",
        nargs="+",
        default=[],
        metavar="NAME",
        help="delete there, too: mlflow, neptune, or all that a run was sent to. For good in the"
        " MLflow store beside the runs; elsewhere into its trash",
    )


def _add_export_flags(made: argparse.ArgumentParser) -> None:
    add_run(made)
    made.add_argument("file", type=Path, metavar="FILE", help="such as run.tar.gz")
    made.add_argument("--no-checkpoints", action="store_true", help="leave the weights out")
    made.add_argument(
        "--no-source",
        action="store_true",
        help="leave the commit's files out, without which only a clone that has it can reproduce",
    )


def _add_import_flags(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", type=Path, metavar="FILE", help="as export wrote it")
    made.add_argument(
        "--max-gib",
        type=float,
        default=2.0,
        metavar="GIB",
        help="refuse one whose files take more when unpacked (%(default)g)",
    )
    made.add_argument(
        "--max-files",
        type=int,
        default=10_000,
        metavar="N",
        help="refuse one that holds more (%(default)s)",
    )


def ls(arguments: argparse.Namespace) -> int:
    """List runs."""
    from project.comparison.overview import list_shortly

    return list_shortly(arguments)


def show(arguments: argparse.Namespace) -> int:
    """Show a run."""
    from project.comparison.overview import show_one

    return show_one(arguments)


def path(arguments: argparse.Namespace) -> int:
    """Print a run's directory, and nothing else."""
    print(os.path.abspath(_find(arguments.exp_dir, arguments.run)))
    return 0


def usage(arguments: argparse.Namespace) -> int:
    """Tell where disk space goes."""
    from project.disk.telling import tell_usage

    return tell_usage(arguments)


def remove(arguments: argparse.Namespace) -> int:
    """Delete runs; what trackers keep of them is told, or deleted, too."""
    from project.disk.removal import remove as remove_chosen

    return remove_chosen(arguments)


def tag(arguments: argparse.Namespace) -> int:
    """Change a run's tags, or those of all runs of an experiment, and show them."""
    from project.provenance.find import find_runs
    from project.provenance.notes import change_tags

    for run in find_runs(arguments.exp_dir, [arguments.run]):
        tags = change_tags(run, arguments.tags, arguments.remove)
        # Those of an imported run are anybody's.
        print(f"{run.name}: {clean(', '.join(tags)) or 'no tags'}")
    return 0


def note(arguments: argparse.Namespace) -> int:
    """Write a run's note."""
    from project.provenance.notes import set_note

    set_note(_find(arguments.exp_dir, arguments.run), arguments.text)
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write a run to a file."""
    from project.provenance.archive import export_run

    run = _find(arguments.exp_dir, arguments.run)
    notes = export_run(
        run,
        arguments.file,
        ROOT,
        checkpoints=not arguments.no_checkpoints,
        source=not arguments.no_source,
    )
    for line in notes:
        print(line)
    print(f"{arguments.file}: {run.name}, {arguments.file.stat().st_size / 2**20:.1f} MiB")
    return 0


def import_(arguments: argparse.Namespace) -> int:
    """Take a run in, and say what of it nothing vouches for."""
    from project.provenance.archive import import_run, unsealed
    from project.provenance.unpacking import Limits

    limits = Limits(arguments.max_gib, arguments.max_files)
    found = import_run(arguments.file, arguments.exp_dir, limits)
    print(found)
    if line := unsealed(found):
        print(f"note: {line}", file=sys.stderr)
    return 0


def _find(exp_dir: Path, reference: str) -> Path:
    from project.provenance.find import find_run

    return find_run(exp_dir, reference)


if __name__ == "__main__":
    sys.exit(as_process(main))
