"""Data sets, one file each: `--data NAME` is `datasets/NAME.py`, underscores for hyphens."""
