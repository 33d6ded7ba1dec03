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


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database, reachable through a socket in a private folder.

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
        # No network: only who may enter the folder can connect.
        options = f"-c listen_addresses='' -k {folder} -c max_connections=200"
        control = [bin_dir / "pg_ctl", "-D", folder / "data", "-w"]
        _as_user(*control, "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://test@/postgres?host={folder}"
        finally:
            _as_user(*control, "-m", "immediate", "stop")
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
