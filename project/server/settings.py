"""How the server was started; handed from the command to its worker processes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "PROJECT_SERVER_SETTINGS"
# Workspace and project that every client of a server without accounts may use.
LOCAL_PROJECT = ("local", "runs")


@dataclass(frozen=True)
class Settings:
    """The server's settings.

    Attributes:
        store: address of the store, as SQLAlchemy reads it.
        artifacts: address below which files are kept, for any of MLflow's artifact stores.
        private: folder of this server's own files: the signing key and uploads under way.
        url: where people and clients reach the server, such as http://127.0.0.1:5000.
        accounts: whether requests need an account.
    """

    store: str
    artifacts: str
    private: str
    url: str
    accounts: bool

    def to_environment(self) -> dict[str, str]:
        """The variable through which a worker process gets them: a password is not for argv."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Settings:
        """What `to_environment` of the parent process gave."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def folder(self, name: str) -> Path:
        """A folder of the server's own, readable by nobody else; made if it isn't there."""
        path = Path(self.private) / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
