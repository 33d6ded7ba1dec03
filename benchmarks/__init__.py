"""Every speed claim is a script here that runs ours and its peer in turns and prints the ratio."""

import os

# As `python -m project.run` sets it, before torch is loaded: the same for all that is measured.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
