"""What an archive may hold: what export writes, within bounds; else a line, and nothing left."""

import errno
import fcntl
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project.provenance import unpacking
from project.provenance.archive import export_run, import_run
from project.provenance.seal import write_outcome
from project.runs import main
from tests.provenance.test_archive import finished

Entry = tuple[tarfile.TarInfo, bytes | None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("here"))


def plain(run: Path) -> list[Entry]:
    """The entries of an export of `run`."""
    found = []
    for path in sorted(path for path in run.rglob("*") if path.is_file() and path.name != ".lock"):
        found.append(file(f"trial/{run.name}/{path.relative_to(run)}", path.read_bytes()))
    return found


def file(name: str, content: bytes = b"") -> Entry:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def special(name: str, kind: bytes, linkname: str = "") -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, linkname
    return info, None


def with_headers(name: str, **headers: str) -> Entry:
    info, content = file(name, b"x")
    info.pax_headers = headers
    return info, content


def written(path: Path, entries: list[Entry], format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=format) as tar:
        for info, content in entries:
            tar.addfile(info, None if content is None else io.BytesIO(content))
    return path


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line that an import says, having left nothing."""

    def act(archive: Path, *argv: str) -> str:
        exp_dir = tmp_path / "new" / "there"
        assert main(["import", str(archive), "--exp-dir", str(exp_dir), *argv]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("error: ") and err.count("\n") == 1
        assert not (tmp_path / "new").exists()
        return err.removeprefix("error: ").removesuffix("\n")

    return act


# What is added to a whole run, below its directory where the name starts with "./".
EXTRA: dict[str, tuple[Callable[[str], Entry], str]] = {
    "absolute": (
        lambda d: file("/tmp/evil-of-this-test"),
        "/tmp/evil-of-this-test is an absolute name",
    ),
    "dots": (lambda d: file(f"{d}/../../../evil"), "../../../evil leads out of its folder"),
    "backslash": (lambda d: file(f"{d}/figures/a\\b"), r"figures/a\b is no name of a file"),
    "control": (lambda d: file(f"{d}/figures/a\x1b[2J"), r"figures/a\x1b[2J' is no name of a file"),
    "newline": (lambda d: file(f"{d}/figures/a\nb"), r"figures/a\nb' is no name of a file"),
    "empty part": (lambda d: file(f"{d}//figures/a"), "//figures/a is no name of a file"),
    "long": (lambda d: file(f"{d}/figures/{'a' * 256}"), "... is too long a name"),
    "deep": (lambda d: file(f"{d}/figures/{'a/' * 64}a"), "a/a is too long a name"),
    "deeper": (lambda d: file(f"{d}/figures/{'a/' * 1900}a"), "... is too long a name"),
    "a repository": (
        lambda d: file(f"{d}/figures/.git/config"),
        "figures/.git/config is nothing that an export writes",
    ),
    "a repository among masked copies": (
        lambda d: file(f"{d}/source/masked/a/.GIT/config"),
        "a/.GIT/config is nothing that an export writes",
    ),
    "size of 400 digits": (
        lambda d: with_headers(f"{d}/figures/a", size="9" * 400),
        "it has an extended header",
    ),
    "size that no number may have": (
        lambda d: with_headers(f"{d}/figures/a", size="9" * 4400),
        "it has an extended header",
    ),
    "tags of no text": (
        lambda d: file(f"{d}/notes.json", b'{"tags": [{}], "note": ""}'),
        "no exported run: notes.json is damaged: 'tags' is [{}], not texts",
    ),
    "script": (
        lambda d: file(f"{d}/run.sh", b"#!/bin/sh\n"),
        "run.sh is nothing that an export writes",
    ),
    "hidden": (lambda d: file(f"{d}/.lock"), ".lock is nothing that an export writes"),
    "trackers": (lambda d: file(f"{d}/tracking/mlflow.json"), "is nothing that an export writes"),
    "elsewhere": (lambda d: file("mlflow-artifacts/x"), "mlflow-artifacts/x is in no run's folder"),
    "store": (
        lambda d: file(f"mlflow-artifacts/{d.split('/')[1]}/record.json"),
        "record.json is in no run's folder",
    ),
    "two runs": (lambda d: file(f"{d[:-4]}zzzz/record.json"), "it holds 2 runs, 2 records"),
    "link": (lambda d: special(f"{d}/figures/a", tarfile.SYMTYPE, "/etc/passwd"), "is a link;"),
    "hard link": (
        lambda d: special(f"{d}/figures/a", tarfile.LNKTYPE, f"{d}/a"),
        "is a hard link;",
    ),
    "device": (lambda d: special(f"{d}/figures/a", tarfile.CHRTYPE), "is a device;"),
    "FIFO": (lambda d: special(f"{d}/figures/a", tarfile.FIFOTYPE), "is a FIFO;"),
    "folder": (lambda d: special(f"{d}/figures", tarfile.DIRTYPE), "is a folder;"),
    "sparse": (lambda d: special(f"{d}/figures/a", tarfile.GNUTYPE_SPARSE), "is a sparse file;"),
    "unknown kind": (lambda d: special(f"{d}/figures/a", b"Z"), "is an entry of type b'Z';"),
    "sparse by header": (
        lambda d: with_headers(f"{d}/figures/a", **{"GNU.sparse.size": str(10**12)}),
        "it has an extended header",
    ),
    "twice": (lambda d: file(f"{d}/record.json", b"{}"), "it has both"),
    "case": (lambda d: file(f"{d}/checkpoints/BEST.pt"), "it has both"),
    "in a file": (lambda d: file(f"{d}/checkpoints/best.pt/x"), "is both a file and a folder"),
    "not sealed": (lambda d: file(f"{d}/figures/a.png"), "figures/a.png was added"),
}


@pytest.mark.parametrize("extra, expected", EXTRA.values(), ids=EXTRA)
def test_what_no_export_writes_is_refused(
    run: Path, tmp_path: Path, refused: Any, extra: Callable[[str], Entry], expected: str
) -> None:
    archive = written(tmp_path / "a.tar.gz", [*plain(run), extra(f"trial/{run.name}")])
    assert expected in refused(archive)
    assert not Path("/tmp/evil-of-this-test").exists() and not (tmp_path / "evil").exists()


def zeros(name: str, size: int, path: Path) -> Path:
    """An archive with one file of zeros, in hardly any memory or time."""
    info = tarfile.TarInfo(name)
    info.size = size
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(info.tobuf(tarfile.PAX_FORMAT))
        for _ in range(0, size, 1 << 20):
            out.write(bytes(1 << 20))
        out.write(bytes(1024))
    return path


def test_a_bound_on_the_size_is_told_before_anything_is_unpacked(
    run: Path, tmp_path: Path, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"trial/{run.name}/checkpoints/best.pt"
    archive = zeros(name, 8 << 20, tmp_path / "a.tar.gz")
    assert archive.stat().st_size < 200_000
    # Nothing is written at all, not even for a while.
    monkeypatch.setattr(unpacking, "unpack", None)
    limit = 4 / 1024
    assert refused(archive, "--max-gib", str(limit)) == (
        f"{archive} is not unpacked: its files take 0.0 GiB or more, over {limit:g} GiB;"
        " --max-gib takes more in, if it is from someone you trust"
    )


def test_what_a_header_announces_counts_at_once(run: Path, tmp_path: Path, refused: Any) -> None:
    # 3 GiB are announced, none are there; by the header itself, and by an extended one.
    info = tarfile.TarInfo(f"trial/{run.name}/checkpoints/best.pt")
    info.size = 3 << 30
    for headers in ({}, {"size": str(3 << 30)}):
        info.pax_headers = headers
        with gzip.open(tmp_path / "a.tar.gz", "wb") as out:
            out.write(info.tobuf(tarfile.PAX_FORMAT))
        assert "its files take 3.0 GiB or more, over 2 GiB" in refused(tmp_path / "a.tar.gz")


def test_a_header_can_be_a_bomb_too(tmp_path: Path, refused: Any) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    with gzip.open(tmp_path / "a.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.USTAR_FORMAT))
    assert "it has a header of 1073741824 bytes" in refused(tmp_path / "a.tar.gz")


def test_a_bound_on_the_number(run: Path, tmp_path: Path, refused: Any) -> None:
    export_run(run, tmp_path / "a.tar.gz", tmp_path)
    assert "it holds more than 2 files; --max-files takes more in" in refused(
        tmp_path / "a.tar.gz", "--max-files", "2"
    )
    assert import_run(tmp_path / "a.tar.gz", tmp_path / "there").name == run.name


@pytest.mark.parametrize(
    "flag, value", [("--max-gib", "nan"), ("--max-gib", "-1"), ("--max-files", "0")]
)
def test_a_bound_is_above_zero(tmp_path: Path, refused: Any, flag: str, value: str) -> None:
    assert refused(tmp_path / "a", flag, value).endswith("give a number above 0")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "text": (lambda data: b"hello", "Not a gzipped file"),
    "empty": (lambda data: b"", "it ends too early"),
    "cut": (cut, "is damaged: "),
    "its end": (lambda data: data[:-1], "is damaged: "),
    "cut before packing": (lambda data: gzip.compress(cut(gzip.decompress(data))), "is damaged: "),
    "packed twice": (gzip.compress, "is damaged: "),
    "more after the end": (
        lambda data: data + gzip.compress(b"x" * 10**6),
        "something follows its end",
    ),
    "zeros after the end": (
        lambda data: data + gzip.compress(bytes(10**6)),
        "something follows its end",
    ),
    "text after the end": (lambda data: data + b"hello", "is damaged: Not a gzipped file"),
    "a byte": (lambda data: data[:-6] + bytes([data[-6] ^ 1]) + data[-5:], "CRC check failed"),
    "a byte of a header": (
        lambda data: gzip.compress(b"?" + gzip.decompress(data)[1:]),
        "bad checksum",
    ),
}


@pytest.mark.parametrize("damage, expected", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_archive_is_refused(
    run: Path, tmp_path: Path, refused: Any, damage: Callable[[bytes], bytes], expected: str
) -> None:
    archive = written(tmp_path / "a.tar.gz", plain(run))
    archive.write_bytes(damage(archive.read_bytes()))
    assert expected in refused(archive)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, refused: Any) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert refused(tmp_path / "fifo").endswith("is no exported run: it is no file")
    assert refused(tmp_path).endswith("is no exported run: it is no file")
    assert refused(tmp_path / "gone").endswith("gone: No such file or directory")


def test_a_full_disk_leaves_nothing(
    run: Path, tmp_path: Path, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(source: Any, file: Any, length: int) -> None:
        file.write(source.read(3))
        raise OSError(errno.ENOSPC, "No space left on device")

    export_run(run, tmp_path / "a.tar.gz", tmp_path)
    monkeypatch.setattr(shutil, "copyfileobj", fill)
    assert refused(tmp_path / "a.tar.gz").endswith(
        "No space left on device; free some space or give another folder"
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0))
    assert "there has 0 MiB left" in refused(tmp_path / "a.tar.gz")


def test_without_its_row_a_run_is_not_there(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_run(run, tmp_path / "a.tar.gz", tmp_path)
    there = tmp_path / "there"
    there.mkdir()
    (there / "runs.csv").write_text("damaged\n")
    assert main(["import", str(tmp_path / "a.tar.gz"), "--exp-dir", str(there)]) == 2
    assert "runs.csv is damaged" in capsys.readouterr().err
    left = {path.relative_to(there).as_posix() for path in there.rglob("*")}
    assert left - {".runs.csv.lock"} == {"runs.csv"}


def test_nothing_that_arrives_can_be_run(run: Path, tmp_path: Path) -> None:
    entries = plain(run)
    for info, _ in entries:
        info.mode = 0o4777
    arrived = import_run(written(tmp_path / "a.tar.gz", entries), tmp_path / "there")
    assert all(p.stat().st_mode & 0o7333 == 0 for p in arrived.rglob("*.json"))


def test_what_no_seal_vouches_for_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = f"trial/{run.name}"
    notes = file(f"{folder}/notes.json", json.dumps({"tags": [], "note": "best"}).encode())
    sealed = written(tmp_path / "a.tar.gz", [*plain(run), notes])
    main(["import", str(sealed), "--exp-dir", str(tmp_path / "a")])
    assert capsys.readouterr().err == "note: no seal vouches for notes.json\n"
    bare = [entry for entry in plain(run) if not entry[0].name.endswith("outcome.json")]
    main(["import", str(written(tmp_path / "b.tar.gz", bare)), "--exp-dir", str(tmp_path / "b")])
    assert capsys.readouterr().err == (
        f"note: no seal vouches for any file of {run.name}: it never ended\n"
    )


def with_record(run: Path, change: Callable[[Any], None]) -> list[Entry]:
    """The entries of a run that never ended, with another record."""
    record = json.loads((run / "record.json").read_bytes())
    change(record)
    entries = [e for e in plain(run) if not e[0].name.endswith(("record.json", "outcome.json"))]
    return [*entries, file(f"trial/{run.name}/record.json", json.dumps(record).encode())]


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda r: r["code"].pop("dirty"), "record.json is damaged: it lacks 'code.dirty'"),
        (lambda r: r.pop("tags"), "record.json is damaged: it lacks 'tags'"),
        (lambda r: r.update(exp_name="other"), "its folder is another run's"),
        (lambda r: r["flags"].update(a="\ud800"), "'utf-8' codec can't encode"),
    ],
)
def test_a_record_that_can_not_be_used_is_told_as_the_archives(
    run: Path, tmp_path: Path, refused: Any, change: Callable[[Any], None], expected: str
) -> None:
    archive = written(tmp_path / "a.tar.gz", with_record(run, change))
    assert refused(archive).startswith(f"{archive} is no exported run: {expected}")


def test_an_outcome_says_how_long_it_took(run: Path, tmp_path: Path, refused: Any) -> None:
    outcome = json.loads((run / "outcome.json").read_bytes())
    del outcome["duration"]
    other = tmp_path / "other"
    shutil.copytree(run, other)
    (other / "outcome.json").unlink()
    write_outcome(other, outcome)
    entries = [entry for entry in plain(run) if not entry[0].name.endswith("outcome.json")]
    sealed = file(f"trial/{run.name}/outcome.json", (other / "outcome.json").read_bytes())
    archive = written(tmp_path / "a.tar.gz", [*entries, sealed])
    assert refused(archive).endswith("outcome.json is damaged: it lacks 'duration'")


def test_what_a_killed_import_left_goes_with_the_next(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "a.tar.gz", tmp_path)
    there = tmp_path / "there"
    left, at_work, other = (there / f".import-{name}" for name in ("abcd_123", "wxyz_123", "mine"))
    for folder in (left, at_work, other):
        (folder / "trial").mkdir(parents=True)
    handle = os.open(at_work, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        import_run(tmp_path / "a.tar.gz", there)
    finally:
        os.close(handle)
    assert {path.name for path in there.glob(".import-*")} == {at_work.name, other.name}


def test_a_killed_import_holds_no_lock(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "a.tar.gz", tmp_path)
    code = (
        "import os, signal, sys; from pathlib import Path; from project.provenance import archive\n"
        "archive.unpack = lambda *all: os.kill(os.getpid(), signal.SIGKILL)\n"
        "archive.import_run(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    there = tmp_path / "there"
    argv = [sys.executable, "-c", code, tmp_path / "a.tar.gz", there]
    assert subprocess.run(argv, check=False).returncode == -signal.SIGKILL
    assert len(list(there.glob(".import-*"))) == 1
    assert import_run(tmp_path / "a.tar.gz", there).is_dir()
    assert not list(there.glob(".import-*"))


def test_json_may_nest_too_deep(run: Path, tmp_path: Path, refused: Any) -> None:
    deep = file(f"trial/{run.name}/record.json", b"[" * 10**5)
    entries = [entry for entry in plain(run) if not entry[0].name.endswith("record.json")]
    assert "is nested too deep" in refused(written(tmp_path / "a.tar.gz", [*entries, deep]))


def test_what_could_not_be_imported_is_not_exported(tmp_path: Path) -> None:
    run = finished(tmp_path, figures=("a.png", "A.png"))
    with pytest.raises(ValueError, match="it has both figures/A.png and figures/a.png"):
        export_run(run, tmp_path / "a.tar.gz", tmp_path)
    run = finished(tmp_path, figures=("a\nb",))
    with pytest.raises(ValueError, match=r"figures/a\\nb' is no name of a file; rename it"):
        export_run(run, tmp_path / "a.tar.gz", tmp_path)
    assert not (tmp_path / "a.tar.gz").exists()
