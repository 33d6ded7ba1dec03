"""`--notify`: the words it takes, and addresses, whose tokens are shown and recorded nowhere."""

import re
from collections.abc import Iterable, Iterator

from project.words.telling import did_you_mean

# Services whose settings come from the environment.
NAMED = ("telegram", "mail", "desktop")
MASK = "***"
_WORD = r"[a-z][a-z_-]{0,20}"  # what may be shown: a token is longer, or has digits


def masked(word: str) -> str:
    """How an address is shown and recorded: by its kind alone, `tgram://***`."""
    kind, found, _ = word.partition("://")
    if found and re.fullmatch(r"[A-Za-z][\w+.-]{0,30}", kind):
        return f"{kind}://{MASK}"
    return word if word in NAMED or re.fullmatch(_WORD, word) else MASK


def is_masked(word: str) -> bool:
    """Whether it is an address as records have it, which says no more than its kind."""
    return word == masked(word) and word.endswith(MASK)


def problems(flag: str, words: Iterable[str]) -> Iterator[str]:
    """What is wrong with words of which some are neither a known one nor an address."""
    for word in words:
        if word not in NAMED and masked(word).partition("://")[1] == "":
            near = did_you_mean(word, NAMED)
            yield (
                f"{flag} {masked(word)} is no service{near}: give {', '.join(NAMED)}, or an address"
                " such as ntfy://TOPIC (https://github.com/caronc/apprise/wiki)"
            )


def with_masks(argv: Iterable[str], flag: str) -> list[str]:
    """A command line in which the addresses behind a flag are masked."""
    words, inside = [], False
    for word in argv:
        if word.startswith("--"):
            name, given, value = word.partition("=")
            inside = name == flag
            words.append(f"{name}={masked(value)}" if inside and given else word)
        else:
            words.append(masked(word) if inside else word)
    return words
