"""What the Neptune client's end-to-end tests need: our server, an S3 bucket, their own copy."""

import argparse
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACE = "lab"
# The client looks for a Git repository from the script that runs on.
RUN_PYTEST = """import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:]))
"""


@contextmanager
def server(
    folder: Path, store: str | None, arguments: argparse.Namespace, log: Path
) -> Iterator[dict[str, str]]:
    """Our server with accounts, of which the first word goes to `log`.

    Yields:
        The variables that the tests ask for.
    Raises:
        RuntimeError: it did not start; the log says why.
    """
    place = ["--exp-dir", str(folder / "experiments")]
    url = f"http://127.0.0.1:{arguments.port}"
    base = {**os.environ, **({"MLFLOW_BACKEND_STORE_URI": store} if store else {})}
    serve = [sys.executable, "-m", "project.serve"]
    options = ["--accounts", "--port", str(arguments.port), "--workers", arguments.workers]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*serve, *place, *options],
            cwd=ROOT,
            env=base,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        address = process.stdout.readline()
        if not address:
            raise RuntimeError(f"the server did not start: {log.read_text()}")
        print(address, end="", flush=True)

        def token(*more: str) -> str:
            command = [*serve, "token", "create", *more, *place, "--url", url]
            done = subprocess.run(
                command, cwd=ROOT, env=base, text=True, stdout=subprocess.PIPE, check=True
            )
            return re.search(r"NEPTUNE_API_TOKEN=(\S+)", done.stdout)[1]

        # A member of the workspace, by a project other than that of the tests.
        project = ["--project", f"{WORKSPACE}/first", "--role", "member"]
        user = token("user", *project)
        token("robot", *project, "--service")
        yield {
            "WORKSPACE_NAME": WORKSPACE,
            "ADMIN_USERNAME": "admin",
            "ADMIN_NEPTUNE_API_TOKEN": token("admin", "--admin"),
            "USER_USERNAME": "user",
            "SERVICE_ACCOUNT_NAME": "robot",
            "NEPTUNE_API_TOKEN": user,
            "OAUTHLIB_INSECURE_TRANSPORT": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
    finally:
        process.terminate()
        process.wait()


@contextmanager
def bucket(port: int) -> Iterator[dict[str, str]]:
    """An empty bucket in an S3 server on this machine, in memory; yields the tests' variables."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # which prints every request
    service = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    service.start()
    url = f"http://127.0.0.1:{port}"
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    named = {name.lower(): value for name, value in account.items()}
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **named)
    s3.create_bucket(Bucket="client-tests")
    try:
        yield account | {
            "AWS_DEFAULT_REGION": "us-east-1",
            "S3_ENDPOINT_URL": url,
            "BUCKET_NAME": "client-tests",
        }
    finally:
        service.stop()


def checkout_copy(client: Path, folder: Path, wait: int | None) -> Path:
    """A copy of the tests, which keeps the checkout clean; in a Git repository, as they ask.

    Args:
        wait: how many seconds the tests wait for an index, in place of their own 60.
    """
    copy = folder / "client"
    shutil.copytree(client / "tests", copy / "tests")
    (copy / "run_pytest.py").write_text(RUN_PYTEST)
    if wait is not None:
        for path in copy.glob("tests/e2e/*/test_*.py"):
            path.write_text(path.read_text().replace("DURATION = 60", f"DURATION = {wait}"))
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "the tests"]):
        subprocess.run([*git, *command], cwd=copy, check=True)
    return copy
