"""`python -m benchmarks`: the scripts of the table, one after the other, or those named."""

import json
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import add_options, write_json
from benchmarks._machine import machine_line
from benchmarks._result import Result
from benchmarks._table import write

# In the order of the table. The others take long, and are run by name.
TABLE = (
    "startup",
    "first_step",
    "whole_run",
    "training",
    "evaluation",
    "segmentation",
    "metrics",
    "tracking",
    "checkpointing",
    "memory",
    "scaling",
)
FOLDER = Path(__file__).parent
KNOWN = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def main() -> int:
    """Run them; one that fails does not keep the others from being measured."""
    parser = ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", nargs="*", help=", ".join(KNOWN))
    parser.add_argument("--readme", action="store_true", help="rewrite the table in README.md")
    add_options(parser)
    options = parser.parse_args()
    unknown = [name for name in options.name if name not in KNOWN]
    if unknown:
        parser.error(f"{', '.join(unknown)}: none of {', '.join(KNOWN)}")
    if options.readme and (options.name or options.quick):
        parser.error("--readme takes all of the table in full size: give neither name nor --quick")
    print(machine_line(), flush=True)
    found = {name: measured(name, options.quick) for name in options.name or TABLE}
    if options.json is not None:
        write_json(options.json, [result for results in found.values() for result in results or ()])
    failed = [name for name, results in found.items() if results is None]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    elif options.readme:
        write(found)
    return 1 if failed else 0


def measured(name: str, quick: bool) -> list[Result] | None:
    """A script's results, from a process of its own so that none finds what another left; None if
    it failed, and none of those that are not in the table."""
    print(f"\n{name}", flush=True)
    argv = [sys.executable, "-m", f"benchmarks.{name}"]
    if name not in TABLE:
        return [] if subprocess.run(argv, cwd=FOLDER.parent).returncode == 0 else None
    with TemporaryDirectory() as folder:
        path = Path(folder, "results.json")
        argv += ["--json", str(path), *(["--quick"] if quick else [])]
        if subprocess.run(argv, cwd=FOLDER.parent).returncode != 0:
            return None
        return [Result.from_json(each) for each in json.loads(path.read_text())["results"]]


if __name__ == "__main__":
    sys.exit(main())
