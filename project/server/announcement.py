"""What people are told: where the server is, and what its clients need to reach it."""

from __future__ import annotations

import argparse
import re
import shlex
import ssl
import sys
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from project.run_directory import MLFLOW_STORE
from project.server.address import client_token, own_url
from project.server.settings import LOCAL_PROJECT, Settings
from project.tracking.neptune.settings import is_loopback
from project.tracking.scrub import scrub

PATIENCE = 600  # seconds in which a server that starts must answer
NAME = re.compile(r"(?<= )[A-Z_]+(?==)")  # of a variable that is set


def announce(arguments: argparse.Namespace, settings: Settings, certificate: str | None) -> None:
    """Once the server answers, say where it is and what a client needs.

    Args:
        arguments: of the command line.
        settings: the server's.
        certificate: its path, where clients don't trust it by themselves.
    """
    # To this very process: not through a proxy, and whatever name the certificate is for.
    insecure = ssl._create_unverified_context()
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=insecure))
    try:
        opener.open(f"{own_url(arguments)}/health", timeout=PATIENCE).close()
    except HTTPError as answer:  # the database is away, say
        answer.close()
    except (OSError, HTTPException):
        return  # it has ended before
    print(f"{settings.url} shows and compares {store_name(arguments)}; Ctrl-C ends it")
    print(f"{settings.url}/compare/mlflow shows them in MLflow's page")
    if settings.accounts:
        exp_dir = shlex.quote(str(arguments.exp_dir))
        command = f"token create NAME --project W/PROJECT --exp-dir {exp_dir}"
        print(f"who may use it: `python -m project.serve {command}`, which prints what they set:")
        given = variables(settings.url, "NAME", "KEY", "W/PROJECT", certificate)
        print(" ", ", ".join(NAME.findall("\n".join(given))))
    else:
        print("for runs (--tracker neptune, or mlflow) and other programs with these clients:")
        project = "/".join(LOCAL_PROJECT)
        print("\n".join(variables(settings.url, None, "local", project, certificate)))
    sys.stdout.flush()


def variables(
    url: str, account: str | None, key: str, project: str | None, certificate: str | None
) -> Iterator[str]:
    """The lines that set what a client of the server needs, Neptune's and then MLflow's.

    Args:
        url: the server's.
        account: who the key is for; None for a server without accounts.
        key: the account's.
        project: where runs go, as WORKSPACE/PROJECT.
        certificate: the server's, where clients don't trust it by themselves.
    """
    yield f"  export NEPTUNE_API_TOKEN={client_token(url, key)}"
    if project:
        yield f"  export NEPTUNE_PROJECT={project}"
    if url.startswith("http:"):
        # Else the client's OAuth library refuses what isn't https; runs of ours see to it.
        yield "  export OAUTHLIB_INSECURE_TRANSPORT=1"
    if certificate:
        yield "  export NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE=1"
    yield f"  export MLFLOW_TRACKING_URI={url}"
    if account:
        yield f"  export MLFLOW_TRACKING_USERNAME={account} MLFLOW_TRACKING_PASSWORD={key}"
        if project:
            yield f"  export MLFLOW_EXPERIMENT_NAME={project}"
    if certificate:
        name = shlex.quote(certificate)
        yield f"  export MLFLOW_TRACKING_SERVER_CERT_PATH={name}  # a copy of this file"


def warning(url: str) -> str | None:
    """What a person must know of an address under which keys are sent; None if it is safe."""
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return None
    return (
        f"warning: keys travel in clear to {url}: give --ssl-certfile and --ssl-keyfile, or have a"
        " proxy serve https and say so with --url https://..."
    )


def store_name(arguments: argparse.Namespace) -> str:
    """What is shown, without a password."""
    if arguments.backend_store_uri is None:
        return f"the runs in {Path(arguments.exp_dir) / MLFLOW_STORE}"
    return f"the runs in {scrub(arguments.backend_store_uri)}"
