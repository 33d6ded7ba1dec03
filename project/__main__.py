"""`python -m project`: list the commands, a line each."""

import ast
import sys
from pathlib import Path

from project.words import did_you_mean

HERE = Path(__file__).parent


def commands() -> dict[str, str]:
    """The modules here that can be run, and the first line of what each says of itself."""
    found = {}
    for path in sorted(HERE.glob("[!_]*.py")):
        source = path.read_text(encoding="utf-8")
        if '__name__ == "__main__"' in source:
            found[f"python -m project.{path.stem}"] = _first_line(source)
    return found


def _first_line(source: str) -> str:
    doc = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
    # "`python -m project.run`: train a model." is listed as "train a model."
    return doc.partition("`: ")[2] or doc


if __name__ == "__main__":
    if len(sys.argv) > 1:
        known = [name.rpartition(".")[2] for name in commands()]
        near = did_you_mean(sys.argv[1], known)
        sys.exit(f"error: a command is `python -m project.NAME`, not {sys.argv[1]!r}{near}")
    width = max(map(len, commands()))
    for command, purpose in commands().items():
        print(f"{command:<{width}}  {purpose}")
    print("\nEach answers to --help.")
