"""The manifest of data: what is written is read back, by anyone, and damage is told."""

import gzip
import os
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from project.provenance.manifest import decode, encode, read
from project.provenance.redact import Redactor

DIGEST = blake3(b"x").hexdigest()
# Any name that a file system takes: bytes without a zero or an empty name.
names = st.binary(min_size=1, max_size=12).map(lambda b: os.fsdecode(b.replace(b"\0", b"/")))


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32).map(bytes.hex)))
def test_any_names_are_read_back(hashes: dict[str, str]) -> None:
    assert decode(encode(hashes.items(), Redactor({}))) == hashes


def test_lines_are_those_of_b3sum() -> None:
    # b3sum marks a name with escapes by a backslash before the hash.
    hashes = [("cat/1.png", DIGEST), ("two\nlines\\", DIGEST)]
    assert gzip.decompress(encode(hashes, Redactor({}))) == (
        f"{DIGEST}  cat/1.png\n\\{DIGEST}  two\\nlines\\\\\n".encode()
    )


def test_it_is_small_and_the_same_each_time() -> None:
    hashes = [(f"class {i % 7}/{i}.png", blake3(b"%d" % i).hexdigest()) for i in range(5000)]
    content = encode(hashes, Redactor({}))
    # 32 bytes of each hash, and little more.
    assert 32 * 5000 < len(content) < 50 * 5000
    assert content == encode(hashes, Redactor({}))


def test_a_secret_in_a_name_is_not_written() -> None:
    token = "ghp_" + "Ab3" * 12
    hashes = [("a.png", DIGEST), (f"{token}.png", DIGEST), ("c.png", DIGEST)]
    assert list(decode(encode(hashes, Redactor({})))) == ["a.png", "***.png", "c.png"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        encode([("a", DIGEST)], Redactor({}))[:-9],
        gzip.compress(b"no line\n", mtime=0),
    ],
)
def test_damage_is_a_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data.manifest.gz").write_bytes(content)
    with pytest.raises(ValueError, match="data.manifest.gz is damaged: ") as damaged:
        read(tmp_path)
    assert "\n" not in str(damaged.value)


def test_a_small_file_does_not_unpack_to_any_size() -> None:
    content = encode(((f"{i:09}", DIGEST) for i in range(2**17)), Redactor({}))
    whole = 2**17 * (len(DIGEST) + 2 + 9 + 1)
    assert len(content) < whole / 10 and len(decode(content, whole)) == 2**17
    with pytest.raises(ValueError, match="^data.manifest.gz unpacks to more than 9 MiB$"):
        decode(content, whole - 1)


def test_a_run_may_have_none(tmp_path: Path) -> None:
    assert read(tmp_path) is None
