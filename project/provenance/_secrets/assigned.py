"""Secret values that a text gives to names, replaced where they stand."""

import re
from collections.abc import Iterable, Iterator

from project.provenance._secrets import rules
from project.provenance._secrets.found import Found
from project.provenance._secrets.rules import Rule

_LETTERS = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HINT = re.compile(r"pass|pwd|key|token|secret|credential|auth|cookie|login|_pat|-u", re.IGNORECASE)
_REST = {"text": re.compile(f"{rules.BARE_TEXT}*"), "code": re.compile(f"{rules.BARE_CODE}*")}
_RULES = {"text": rules.IN_TEXT, "code": rules.IN_CODE}
_LINE = re.compile(r"(?:(?<=\n)[ +-])?+[ \t]*+([^\r\n]+)")
# A literal's end, and the next one, which Python joins to it.
_NEXT = re.compile(
    r"[\"'](?:[ \t]*\+)?[ \t]*(?:\\?\r?\n[ +-]?[ \t]*)?(?:\+[ \t]*)?[rbfuRBFU]{0,2}"
    r"(?P<mark>[\"'])(?P<more>(?:(?!(?P=mark))(?:\\.|[^\n\\]))++)(?P=mark)"
)
# As far back as the words reach that say what a name is.
_BEFORE = 100


def masked(text: str, mask: str, *, kind: str) -> str:
    """`text` with the secret values of its assignments, calls and commands as `mask`.

    Args:
        text: to search.
        mask: what takes a value's place.
        kind: `code`, where `token = tokens[1]` is no secret, or `text`.
    """
    if not _HINT.search(text):
        return text
    parts, at = [], 0
    for start, end in sorted(_spans(text, kind)):
        if start >= at:
            parts += [text[at:start], mask]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _spans(text: str, kind: str) -> set[tuple[int, int]]:
    """Where the secret values begin and end."""
    names, lowered = rules.names(text), rules.lowered(text)
    found = set()
    for rule in _RULES[kind]:
        if rule.word not in lowered:
            continue
        tried = (rule.pattern.match(text, at) for at in names)
        matches = filter(None, tried) if rule.led else rule.pattern.finditer(text)
        found.update(_secret(text, matches, rule, kind))
    return found


def _secret(
    text: str, matches: Iterable[re.Match[str]], rule: Rule, kind: str
) -> Iterator[tuple[int, int]]:
    done = 0
    for match in matches:
        if match.start() < done:
            continue  # inside of a value that is masked
        groups = match.groupdict()
        group = next(name for name in ("long", "quoted", "bare") if groups.get(name) is not None)
        for start, end in _pieces(text, *match.span(group), lines=group == "long"):
            found = _found(text, match, start, end, quoted=group != "bare")
            if start < end and rule.judge(found):
                # What is judged is bounded, what is masked is not.
                done = _REST[kind].match(text, end).end() if group == "bare" else end
                yield start, done
                if group == "quoted":
                    yield from _joined(text, done)


def _joined(text: str, end: int) -> Iterator[tuple[int, int]]:
    """What Python joins to the literal whose closing quote is at `end`."""
    while match := _NEXT.match(text, end):
        yield match.span("more")
        end = match.end("more")


def _pieces(text: str, start: int, end: int, *, lines: bool) -> Iterator[tuple[int, int]]:
    """The value, or its lines but for a patch's first column and blanks."""
    if not lines:
        yield start, end
        return
    for line in _LINE.finditer(text, start, end):
        yield line.span(1)


def _found(text: str, match: re.Match[str], start: int, end: int, *, quoted: bool) -> Found:
    at = match.start("key")
    first = max(0, at - _BEFORE)
    near = text[first:at]
    before = near.rstrip(_LETTERS)
    name = (near.removeprefix(before) + match["key"]).strip("-")
    after = text[end] if end < len(text) else ""
    return Found(name, text[start:end], quoted, before, match["sep"], after)
