"""The least record that a run can be reopened, exported and reproduced with."""

from typing import Any

from project.provenance.schema import SCHEMA

RECORD: dict[str, Any] = {
    "schema": SCHEMA,
    "exp_name": "trial",
    "flags": {"learning_rate": 0.1},
    "tags": [],
    "start": {"generators": {}, "weights": None},
    "code": {
        "sha": None,
        "branch": None,
        "remote": None,
        "dirty": None,
        "patch": None,
        "patch_blake3": None,
        "folder": ".",
        "source_blake3": None,
        "note": None,
        "not_recorded": [],
        "unrecorded": {},
        "plugs": {},
    },
    "sources": {},
    "data": {
        "name": "digits",
        "classes": [],
        "counts": {},
        "hash": "blake3:00",
        "hashes": {},
        "leaks": None,
    },
    "environment": {"torch": None, "variables": {}, "packages": {}},
}
