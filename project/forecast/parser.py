"""The flags of `project.scaling` itself; all others are its runs'."""

from project.cli.parser import Parser, real, whole

DESCRIPTION = (
    "Make runs with shares of the training samples, and models of several sizes; fit how the"
    " validation error falls (Rosenfeld et al. 2020), and forecast it for all samples and for twice"
    " as many. Runs that are there already are not made again: the same command goes on. Nothing"
    " is tested. All other flags are those of the runs."
)
USAGE = "python -m project.scaling [flags] [flags of python -m project.run]"


def make_parser() -> Parser:
    """The command line, but for the flags of a run."""
    parser = Parser(prog="python -m project.scaling", usage=USAGE, description=DESCRIPTION)
    add, share = parser.add_argument, real("share of the training samples", 1e-9, 1)
    add(
        "--fractions",
        type=share,
        nargs="+",
        metavar="X",
        default=[1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2],
        help="shares of the training samples, each part of the next (1/32 to 1/2, as decimals)",
    )
    add(
        "--widths",
        type=whole("width", 1, 1_000_000),
        nargs="+",
        default=[],
        metavar="N",
        help="sizes of the model, three or more; not given: the one that the flags say",
    )
    text = "flag of the model that takes a width (hidden-dim of mlp, otherwise width)"
    add("--width-flag", metavar="NAME", help=text)
    text = "runs of each, with seeds --seed, --seed + 1, ... (%(default)s)"
    add("--seeds", type=whole("number of seeds", 1, 10_000), default=3, metavar="N", help=text)
    text = (
        "give smaller shares more epochs, so that each run takes the steps of one with all samples"
    )
    add("--same-steps", action="store_true", help=text)
    text = "errors for which the samples needed are told (0.01)"
    add("--target", type=real("error", 1e-9, 1), nargs="+", default=[0.01], metavar="X", help=text)
    text = "validation score, 1 at best; the error is what lacks (%(default)s)"
    add("--score", default="val_accuracy", metavar="SCORE", help=text)
    text = "error of a guess; not given: 1 - 1/C of C classes for accuracies, 1 for other scores"
    add("--chance", type=real("error", 1e-3, 1), metavar="X", help=text)
    text = "runs at a time (%(default)s)"
    add("--jobs", type=whole("number of runs", 1, 1000), default=1, metavar="N", help=text)
    return parser
