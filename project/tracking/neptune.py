"""Neptune as a tracker: a run's flags, curves, code, data and files through the `neptune` client.

Laid out like Lightning's former NeptuneLogger, which only raises since Lightning 2.6: flags under
`training/hyperparams`, curves under `training/<metric>`, the model under `training/model`. The Lightning
logger of this project is `_logger.RunLogger`: it writes the journal, and this tracker follows the
journal in a process of its own, so nothing here ever runs beside the training loop.

The run's directory is the only queue. Each call waits until the server has acknowledged the data, or in
offline mode until the client has written it. After an error all that was not acknowledged is sent again
with the same steps and timestamps, which a Neptune server takes as the same points. The client's own
log, which kill -9 can cut short, thus holds nothing that matters, and is cleared away.

Without NEPTUNE_API_TOKEN (or with NEPTUNE_MODE=offline) the client writes below `<run>/.neptune`. To send
it later, `python -m project.sync RUN --tracker neptune` with a token sends everything from the start, out
of the directory. The client's `neptune sync --path RUN` works too (it needs setuptools<81), but it makes
an entry that no later sync knows.

Neptune has no NaN or infinity, and the client drops them: such a point stands, with its step and time, in
the string series `training/<metric>_non_finite` as "nan", "inf" or "-inf".
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import json
import logging
import math
import os
import shutil
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from project.tracking._tracker import Tracker

if TYPE_CHECKING:
    import neptune

# The client's own names and units (whole seconds); what a person has set in the environment stays.
REQUEST_TIMEOUT = ("NEPTUNE_REQUEST_TIMEOUT", "30")
RETRIES_TIMEOUT = ("NEPTUNE_RETRIES_TIMEOUT", "10")
POINTS_AT_ONCE = 10_000
# Everything the client would collect by itself is off: the record has it, with credentials removed.
NOTHING_UNASKED = {
    "source_files": [],
    "git_ref": False,
    "capture_stdout": False,
    "capture_stderr": False,
    "capture_hardware_metrics": False,
    "capture_traceback": False,
    "fail_on_exception": False,
}
SECTIONS = {
    "flags": "training/hyperparams",
    "model": "training/model",
    "code": "source_code/git",
    "data": "data",
    "environment": "environment",
}


def build(run_dir: Path, remote: dict[str, Any]) -> NeptuneTracker:
    """A tracker for the server of NEPTUNE_API_TOKEN, or an offline one where there is no token.

    Raises:
        ValueError: the token is none, NEPTUNE_PROJECT is missing, or the address is not encrypted.
    """
    return NeptuneTracker(run_dir, remote)


class NeptuneTracker(Tracker):
    """One run in a Neptune project; its `custom_run_id` is our run id, so that it is made only once."""

    name = "neptune"

    def __init__(self, run_dir: Path, remote: dict[str, Any]) -> None:
        super().__init__(run_dir, remote)
        self._server = _server()
        self._data = run_dir / ".neptune"  # the one folder name in which `neptune sync` looks
        self._run: neptune.Run | None = None
        self._ended = False

    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        assert len(record["run_id"]) <= 36, "the client ignores a longer id and would make many entries"
        _remove(self._data / ("async" if self._server else "offline"))
        self._run = self._start(record)
        # A run that goes on has no result yet, and the entry point the client saw is this follower's.
        for stale in ("result", "source_code/entrypoint"):
            if self._run.exists(stale):
                self._run.pop(stale)
        rest = {key: value for key, value in record.items() if key not in SECTIONS}
        for section, place in SECTIONS.items():
            self._assign(place, record[section])
        self._assign("run", rest)
        self._settle()
        self.remote = {"id": self._run.get_url()}
        return self.remote

    def log(self, records: list[dict[str, Any]]) -> None:
        points = [
            (name, float(value), record["step"], record["time"])
            for record in records
            for name, value in record["metrics"].items()
        ]
        for start in range(0, len(points), POINTS_AT_ONCE):
            for place, curve in _curves(points[start : start + POINTS_AT_ONCE]).items():
                values, steps, times = zip(*curve)
                self._run[place].extend(values, steps=steps, timestamps=times)
            self._settle()

    def upload(self, path: Path) -> None:
        place = path.relative_to(self.run_dir).with_suffix("")  # the client keeps the suffix beside it
        self._run[place.as_posix()].upload(str(path))
        self._settle()

    def close(self, outcome: dict[str, Any] | None) -> None:
        result = {"status": "lost"} if outcome is None else dict(outcome)
        checkpoints = result.pop("checkpoints", None) or {}
        self._assign("training/model/checkpoints", checkpoints)
        if "best.pt" in checkpoints:
            self._assign("training/model/best_model_path", "checkpoints/best.pt")
        self._assign("result", {key: value for key, value in result.items() if value is not None})
        self._run["sys/failed"] = result["status"] != "finished"
        self._settle()
        self._ended = True

    def where(self) -> str:
        if self._server:
            return f"neptune: {self.remote['id']}"
        return (
            f"neptune: offline in {self._data}; with NEPTUNE_API_TOKEN and NEPTUNE_PROJECT set,"
            f" `python -m project.sync {self.run_dir} --tracker neptune` sends it"
        )

    def release(self) -> None:
        if self._run is not None:
            if self._server:
                # All is settled, or to be sent again: without this, `stop` would wait for the server.
                sender = self._run._op_processor._consumer
                sender.interrupt()
                sender.join(1)
            self._run.stop(seconds=1)
            self._run = None
        if self._server:
            # After the end the server has all; before it, the journal has what the client still held.
            _remove(self._data if self._ended else self._data / "async")

    def _start(self, record: dict[str, Any]) -> neptune.Run:
        os.environ["NEPTUNE_DATA_DIRECTORY"] = str(self._data)
        if self._server and self._server.startswith("http:"):
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # `_server` let only loopback through
        with _plain_errors(self._server):
            return _client().init_run(
                mode="async" if self._server else "offline",
                custom_run_id=record["run_id"],
                name=record["run_id"],
                description=record["description"],
                tags=record["tags"] or None,
                flush_period=0.1,
                **NOTHING_UNASKED,
            )

    def _assign(self, place: str, value: Any) -> None:
        for path, leaf in _leaves(place, value):
            self._run[path] = leaf

    def _settle(self) -> None:
        """Wait until the server has acknowledged (offline: the disk has) all that was handed over."""
        self._run.wait(disk_only=True)
        if self._server is None:
            return
        seconds = _seconds(REQUEST_TIMEOUT) + _seconds(RETRIES_TIMEOUT)
        # `run.wait()` is the public way, but has no end while the server is down.
        if not self._run._op_processor._queue.wait_for_empty(seconds):
            raise ConnectionError(f"{self._server} took no data for {seconds} s")


@functools.cache
def _client() -> ModuleType:
    """The client, imported (1.6 s) when needed and so that each of its requests ends.

    It sends several (its swagger documents, tokens, files) without a timeout, and would wait for ever
    for a server that accepts connections and never answers.
    """
    for name, seconds in (REQUEST_TIMEOUT, RETRIES_TIMEOUT):
        os.environ.setdefault(name, seconds)
    import neptune
    from requests.adapters import HTTPAdapter

    HTTPAdapter.send = _with_timeout(HTTPAdapter.send, _seconds(REQUEST_TIMEOUT))
    logging.getLogger("neptune").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", "The 'neptune-client' package has been deprecated")
    return neptune


def _with_timeout(send: Callable[..., Any], seconds: int) -> Callable[..., Any]:
    @functools.wraps(send)
    def bounded(self: Any, request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or seconds
        return send(self, request, **options)

    return bounded


def _seconds(setting: tuple[str, str]) -> int:
    return int(os.environ.get(*setting))


@contextmanager
def _plain_errors(server: str | None) -> Iterator[None]:
    """The client's errors are pages with colours; in one line, and without what they were raised from."""
    _client()
    from neptune import exceptions as errors
    from neptune.common.exceptions import NeptuneConnectionLostException, NeptuneInvalidApiTokenException

    try:
        yield
    except (NeptuneInvalidApiTokenException, errors.Unauthorized, errors.Forbidden):
        raise ValueError(f"{server} refuses NEPTUNE_API_TOKEN: get a new token from it") from None
    except (errors.ProjectNotFound, errors.ProjectNotFoundWithSuggestions):
        project = os.environ["NEPTUNE_PROJECT"]
        raise ValueError(
            f"NEPTUNE_PROJECT {project!r} is not on {server}: create it there, or correct the name"
        ) from None
    except NeptuneConnectionLostException as error:
        reason = type(error.cause).__name__
        raise ConnectionError(f"{server} does not answer ({reason})") from None
    except errors.CannotResolveHostname:
        raise ConnectionError(f"{server} is not a known host") from None


def _server() -> str | None:
    """The address in NEPTUNE_API_TOKEN without credentials; None where runs stay offline."""
    token = os.environ.get("NEPTUNE_API_TOKEN", "").strip()
    if not token or os.environ.get("NEPTUNE_MODE") == "offline":
        return None
    url = _address(token)
    if not os.environ.get("NEPTUNE_PROJECT"):
        raise ValueError(
            "NEPTUNE_PROJECT is not set: set it to WORKSPACE/PROJECT, where the runs are to go"
            " (or unset NEPTUNE_API_TOKEN to stay offline)"
        )
    return url


def _address(token: str) -> str:
    try:
        content = json.loads(base64.b64decode(token))
        address = content.get("api_url") or content["api_address"]
        url = urlsplit(address if "://" in address else f"https://{address}")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            "NEPTUNE_API_TOKEN is not a Neptune token (base64 of JSON with `api_address`):"
            " copy the whole token from the server"
        ) from None
    host = url.netloc.rpartition("@")[2]
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError(
            f"NEPTUNE_API_TOKEN names http://{host}, where it would travel unencrypted:"
            " use https, or a tunnel to 127.0.0.1"
        )
    return f"{url.scheme}://{host}"


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _curves(points: list[tuple[str, float, int, float]]) -> dict[str, list[tuple[Any, int, float]]]:
    """Points (name, value, step, time) as a series (value, step, time) per place, in order."""
    curves = defaultdict(list)
    for name, value, step, time in points:
        if math.isfinite(value):
            curves[f"training/{name}"].append((value, step, time))
        else:
            curves[f"training/{name}_non_finite"].append((repr(value), step, time))
    return curves


def _leaves(place: str, value: Any) -> Iterator[tuple[str, bool | int | float | str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{place}/{key}", item)
    else:
        yield place, _field(value)


def _field(value: Any) -> bool | int | float | str:
    """A JSON value as one that Neptune can hold: it has no lists, no null and only 32-bit integers."""
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return float(value) if float(value) == value else str(value)
    if isinstance(value, (bool, int, str)) or isinstance(value, float) and math.isfinite(value):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, tuple)) else str(value)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
