"""How files are written: whole or absent, as JSON, and by one process at a time."""

from project.files._json import finite, json_text, parsed, read_json, write_json
from project.files._locks import lock, lock_folder, try_lock, try_lock_folder
from project.files._whole import linked, replacing, sync_folder, without_modes, write_atomic

__all__ = [
    "finite",
    "json_text",
    "linked",
    "lock",
    "lock_folder",
    "parsed",
    "read_json",
    "replacing",
    "sync_folder",
    "try_lock",
    "try_lock_folder",
    "without_modes",
    "write_atomic",
    "write_json",
]
