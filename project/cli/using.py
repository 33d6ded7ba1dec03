"""Flags of the commands that use a trained model: where it computes, and whose code may run."""

from argparse import ArgumentParser


def add_device(parser: ArgumentParser) -> None:
    """Let a command take `--device`."""
    parser.add_argument("--device", default="cpu", help="such as cuda (%(default)s)")


def add_data_dir(parser: ArgumentParser) -> None:
    """Let a command take `--data-dir`, of the run's own data."""
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the run's data lie now")


def add_trust(parser: ArgumentParser) -> None:
    """Let a command take `--trust` and `--accept-changes`."""
    parser.add_argument(
        "--trust", action="store_true", help="run code that came with the run, without asking"
    )
    parser.add_argument(
        "--accept-changes",
        action="store_true",
        help="go on though the code of the model, or of reading pictures, is not the run's",
    )
