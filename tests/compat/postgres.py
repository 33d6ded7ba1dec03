"""A PostgreSQL server of its own for a test or a measurement, in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder of `initdb`, also where Debian keeps it, which is not on PATH; None: not here."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


class Server:
    """A server that can be stopped and started again, with the same data.

    Attributes:
        uri: the address of an empty database, reachable through a socket in a private folder.
    """

    def __init__(self, bin_dir: Path, folder: Path) -> None:
        self.uri = f"postgresql+psycopg://test@/postgres?host={folder}"
        self._control = [bin_dir / "pg_ctl", "-D", folder / "data", "-w"]
        # No network: only who may enter the folder can connect.
        self._options = f"-c listen_addresses='' -k {folder} -c max_connections=200"
        self._log = folder / "log"

    def start(self) -> None:
        """Returns when it answers."""
        _as_user(*self._control, "-l", self._log, "-o", self._options, "start")

    def stop(self) -> None:
        """As by a power cut, connections and all; returns when it is gone."""
        _as_user(*self._control, "-m", "immediate", "stop")


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database, reachable through a socket in a private folder.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    with server() as started:
        yield started.uri


@contextmanager
def server() -> Iterator[Server]:
    """A server with an empty database; it must be running at the end.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    bin_dir = binaries()
    if bin_dir is None:
        raise FileNotFoundError("no PostgreSQL here: install it (`apt-get install postgresql`)")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        _own(folder)
        _as_user(
            bin_dir / "initdb", "-D", folder / "data", "-A", "trust", "-U", "test", "-E", "UTF8"
        )
        made = Server(bin_dir, folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


def _own(folder: Path) -> None:
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o700)


def _as_user(*command: str | Path) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*prefix, *map(str, command)], check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=120
    )
