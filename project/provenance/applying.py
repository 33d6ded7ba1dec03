"""A recorded patch as git can apply it: what it takes away stands there as the commit has it.

Secrets, and what looks like them, are replaced in a patch before it is written. In lines that it
adds they are lost; but those that it takes away or leaves are the commit's, and can be had back.
"""

import re
from collections.abc import Callable, Iterator

from project.provenance.patch_secrets import FILE

_OLD_NAME = re.compile(rb'^--- (?:a/([^\t\n]+)|"a/(.+)")\t?$', re.MULTILINE)
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_REDACTED = b"***"


def applicable(patch: bytes, read: Callable[[str], bytes]) -> bytes:
    """`patch` with the old lines of redacted parts as they are in the commit.

    Args:
        patch: of `git diff --binary`, redacted.
        read: gives the content of a file in the commit, by its path; raises if there is none.
    """
    return b"".join(_restored(part, read) for part in FILE.split(patch))


def _restored(part: bytes, read: Callable[[str], bytes]) -> bytes:
    name = _OLD_NAME.search(part)
    if _REDACTED not in part or name is None or b"\nGIT binary patch\n" in part:
        return part
    plain, quoted = name.groups()
    # Git writes bytes of odd names in octal.
    path = plain or quoted.decode("unicode_escape").encode("latin-1")
    old = read(path.decode(errors="surrogateescape")).split(b"\n")
    return b"\n".join(_lines(part.split(b"\n"), old))


def _lines(lines: list[bytes], old: list[bytes]) -> Iterator[bytes]:
    """The part's lines; `at` is the number of the next old line, of which `left` are to come."""
    at = left = new = 0
    for line in lines:
        if not left and not new and (hunk := _HUNK.match(line)):
            start, n_old, n_new = hunk.groups()
            left, new = int(n_old or 1), int(n_new or 1)
            at = int(start) - 1
        elif (left or new) and line[:1] in (b" ", b"-"):
            if at < len(old):
                line = line[:1] + old[at]
            at, left, new = at + 1, left - 1, new - (line[:1] == b" ")
        elif line[:1] == b"+":
            new -= bool(new)
        yield line
