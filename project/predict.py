"""`python -m project.predict`: what a run's model says of images."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser, whole
from project.cli.using import add_device, add_trust

METHODS = ("lac", "aps")  # of `project.inference.conformal`, which loads NumPy

if TYPE_CHECKING:
    from project.inference.answers import Answers
    from project.inference.predictor import Predictor

DESCRIPTION = (
    "Predict with a run's best checkpoint, as its test did. Without -o a table is shown; with it,"
    " rows go into a folder: path, BLAKE3, prediction, its number and probability, entropy"
    " (divided by ln C), the most probable classes, and the model's hash; or the embedding and what"
    " is nearest."
)


def main(argv: Sequence[str]) -> int:
    """Predict.

    Returns:
        The exit code: 0; 1 if an image could not be read; 2 if the input is at fault.
    """
    return guarded(lambda: predict(make_parser().parse_args(argv)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(prog="python -m project.predict", description=DESCRIPTION)
    add_run(parser, "run", more=", or a .pt file")
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="a picture, a folder of some, a pattern in quotes, an array (.npy, .npz), a video, or"
        " - for a list of files on standard input",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where rows go")
    parser.add_argument(
        "--format", choices=("csv", "json", "parquet"), default="csv", help="of rows (%(default)s)"
    )
    parser.add_argument(
        "--append", action="store_true", help="go on in FOLDER: what has a row is passed over"
    )
    parser.add_argument(
        "--top-k",
        type=whole("number of classes", 1, 1000),
        default=1,
        metavar="K",
        help="most probable classes, or nearest neighbours, in a row (%(default)s)",
    )
    parser.add_argument(
        "--draw", action="store_true", help="captioned pictures in FOLDER/drawn (masks always are)"
    )
    parser.add_argument(
        "--nearest",
        metavar="REFERENCE",
        help="of embeddings: the nearest images among train, val or test of the run's own data, or"
        " in a folder of pictures",
    )
    _add_models(parser)
    _add_machine(parser)
    return parser


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="RUN",
        help="a further run: the mean of the probabilities is taken; may be given several times",
    )
    parser.add_argument(
        "--mc-dropout",
        type=whole("number of passes", 2, 10_000),
        metavar="N",
        help="the mean of N passes with dropout on, and how far they disagree (bald)",
    )
    parser.add_argument(
        "--calibrated",
        action="store_true",
        help="probabilities by the temperature that project.calibrate has found",
    )
    parser.add_argument(
        "--conformal",
        type=float,
        metavar="SHARE",
        help="the set of classes that holds the true one so often, as project.calibrate has found",
    )
    parser.add_argument(
        "--conformal-method",
        choices=METHODS,
        default=METHODS[0],
        help="how such sets are made (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=whole("seed", 0, 2**32 - 1), default=0, help="of dropout (%(default)s)"
    )


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--batch-size",
        type=whole("batch size", 1, 1_000_000),
        metavar="N",
        help="images that are predicted at once (as the run had it)",
    )
    parser.add_argument(
        "--workers",
        type=whole("number of workers", 0, 256),
        default=2,
        metavar="N",
        help="processes that read, if there are many images (%(default)s)",
    )
    add_device(parser)
    add_trust(parser)
    add_exp_dir(parser, "folder of all runs (%(default)s)")


def predict(arguments: argparse.Namespace) -> int:
    """Predict what was asked for; returns the exit code.

    Raises:
        ValueError: there is no such run or image, or the folder has other predictions.
        OSError: something can't be read or written.
    """
    from project.cli.stage import stage

    _check(arguments)
    stage("loading torch")
    from project.inference.predicted import predict_all

    stage("loading the model")
    answers = answering(arguments)
    stage("")
    return predict_all(answers, arguments, sys.stdin)


def answering(arguments: argparse.Namespace) -> "Answers":
    """The model, or the models, that were asked for.

    Raises:
        ValueError: there is no such run, or one can't be used; in one line.
    """
    from project.inference.answers import Dropout, Ensemble
    from project.inference.asking import loaded

    first = loaded(arguments.run, arguments)
    if first.task.of_pairs:
        from project.inference.embeddings import embeddings_of

        return embeddings_of(first, arguments)
    if arguments.nearest is not None:
        raise ValueError(f"--nearest is of embeddings, and {arguments.run} is of {first.task.name}")
    others = [loaded(run, arguments) for run in arguments.others]
    if others:
        return Ensemble([first, *others])
    if arguments.mc_dropout:
        return Dropout(first, arguments.mc_dropout, arguments.seed)
    return _by_calibration(first, arguments)


def _by_calibration(first: "Predictor", arguments: argparse.Namespace) -> "Answers":
    """One model, as far as it is asked for by its calibration."""
    from project.inference.answers import Single
    from project.inference.calibration import Calibrated, Calibration, WithSets
    from project.inference.found import find

    if not arguments.calibrated and arguments.conformal is None:
        return Single(first)
    known = Calibration.of(first, find(arguments.run, arguments.exp_dir).run)
    plain = Calibrated(first, known.temperature) if arguments.calibrated else Single(first)
    if arguments.conformal is None:
        return plain
    return WithSets(plain, known.sets_of(arguments.conformal, arguments.conformal_method))


def _check(arguments: argparse.Namespace) -> None:
    if arguments.output is None:
        for flag in ("append", "draw"):
            if getattr(arguments, flag):
                raise ValueError(f"--{flag} needs -o FOLDER")
    asked = {
        "--with": arguments.others,
        "--mc-dropout": arguments.mc_dropout,
        "--calibrated": arguments.calibrated,
        "--conformal": arguments.conformal is not None,
    }
    given = [flag for flag, value in asked.items() if value]
    if len(given) > 1 and given != ["--calibrated", "--conformal"]:
        raise ValueError(f"{' and '.join(given)} exclude each other")


if __name__ == "__main__":
    sys.exit(as_process(main))
