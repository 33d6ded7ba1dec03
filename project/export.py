"""`python -m project.export`: take a trained model out as a file, proven on its whole test.

The file of another runtime decides on every test image, in batches of several sizes, as the model
does; or the command fails.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded, print_error
from project.cli.parser import Parser
from project.cli.using import add_data_dir, add_trust
from project.deployment.extras import FORMATS, PRECISIONS, check_installed
from project.run_directory import AFTER


def main(argv: Sequence[str]) -> int:
    """Export a run's best checkpoint.

    Returns:
        The exit code: 0; 1 if the file decides otherwise than the model; 2 if the input is at
        fault.
    """
    return guarded(lambda: export(make_parser().parse_args(argv)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.export",
        description="Write a run's best checkpoint as a file for another runtime: a graph from"
        " images, as they are once they have their size, to probabilities and decisions. Then the"
        " whole test goes through that file in its own runtime, one by one, 2, 7 and as many at"
        " once as the test had; where a decision is another, the exit code is 1 and the file goes.",
    )
    add_run(parser)
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="(%(default)s)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder to make, with the file, its proof and a program that uses it; not given:"
        f" {AFTER}/FORMAT in the run's directory",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="of an ONNX file (%(default)s): int8 takes its ranges from the validation samples."
        " Tells how much accuracy it costs",
    )
    parser.add_argument(
        "--max-drop",
        type=float,
        default=0.01,
        metavar="SHARE",
        help="of the test's accuracy that fp16 or int8 may cost; the exit code is 1 beyond"
        " (%(default)g)",
    )
    parser.add_argument(
        "--register",
        metavar="NAME",
        help="put a model of --format mlflow into MLflow's registry, with the run's id and hashes",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="export this .pt file, such as a merge of project.weights, in place of the run's best"
        " checkpoint; the run's test proves it; needs --output",
    )
    parser.add_argument(
        "--license", default="", metavar="NAME", help="of the weights, for the file"
    )
    parser.add_argument("--keep", action="store_true", help="keep the file though it isn't proven")
    parser.add_argument("--replace", action="store_true", help="in place of what was made before")
    add_data_dir(parser)
    add_trust(parser)
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def export(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    from project.provenance.find import find_run

    check(arguments)
    run = find_run(arguments.exp_dir, arguments.run)
    check_installed(arguments.format)
    from project.deployment.delivery import Unproven, deliver
    from project.deployment.order import Order

    order = Order(
        run=run,
        format=arguments.format,
        precision=arguments.precision,
        target=arguments.output,
        licence=arguments.license,
        max_drop=arguments.max_drop,
        data_dir=arguments.data_dir,
        keep=arguments.keep,
        replace=arguments.replace,
        register=arguments.register,
        trust=arguments.trust,
        accept_changes=arguments.accept_changes,
        weights=arguments.weights,
    )
    try:
        deliver(order)
    except Unproven as fault:
        print_error(fault)
        return 1
    return 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse what can't be asked for together.

    Raises:
        ValueError: the message names the flag.
    """
    if not 0 <= arguments.max_drop <= 1:
        raise ValueError(f"--max-drop must be in [0, 1], not {arguments.max_drop:g}")
    if arguments.precision != "fp32" and arguments.format not in ("onnx", "mlflow"):
        raise ValueError(
            f"--precision {arguments.precision} is of an ONNX file: --format onnx, not"
            f" {arguments.format}"
        )
    if arguments.weights is not None and arguments.output is None:
        raise ValueError("--weights needs --output: what is made of it is none of the run's")
    if arguments.weights is not None and (arguments.register or arguments.format == "safetensors"):
        raise ValueError(
            "--weights excludes --register and --format safetensors: these are of runs"
        )
    if arguments.register is not None and arguments.format != "mlflow":
        raise ValueError("--register is of a model of --format mlflow")


if __name__ == "__main__":
    sys.exit(as_process(main))
