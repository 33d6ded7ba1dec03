"""`python -m project`: list the commands, a line each."""

# PYTHON_ARGCOMPLETE_OK

import ast
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from project.cli.command import as_process, print_error
from project.words.telling import did_you_mean, quoted

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


def main(argv: Sequence[str]) -> int:
    """List the commands, or say how the one that was meant is spelled.

    Returns:
        The exit code: 0; 2 if there are arguments.
    """
    known = commands()
    if argv and argv[0] not in ("-h", "--help"):
        print_error(ValueError(_meant(argv[0], known)))
        return 2
    width = max(map(len, known))
    for command, purpose in known.items():
        print(f"{command:<{width}}  {purpose}")
    print("\nEach answers to --help.")
    return 0


def _meant(word: str, known: Iterable[str]) -> str:
    name = word.removeprefix("project.").removesuffix(".py").replace("-", "_")
    full = f"python -m project.{name}"
    if full in known:
        return f"{quoted(word)} is given with a dot: {full}"
    return f"there is no command {quoted(word)}{did_you_mean(full, known)}"


if __name__ == "__main__":
    sys.exit(as_process(main))
