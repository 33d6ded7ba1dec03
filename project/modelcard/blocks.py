"""What a card is made of, and how it is written: as Markdown and as a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8885; }
pre { overflow-x: auto; padding: .6rem; background: #8881; border-radius: 6px; }
img { max-width: 100%; background: white; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Code:
    """Lines for a terminal, or of a program."""

    text: str
    language: str = "bash"


@dataclass(frozen=True)
class Grid:
    """A table."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A picture, in the page alone; its address holds it."""

    address: str
    name: str


Block = Text | Code | Grid | Picture


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; one without anything is left out."""

    title: str
    blocks: Sequence[Block] = field(default_factory=list)


def markdown(title: str, sections: Iterable[Section]) -> str:
    """The sections, without pictures."""
    parts = [f"# {title}"]
    for section in sections:
        blocks = [text for block in section.blocks if (text := _markdown(block))]
        if blocks:
            parts += [f"## {section.title}", *blocks]
    return "\n\n".join(parts) + "\n"


def page(title: str, sections: Iterable[Section]) -> str:
    """The same as one file of HTML that asks for nothing."""
    body = [f"<h1>{escape(title)}</h1>"]
    for section in sections:
        if section.blocks:
            body += [f"<h2>{escape(section.title)}</h2>", *map(_html, section.blocks)]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    text = "\n".join(body)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{text}\n</body></html>\n'


def _markdown(block: Block) -> str:
    match block:
        case Text():
            return block.text
        case Code():
            return f"```{block.language}\n{block.text}\n```"
        case Grid():
            lines = [block.head, ["---"] * len(block.head), *block.rows]
            return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
    return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _html(block: Block) -> str:
    match block:
        case Text():
            return f"<p>{escape(block.text)}</p>"
        case Code():
            return f"<pre><code>{escape(block.text)}</code></pre>"
        case Grid():
            head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in block.head)
            rows = "".join(
                f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
                for row in block.rows
            )
            return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<p><img src="{escape(block.address)}" alt="{escape(block.name)}"></p>'
