"""The state of the code that a client tells of: as Neptune's attribute and as MLflow's tags."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from project.server.api.fields import mapping, text, texts
from project.server.errors import bad_request

PATH = "source_code/git"
COMMIT = ("commitId", "message", "authorName", "authorEmail")
# Of an address with a scheme; `git@host:path` holds no secret.
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
# What may not be longer is not a commit.
LENGTH = 100_000


def parse(info: Any) -> dict[str, Any] | None:
    """A client's `gitInfo` as the properties of a gitRef, without credentials; None without one.

    Raises:
        ApiError: 400, it is none.
    """
    if info is None:
        return None
    info = mapping(info, "gitInfo")
    commit = mapping(info.get("commit"), "gitInfo.commit")
    dirty = info.get("repositoryDirty", False)
    if not isinstance(dirty, bool):
        raise bad_request("gitInfo.repositoryDirty is neither true nor false")
    remotes = texts(info.get("remotes") or [], "gitInfo.remotes", 100)
    return {
        "commit": {name: text(commit, name, LENGTH) or "" for name in COMMIT}
        | {"commitDate": _date(commit)},
        "repositoryDirty": dirty,
        "currentBranch": text(info, "currentBranch", LENGTH),
        "remotes": [_LOGIN.sub("", remote) for remote in remotes],
    }


def _date(commit: dict[str, Any]) -> str | None:
    date = text(commit, "commitDate", 100)
    try:
        return date and datetime.fromisoformat(date).isoformat()
    except ValueError:
        raise bad_request("gitInfo.commit.commitDate is no date") from None


def tags(info: dict[str, Any]) -> dict[str, str]:
    """The tags that MLflow and the direct tracker have for the same."""
    found = {
        "git_sha": info["commit"]["commitId"],
        "git_dirty": json.dumps(info["repositoryDirty"]),
        "mlflow.source.git.commit": info["commit"]["commitId"],
        "mlflow.source.git.branch": info["currentBranch"],
        "mlflow.source.git.repoURL": next(iter(info["remotes"]), None),
    }
    return {name: value for name, value in found.items() if value}
