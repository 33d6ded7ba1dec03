"""Trackers, one file each: `--tracker NAME` is `trackers/NAME.py`."""
