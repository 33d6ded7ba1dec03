"""`python -m project.net`: what each layer of a net costs, and its graph as a picture."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from project.cli.command import as_process, guarded
from project.cli.parser import Parser, whole

if TYPE_CHECKING:
    from torch import nn

    from project.hyperparameters import Hyperparameters
    from project.nets.costs import Costs
    from project.nets.graph import Graph

DESCRIPTION = (
    "Show the layers of a net: shapes, parameters, FLOPs of its forward pass (matrix products and"
    " convolutions; a product and its sum are two), and what training keeps of an image. Further"
    " flags are those of a run that chooses this model: --width 64, the net's own settings; --data"
    " shapes for a net of masks."
)
FILES = (".yaml", ".yml")


def main(argv: Sequence[str]) -> int:
    """Show a net.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """
    return guarded(lambda: show(*_arguments(argv)))


def make_parser() -> Parser:
    """The command line, but for the flags of the model."""
    parser = Parser(prog="python -m project.net", description=DESCRIPTION)
    parser.add_argument(
        "net", metavar="NET", help="a net's YAML file, or what --model takes: resnet, unet, ..."
    )
    parser.add_argument(
        "--shape",
        nargs=3,
        type=whole("number of channels or pixels", 1, 65_536),
        default=(3, 32, 32),
        metavar=("C", "H", "W"),
        help="channels, height and width of an image (3 32 32)",
    )
    parser.add_argument(
        "--classes",
        type=whole("number of classes", 2, 1_000_000),
        default=10,
        metavar="N",
        help="of the task (%(default)s)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the graph of a YAML net as SVG"
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="file to write every number to (- is standard output, without the table)",
    )
    return parser


def show(arguments: argparse.Namespace, further: Sequence[str], parser: Parser) -> int:
    """Do what was asked for; returns the exit code.

    Raises:
        ValueError: there is no such net, something is wrong with it, or it can't take such images.
        OSError: a file can't be read or written.
    """
    hparams = _flags(arguments, further, parser)
    from project.cli.stage import stage

    stage("loading torch")
    from project.nets.costs import measured
    from project.nets.net import Net

    stage("making the net")
    model = _made(arguments, hparams)
    graph = model.graph if isinstance(model, Net) else None
    if arguments.output and graph is None:
        raise ValueError(f"-o draws nets of YAML files; {arguments.net} says nothing of its graph")
    try:
        costs = measured(model, arguments.shape)
    except ValueError as error:
        raise ValueError(f"{arguments.net} {error}") from error
    stage("")
    for line in graph.warnings if graph else ():
        print(f"warning: {line}", file=sys.stderr)
    _tell(arguments, costs, graph)
    return 0


def _tell(arguments: argparse.Namespace, costs: "Costs", graph: "Graph | None") -> None:
    """Print and write what was asked for."""
    from project.comparison.exporting import STANDARD_OUTPUT, deliver
    from project.files import json_text
    from project.nets.picture import picture
    from project.nets.table import as_json, table_text

    if arguments.json != STANDARD_OUTPUT:
        print(table_text(costs))
    if arguments.json:
        named = {"net": arguments.net, "shape": arguments.shape, "classes": arguments.classes}
        deliver(arguments.json, json_text(named | as_json(costs)))
    if graph and arguments.output:
        deliver(arguments.output, picture(graph))


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str], Parser]:
    """What was said, and the flags that are left for the model.

    Raises:
        ValueError: NET does not stand before these.
    """
    parser = make_parser()
    parser.complete()
    arguments, further = parser.parse_known_args(argv)
    arguments.shape = tuple(arguments.shape)
    if further and arguments.net != argv[0]:
        raise ValueError(
            "NET stands before flags of the model: python -m project.net NET --width 64"
        )
    return arguments, further, parser


def _flags(
    arguments: argparse.Namespace, further: Sequence[str], parser: Parser
) -> "Hyperparameters":
    """The flags of a run that chooses this model.

    Raises:
        ValueError: they are wrong; a line for each mistake.
    """
    from project.cli.flags import parse
    from project.cli.spellings import of_command

    net = arguments.net.removeprefix("file:")
    model = f"file:{net}" if net.endswith(FILES) or os.path.isfile(net) else net
    try:
        return parse(["--model", model, *_data_of(model, further), *further]).hparams
    except ValueError as error:
        raise ValueError(of_command(str(error), parser)) from None


def _data_of(model: str, further: Sequence[str]) -> list[str]:
    """Flags that choose data of a task that the model serves, where the usual one is not."""
    from project import plugs
    from project.plugs.serving import USUAL, served

    said = {word.partition("=")[0] for word in further}
    try:
        tasks = {"--data", "--task"} & said or served("model", model) or (USUAL,)
    except (ValueError, OSError):
        return []  # told when it is parsed
    if said & {*tasks} or USUAL in tasks or "any" in tasks:
        return []
    return [
        "--data",
        next(n for n in plugs.names("data") if {*tasks} & {*(served("data", n) or ())}),
    ]


def _made(arguments: argparse.Namespace, hparams: "Hyperparameters") -> "nn.Module":
    """The model, as a run would make it; of a file without weights, whatever its task is."""
    import torch

    from project import models, tasks
    from project.cli.faults import blamed
    from project.nets.loading import load
    from project.plugs.serving import task_of
    from project.plugs.texts import TEXT

    name, _, path = hparams.model.partition(":")
    if name == "file":
        text = hparams.plugs[hparams.model][TEXT]
        return load(text, path, arguments.shape, arguments.classes, hparams, device="meta")
    classes = tuple(map(str, range(arguments.classes)))
    there = {
        "hparams": hparams,
        "shape": arguments.shape,
        "classes": classes,
        "n_classes": len(classes),
        "class_counts": torch.ones(len(classes), dtype=torch.int64),
    }
    task = tasks.build(task_of(vars(hparams)), there, None, hparams.data)
    there |= {"task": task, "n_outputs": task.n_outputs}
    with blamed("model", hparams.model):
        return models.build(arguments.shape, task.n_outputs, hparams, there)


if __name__ == "__main__":
    sys.exit(as_process(main))
