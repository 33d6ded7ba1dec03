"""Runs the Neptune client's own end-to-end tests against our server; see README.md beside this.

python -m tests.compat.client_tests CLIENT [TESTS ...] [--store postgresql] [--logs FOLDER] ...
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.compat.client_tests_services import bucket, checkout_copy, server
from tests.compat.postgres import postgres

# Tests of the two folders that are left out, and why.
LEFT_OUT = {
    "standard/test_files.py::TestPlotObjectsAssignment::test_matplotlib_figure": "ends within the"
    " client, before anything is sent: plotly 5.24, 6.0 and 7.1 can't convert its polar axes",
}
# A module that takes longer than this, in seconds, is ended.
MODULE_LIMIT = 3 * 3600


def main() -> int:
    """Returns 0 if all tests passed that are not left out, and the server had no error."""
    arguments, for_pytest = make_parser().parse_known_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to leave no server behind
    logs = arguments.logs or Path(tempfile.mkdtemp(prefix="client-tests-"))
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(postgres()) if arguments.store == "postgresql" else None
        variables = stack.enter_context(server(scratch, store, arguments, logs / "server.log"))
        variables |= stack.enter_context(bucket(arguments.port + 1))
        copy = checkout_copy(arguments.client, scratch, arguments.wait)
        modules = split(arguments.tests, copy)

        def run(name: str) -> Outcome:
            environment = os.environ | variables
            return run_module(name, modules[name], copy, logs, environment, for_pytest)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            outcomes = list(pool.map(run, modules))
    return report(outcomes, (logs / "server.log").read_text(), arguments.store, logs)


def make_parser() -> argparse.ArgumentParser:
    """The command line; what it doesn't know goes to pytest."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="What else is given goes to pytest (-x, -k)."
    )
    parser.add_argument("client", type=Path, help="checkout of neptune-client at tag 1.14.0")
    parser.add_argument(
        "tests",
        nargs="*",
        default=["standard", "management"],
        help="folders, modules or tests below tests/e2e (%(default)s)",
    )
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--port", type=int, default=5055, help="the server's; S3 has the next one")
    parser.add_argument("--workers", default="1", help="processes of the server (%(default)s)")
    parser.add_argument("--logs", type=Path, help="folder for what all said (a new one)")
    parser.add_argument("--jobs", type=int, default=1, help="modules at a time (%(default)s)")
    parser.add_argument(
        "--wait",
        type=int,
        metavar="SECONDS",
        help="instead of the 60 that tests give the hosted service to index what they sent; the"
        " client needs 5 to send it",
    )
    return parser


@dataclass
class Outcome:
    """How the tests of one module ended."""

    name: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def split(tests: list[str], copy: Path) -> dict[str, list[str]]:
    """The chosen tests, by module; each is run by a pytest of its own, with its own project."""
    modules: dict[str, list[str]] = {}
    for test in tests:
        path = copy / "tests/e2e" / test
        chosen = sorted(path.glob("test_*.py")) if path.is_dir() else [path]
        for each in chosen:
            name = str(each.relative_to(copy / "tests/e2e"))
            modules.setdefault(name.partition("::")[0], []).append(f"tests/e2e/{name}")
    return modules


def run_module(
    name: str,
    tests: list[str],
    copy: Path,
    logs: Path,
    environment: dict[str, str],
    for_pytest: list[str],
) -> Outcome:
    """Run the tests of a module, each under a time limit."""
    stem = name.replace("/", "-").removesuffix(".py")
    result, log = logs / f"{stem}.xml", logs / f"{stem}.log"
    result.unlink(missing_ok=True)
    command = [sys.executable, "run_pytest.py", "-c", "tests/e2e/pytest.ini", "--rootdir", "."]
    command += ["-p", "no:cacheprovider", f"--junit-xml={result.resolve()}", "--timeout=300"]
    command += [f"--deselect=tests/e2e/{test}" for test in LEFT_OUT]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *for_pytest, *tests],
            cwd=copy,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(MODULE_LIMIT)
        except subprocess.TimeoutExpired:
            code = f"none after {MODULE_LIMIT} s"
        finally:
            end_group(process)
    outcome = read_result(name, result)
    # 0: all passed; 1: some failed, which the result names; 5: all were deselected.
    if code not in (0, 1, 5):
        outcome.failed.append(f"{name}: pytest ended with code {code}")
    print(f"{name}: {outcome.passed} passed, {len(outcome.failed)} failed", flush=True)
    return outcome


def end_group(process: subprocess.Popen) -> None:
    """Also ends what a test's own processes left running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_result(name: str, path: Path) -> Outcome:
    """What pytest wrote about a module's tests."""
    outcome = Outcome(name)
    if not path.exists():
        outcome.failed.append(f"{name}: pytest wrote no result")
        return outcome
    for case in ElementTree.parse(path).iter("testcase"):
        test = f"{name}::{case.get('classname').rpartition('.')[2]}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed.append(test)
        elif case.find("skipped") is not None:
            outcome.skipped.append(f"{test}: {case.find('skipped').get('message')}")
        else:
            outcome.passed += 1
    return outcome


def report(outcomes: list[Outcome], said_by_server: str, store: str, logs: Path) -> int:
    """Print and keep the summary; returns the exit code."""
    failed = [test for outcome in outcomes for test in outcome.failed]
    skipped = [test for outcome in outcomes for test in outcome.skipped]
    errors = said_by_server.count("Traceback (most recent call last)")
    lines = [f"store: {store}"]
    for o in outcomes:
        counts = f"{o.passed:4} passed {len(o.failed):3} failed {len(o.skipped):3} skipped"
        lines.append(f"{o.name:34} {counts}")
    lines += [f"failed: {test}" for test in failed]
    lines += [f"skipped by itself: {test}" for test in skipped]
    lines += [f"left out: {name}: {reason}" for name, reason in LEFT_OUT.items()]
    total = sum(outcome.passed for outcome in outcomes)
    lines.append(f"{total} passed, {len(failed)} failed, {len(skipped)} skipped,")
    lines[-1] += f" {len(LEFT_OUT)} left out; {errors} tracebacks in {logs / 'server.log'}"
    print("\n".join(lines))
    (logs / "summary.txt").write_text("\n".join(lines) + "\n")
    return 1 if failed or errors else 0


if __name__ == "__main__":
    sys.exit(main())
