"""What scripts that use the client directly left in its folder: sent by the client's own code."""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from project.tracking.neptune import settings
from project.tracking.neptune.client import client, plain_errors


def send_left() -> Iterator[str]:
    """Send it, run by run, and give a line for each; nothing where there is no server or folder.

    The folder is the one that the client itself writes to: NEPTUNE_DATA_DIRECTORY or `.neptune`. An
    offline run goes to NEPTUNE_PROJECT. What a live process is still sending is left to it.

    Raises:
        ValueError: the settings can't work.
        ConnectionError: the server does not answer.
    """
    folder = Path(os.environ.get("NEPTUNE_DATA_DIRECTORY", ".neptune"))
    server = settings.server()
    if server is None or not any(folder.glob("*/*")):
        return
    # Its own retries go on for an hour.
    os.environ.setdefault("NEPTUNE_SYNC_BATCH_TIMEOUT", str(settings.patience()))
    with plain_errors(server):
        client()
        from neptune.cli.collect import collect_containers
        from neptune.internal.backends.hosted_neptune_backend import HostedNeptuneBackend
        from neptune.internal.credentials import Credentials

        # It would tell the same in lines of its own.
        logging.getLogger("neptune_no_prefix").setLevel(logging.ERROR)
        backend = HostedNeptuneBackend(Credentials.from_token())
        project = backend.get_project(os.environ["NEPTUNE_PROJECT"])
        found = collect_containers(path=folder, backend=backend)
        for container in [*found.unsynced_containers, *found.offline_containers]:
            yield _send(container, folder, backend, project)
        for container in found.not_found_containers:
            yield f"{container.container_id}: not sent: {server} does not have this run"


def _send(container: Any, folder: Path, backend: Any, project: Any) -> str:
    """Send one run, with the methods of the client's `neptune sync`; a line that tells."""
    former = f"{'' if container.found else 'offline/'}{container.container_id}"
    if any(_is_open(directory.path) for directory in container.execution_dirs):
        return f"{former}: left alone, as the process that logs it still runs"
    container.sync(base_path=folder, backend=backend, project=project)
    if any(directory.path.exists() for directory in container.execution_dirs):
        raise ConnectionError(f"{former}: not taken; {folder} still holds it")
    entry = backend.get_metadata_container(container.container_id, None)
    return f"{former}: sent to {entry.workspace}/{entry.project_name}/{entry.sys_id}"


def _is_open(folder: Path) -> bool:
    """Whether the process that `folder` is named after, TYPE__ID__PROCESS__KEY, is at it (Linux).

    The number alone would not do: long after, another process has it.
    """
    for handle in Path("/proc", *folder.name.split("__")[2:3], "fd").glob("*"):
        with suppress(OSError):  # closed meanwhile, or of somebody else's process
            if Path(os.readlink(handle)).parent == folder.resolve():
                return True
    return False
