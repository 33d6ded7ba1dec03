"""Secrets never leave: what looks like a token or a password becomes `***` before it is written."""

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from project.cli.addresses import with_masks
from project.provenance._secrets import shapes, values
from project.provenance._secrets.assigned import masked

MASK = "***"
# Shorter values ("1", "true") would be found in every text.
_LEAST_LENGTH = 6
_SECRET_NAME = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|COOKIE)S?(?![A-Z])"
    r"|(?:API|ACCESS|PRIVATE|SECRET)_?KEY|(?<![A-Z])AUTH(?![A-Z])|_(?:KEY|PAT|PASS|PWD)$"
)
# These say where a secret is or of what kind, as in SSH_AUTH_SOCK or PASSWORD_STORE_DIR.
_PUBLIC_NAME = re.compile(
    r"_(?:FILE|PATH|DIR|SOCK|URL|URI|ENDPOINT|TYPE|METHOD|NAME|HELPER|BACKEND)$"
)
# The Neptune client's documented token for public projects.
_PUBLIC_VALUES = frozenset({"ANONYMOUS"})


class Redactor:
    """Replaces secrets by `***`: the environment's wherever they stand, others by their form."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Learn the values of the variables in `environ` whose names or form tell a secret."""
        values = {v for v in _secrets(environ) if len(v) >= _LEAST_LENGTH} - _PUBLIC_VALUES
        # Longest first: a secret that holds another is replaced whole.
        known = sorted(values, key=lambda value: (-len(value), value))
        patterns = [pattern for value in known for pattern in _patterns(value)]
        self._known = re.compile("|".join(patterns)) if patterns else None

    def redact(self, text: str) -> str:
        """`text` with each secret as `***`; for commands, flags, URLs, messages and names."""
        return self._settled(text, "text")

    def redact_code(self, text: str) -> str:
        """As `redact` for source code, where `token = tokens[1]` is no secret; keeps every line."""
        return self._settled(text, "code")

    def redact_bytes(self, data: bytes) -> bytes:
        """`redact_code` for a file's content; bytes that are not UTF-8 stay as they are."""
        text = data.decode("utf-8", "surrogateescape")
        return self.redact_code(text).encode("utf-8", "surrogateescape")

    def redact_argv(self, argv: Sequence[str]) -> list[str]:
        """The command line's words redacted, `--token X` and `--token=X` by the flag's name."""
        words: list[str] = []
        argv = with_masks(argv, "--notify")
        for before, word in zip(["", *argv], argv, strict=False):
            named = before.startswith("-") and values.SECRET_KEY.search(before)
            if named and word[:2] != "--" and values.is_secret(before, word, colon=False):
                words.append(MASK)
            else:
                words.append(self.redact(values.ASSIGNED_FLAG.sub(rf"\g<1>{MASK}", word)))
        return words

    def redact_json(self, value: Any) -> Any:
        """A copy of nested dicts and lists, every string redacted and fit for a UTF-8 file.

        Strings under a key that names a secret (`"api_key"`) are replaced whole.
        """
        if isinstance(value, str):
            return _storable(self.redact(value))
        if isinstance(value, Mapping):
            return {self.redact_json(key): self._item(key, item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            if value and all(isinstance(item, str) for item in value):
                return list(map(_storable, self.redact_argv(value)))
            return [self.redact_json(item) for item in value]
        return value

    def redact_each(self, texts: Sequence[str]) -> list[str]:
        """`redact` for each of many names."""
        # At once: one by one takes three times as long, and hardly ever is there a secret.
        if not self.contains_secret("\n".join(texts)):
            return list(texts)
        return [self.redact(text) for text in texts]

    def contains_secret(self, text: str) -> bool:
        """True if `redact` would change `text`: it must not become a file's name, for one."""
        return self.redact(text) != text

    def _item(self, key: Any, item: Any) -> Any:
        if isinstance(key, str) and values.SECRET_KEY.search(key):
            return _mask_leaves(key, item)
        return self.redact_json(item)

    def _by_form(self, text: str) -> str:
        text = shapes.URL_LOGIN.sub(_mask_login, text)
        if self._known:
            text = self._known.sub(MASK, text)
        text = shapes.PEM.sub(_mask_pem, text)
        text = shapes.TOKENS.sub(MASK, text)
        text = shapes.WEBHOOK.sub(rf"\1{MASK}", text)
        text = shapes.SIGNED_QUERY.sub(rf"\1{MASK}", text)
        return shapes.AUTHORIZATION.sub(rf"\1{MASK}", text)

    def _settled(self, text: str, kind: str) -> str:
        """Masked until no more is found: what was masked may show what stands around it."""
        before = None
        while text != before:
            before, text = text, masked(self._by_form(text), MASK, kind=kind)
        return text


def same_texts(found: Sequence[str], recorded: Sequence[str]) -> bool:
    """Whether texts are those that were recorded, of which a masked one may be any."""
    return len(found) == len(recorded) and all(
        text == kept or MASK in kept for text, kept in zip(found, recorded, strict=True)
    )


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        yield from (match["password"] or "" for match in shapes.URL_LOGIN.finditer(value))
        if name == "PROJECT_NOTIFY":  # addresses, of which a token may be any part
            yield from (word.partition("://")[2] for word in value.split())
        if _SECRET_NAME.search(name.upper()) and not _PUBLIC_NAME.search(name.upper()):
            yield value.strip()
            yield from _inside(value)


def _inside(value: str) -> Iterator[str]:
    """The secrets within one: lines of a key block, named strings of (base64 of) a JSON object."""
    if "\n" in value.strip():
        yield from (line.strip() for line in value.splitlines() if not line.startswith("-----"))
    for text in (value, _from_base64(value)):
        try:
            yield from _named_leaves(json.loads(text))
        except ValueError:
            continue  # most secrets are no JSON


def _from_base64(value: str) -> str:
    try:
        return base64.b64decode(value.strip() + "==", validate=False).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _named_leaves(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _named_leaves(item, key)
    elif isinstance(value, str) and values.SECRET_KEY.search(name):
        yield value


def _patterns(value: str) -> Iterator[str]:
    """Regular expressions for the ways a value may be spelled: as it is, in JSON, in a URL."""
    yield re.escape(json.dumps(value)[1:-1])
    yield re.escape(json.dumps(value, ensure_ascii=False)[1:-1])
    yield "".join(map(_as_in_url, value))


def _as_in_url(letter: str) -> str:
    encoded = quote(letter, safe="", errors="surrogateescape")
    if encoded == letter:
        return re.escape(letter)
    plus = r"|\+" if letter == " " else ""
    return f"(?:{re.escape(letter)}|(?i:{encoded}){plus})"


def _mask_pem(match: re.Match[str]) -> str:
    body = shapes.PEM_LINE.sub(lambda line: line[1] or MASK, match["body"] or match["open"])
    return match["begin"] + body + (match["end"] or "")


def _mask_login(match: re.Match[str]) -> str:
    user, colon, password = match[0].removesuffix("@").partition(":")
    example = values.is_placeholder(password if colon else user)
    return match[0] if example or values.is_login_example(user, password) else f"{MASK}@"


def _mask_leaves(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return MASK if values.is_secret(key, value, colon=False) else value
    if isinstance(value, Mapping):
        return {name: _mask_leaves(key, item) for name, item in value.items()}
    return [_mask_leaves(key, v) for v in value] if isinstance(value, (list, tuple)) else value


def _storable(text: str) -> str:
    """File names and arguments that are not UTF-8 hold lone surrogates, which no UTF-8 file can."""
    return text.encode("utf-8", "backslashreplace").decode()
