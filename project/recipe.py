"""`python -m project.recipe`: read a recipe, try it on a data set, and show what it makes of it."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import as_process, guarded
from project.cli.flag_values import checked
from project.cli.parser import Parser, whole
from project.cli.run_parser import add_flag
from project.hyperparameters import BY_NAME, Hyperparameters
from project.plugs.serving import task_of

# Of a run's flags those on which the images depend.
DATA = ("data", "data_dir", "image_size", "fit", "crop_size", "memory_limit", "seed")
SAMPLES = 8
MODELS = {"segmentation": "unet"}


def main(argv: Sequence[str]) -> int:
    """Read a recipe, and show it.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """
    return guarded(lambda: show(vars(make_parser().parse_args(argv))))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.recipe",
        description="Read a recipe, try it on a data set, say what it does, and with --show draw"
        " training samples before it and after it, in six epochs, as training will have them.",
    )
    parser.add_argument("recipe", metavar="FILE", help="YAML, such as configs/recipes/NAME.yaml")
    parser.add_argument(
        "--show",
        type=Path,
        nargs="?",
        const=Path("recipe.png"),
        metavar="PICTURE",
        help="draw the sheet (%(const)s, if no name is given)",
    )
    parser.add_argument(
        "-n", type=whole("n", 1, 1000), default=SAMPLES, metavar="N", help="samples (%(default)s)"
    )
    group = parser.add_argument_group("data, as of project.run")
    for name in DATA:
        add_flag(group, BY_NAME[name])
    return parser


def show(arguments: dict[str, object]) -> int:
    """Do what was asked for; returns the exit code."""
    picture, n = arguments.pop("show"), arguments.pop("n")
    environment = {name: os.environ.get(BY_NAME[name].metadata.get("env", "")) for name in DATA}
    said = (environment | {k: v for k, v in arguments.items() if v is not None}).items()
    values, problems = checked({k: v for k, v in said if v}, BY_NAME)
    if problems:
        raise ValueError("\n".join(problems))
    # No model is made; but flags must fit each other.
    task = task_of({"data": BY_NAME["data"].default} | values)
    hparams = Hyperparameters(**values, model=MODELS.get(task, BY_NAME["model"].default))
    from project.sheets.recipes import draw  # which loads PyTorch

    sheet = draw(hparams, n)
    print("\n".join(sheet.lines))
    if picture is not None:
        sheet.picture.save(picture)
        print(f"sheet    {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(as_process(main))
