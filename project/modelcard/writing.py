"""A run's card: `MODEL_CARD.md` and one page."""

from pathlib import Path

from project.modelcard.blocks import Picture, Section, markdown, page
from project.modelcard.facts import Facts
from project.modelcard.metadata import front_matter
from project.modelcard.sections import sections
from project.provenance import after
from project.run_directory import FIGURES
from project.words.addresses import data_address
from project.words.paths import brief

NAME, MARKDOWN, PAGE = "card", "MODEL_CARD.md", "model_card.html"
# Of the test's figures, where they are.
PICTURES = {
    "Classes": ("confusion_matrix.png", "examples_worst.png"),
    "Scores": ("calibration.png",),
}


def write_card(run: Path, licence: str, target: Path | None) -> int:
    """Write it, and say where; returns the exit code.

    Args:
        run: its directory.
        licence: of the weights; "": unsaid.
        target: the folder to make; None: in the run.
    Raises:
        ValueError: the run has no test, or what was made of it was changed.
        OSError: a file can't be read or written.
    """
    facts = Facts(run, licence)
    if not facts.test:
        raise ValueError(f"run {run.name} has no test, of which a card could tell")
    title = f"{facts.record['model']['name']} on {facts.record['data']['name']}"
    told = sections(facts)
    with after.making(target or after.place(run, NAME), run, replace=True) as folder:
        text = front_matter(facts) + "\n" + markdown(title, told)
        (folder / MARKDOWN).write_text(text, encoding="utf-8")
        (folder / PAGE).write_text(page(title, _pictured(run, told)), encoding="utf-8")
    print(f"{brief(target or after.place(run, NAME))}: {MARKDOWN}, {PAGE}")
    return 0


def _pictured(run: Path, told: list[Section]) -> list[Section]:
    """With figures below what they belong to."""
    found = []
    for section in told:
        pictures = [
            Picture(data_address(path.read_bytes()), path.stem)
            for name in PICTURES.get(section.title, ())
            if section.blocks and (path := run / FIGURES / name).is_file()
        ]
        found.append(Section(section.title, [*section.blocks, *pictures]))
    return found
