"""What the files of configs/nets say of themselves."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "configs" / "nets"
_COMMAND = re.compile(r"^#   python -m project\.run ((?:.*\\\n)*.*)", re.MULTILINE)
_STATED = re.compile(r"^# Test (\S+) ([\d.]+), the mean of --seed (\d) to (\d)", re.MULTILINE)


def stated(path: Path) -> tuple[list[str], str, float, list[int]]:
    """The flags that a net is trained by, the name of its test score, and its mean over seeds."""
    text = path.read_text()
    flags = shlex.split(_COMMAND.search(text)[1].replace("\\\n#", " "))
    score, mean, first, last = _STATED.search(text).groups()
    return flags, score, float(mean), list(range(int(first), int(last) + 1))
