"""Seconds until `--help` or a rejected flag has its answer, beside Python and the templates."""

from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks._command import run
from benchmarks._processes import seconds
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns


def measure(quick: bool) -> Iterator[Result]:
    """Both ours beside Python's own minimum; then the templates' `--help`, which takes seconds."""
    ours = {
        "--help": lambda: seconds("-m", "project.run", "--help"),
        "--modle x": lambda: seconds("-m", "project.run", "--modle", "x"),
    }
    limit = {"import argparse": lambda: seconds("-c", "import argparse")}
    goals = [Goal(name, "import argparse", below=3) for name in ours]
    yield Result("start-up", "s", take_turns(limit | ours, n=1 if quick else 41), tuple(goals))
    if quick:
        return
    peers = {"template": "template_start"}
    if find_spec("hydra"):
        peers["hydra template"] = "hydra_start"
    cases = {
        name: lambda module=module: seconds("-m", f"benchmarks.peers.{module}", "--help")
        for name, module in peers.items()
    }
    slow = tuple(Goal(name, "--help", at_least=100) for name in peers)
    note = "" if "hydra template" in peers else "hydra-core is not installed: without its template"
    values = take_turns({"--help": ours["--help"]} | cases, n=7)
    yield Result("start-up of templates", "s", values, slow, note)


if __name__ == "__main__":
    run(measure)
