"""What the scripts share at the command line: `--quick` and `--json FILE`."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks._machine import machine
from benchmarks._result import Result

Measure = Callable[[bool], Iterator[Result]]


def run(measure: Measure, argv: Sequence[str] | None = None) -> list[Result]:
    """Measure, print each result as soon as it is there, and write all of them if asked to."""
    parser = ArgumentParser()
    add_options(parser)
    options = parser.parse_args(argv)
    # Python's default: what one process compiles, the next one finds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = print_all(measure(options.quick))
    if options.json is not None:
        write_json(options.json, results)
    return results


def add_options(parser: ArgumentParser) -> None:
    """The options of each script, and of all of them together."""
    help = "sizes that show that it runs, not how fast"
    parser.add_argument("--quick", action="store_true", help=help)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")


def print_all(results: Iterator[Result]) -> list[Result]:
    """Print results as they come."""
    kept = []
    for result in results:
        print(result, flush=True)
        kept.append(result)
    return kept


def write_json(path: Path, results: Sequence[Result]) -> None:
    """The machine, and every measurement."""
    found = machine() | {"results": [result.to_json() for result in results]}
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
