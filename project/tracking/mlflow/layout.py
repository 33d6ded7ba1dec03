"""How a run is laid out in MLflow: names, parameters, tags and data set, within its limits."""

import json
import posixpath
import re
from hashlib import blake2s
from typing import Any

from project.plugs import flat

# MLflow's limits, in characters (mlflow/utils/validation.py).
NAME_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
DIGEST_LENGTH = 36
_UNSAFE = re.compile(r"[^A-Za-z0-9_\-./ ]")
STATUSES = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "lost": "FAILED"}
# Of a run that its sweep gave up; of one of another program, as the server saw it. MLflow has no
# word for them.
STATUSES |= {"pruned": "KILLED", "unknown": "KILLED"}


def safe_name(name: str) -> str:
    """`name` in the characters that MLflow allows; two names never become the same one.

    What is not allowed, and `:` itself, becomes its code point in hexadecimal between colons, so
    `acc@top1` is `acc:40:top1`. A name that is too long is cut and ends with a hash of all of it,
    after a colon that none closes.
    """
    safe = _UNSAFE.sub(_code, name)
    # MLflow takes names for paths, and refuses `a//b`, `../a` and the like.
    if safe.startswith("/") or safe.split("/")[0] == ".." or posixpath.normpath(safe) != safe:
        safe = re.sub(r"[/.]", _code, safe)
    if len(safe) <= NAME_LENGTH:
        return safe
    digest = blake2s(name.encode(), digest_size=16).hexdigest()
    return f"{safe[: NAME_LENGTH - len(digest) - 1]}:{digest}"


def given_name(safe: str) -> str:
    """The name that `safe_name` made `safe` of, unless it was cut."""
    return re.sub(":([0-9a-f]+):", lambda match: chr(int(match[1], 16)), safe)


def params(record: dict[str, Any]) -> dict[str, str]:
    """The flags and the model's size; longer values are cut, and whole in `record.json`."""
    values = {**flat(record["flags"]), "n_parameters": record["model"]["n_parameters"]}
    return {safe_name(key): cut(_text(value), PARAM_LENGTH) for key, value in values.items()}


def tags(record: dict[str, Any]) -> dict[str, str]:
    """What runs are found and told apart by, under our names and, where it has them, MLflow's."""
    code, data = record["code"], record["data"]
    values = {
        "run_id": record["run_id"],
        "git_sha": code["sha"],
        "git_dirty": code["dirty"],
        "patch_blake3": code["patch_blake3"],
        "source_blake3": code["source_blake3"],
        "data_hash": data["hash"],
        "user": record["user"],
        "host": record["host"],
        "command": record["command"],
        "tags": ", ".join(record["tags"]) or None,
        "goes_on_from": (record.get("parent") or {}).get("run_id"),
        "status": "running",
        "mlflow.user": record["user"],
        "mlflow.note.content": record["description"] or None,
        "mlflow.source.name": "project.run",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": code["sha"],
        "mlflow.source.git.branch": code["branch"],
        "mlflow.source.git.repoURL": code["remote"],
    }
    return _cut_tags(values)


def outcome_tags(outcome: dict[str, Any] | None) -> dict[str, str]:
    """How a run ended, where it was best, and the hashes of its checkpoints."""
    if outcome is None:
        return {"status": "lost"}
    best = outcome["best"] or {}
    values = {"status": outcome["status"], "error": outcome["error"]}
    values |= {f"best_{key}": best[key] for key in ("epoch", "step", "monitor", "value") if best}
    hashes = outcome["checkpoints"] or {}
    values |= {f"checkpoint_{safe_name(name)}": value for name, value in hashes.items()}
    return _cut_tags(values)


def dataset(data: dict[str, Any]) -> dict[str, str]:
    """The data set as fields of `mlflow.entities.Dataset`; the digest is its content's hash, cut.

    MLflow's own digest of an array reads only its beginning; ours is of all samples, and whole in
    the tag `data_hash`.
    """
    counts = {split: count["total"] for split, count in data["counts"].items()}
    is_masks = data.get("kind") == "masks"
    # Pictures of many sizes have none of their own.
    size = [-1, -1] if data.get("sizes") else data["shape"][1:]
    images = {"dtype": data.get("dtype", "uint8"), "shape": [-1, data["shape"][0], *size]}
    targets = {"dtype": "uint8" if is_masks else "int64", "shape": [-1, *size * is_masks]}
    schema = {"mlflow_tensorspec": {"features": _spec(images), "targets": _spec(targets)}}
    profile = {"num_rows": sum(counts.values()), **counts, "num_classes": len(data["classes"])}
    profile |= {"mean": data["mean"], "std": data["std"], "classes": data["classes"]}
    return {
        "name": data["name"],
        "digest": data["hash"].removeprefix("blake3:")[:DIGEST_LENGTH],
        "source_type": "code",
        "source": json.dumps({"tags": {"mlflow.source.name": f"--data {data['name']}"}}),
        "schema": json.dumps(schema),
        "profile": json.dumps(profile),
    }


def cut(text: str, length: int) -> str:
    """`text`, cut to `length` characters, the last of which tell that it was."""
    return text if len(text) <= length else text[: length - 3] + "..."


def _cut_tags(values: dict[str, Any]) -> dict[str, str]:
    given = {key: value for key, value in values.items() if value is not None}
    return {key: cut(_text(value), TAG_LENGTH) for key, value in given.items()}


def _text(value: Any) -> str:
    """A flag's value as a person writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _spec(tensor: dict[str, Any]) -> str:
    return json.dumps([{"type": "tensor", "tensor-spec": tensor}])


def _code(match: re.Match[str]) -> str:
    return f":{ord(match[0]):x}:"
