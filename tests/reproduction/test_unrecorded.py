"""What nothing vouches for is named in every verdict: unrecorded sources, masked copies."""

from pathlib import Path

import pytest

from project.provenance.commits import pack_commit
from project.provenance.record import read_record
from project.provenance.redact import Redactor
from project.reproduction.sources import checkout
from tests.reproduction.repositories import commit, git, sources, state

# In two parts, so that this file holds no secret.
KEYED = 'api_key = "' + 'abcd1234efgh5678"\nwidth = 1\n'


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repo = tmp_path / "repo"
    (repo / "project").mkdir(parents=True)
    (repo / "project" / "key.py").write_text(KEYED)
    (repo / "project" / "net.py").write_text("a = 1\n")
    git(repo, "init", "--quiet")
    commit(repo)
    return repo


def empty(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder


def test_sources_behind_a_link_are_compared_with_their_hash(repo: Path, tmp_path: Path) -> None:
    far = tmp_path / "far.py"
    far.write_text("far = 1\n")
    (repo / "project" / "far.py").symlink_to(far)
    (repo / "weights.npy").write_bytes(b"table")
    then = state(repo).describe()
    told = [f"code: not recorded: {line}" for line in then["not_recorded"]]
    assert "weights.npy" in told[0] and "project/far.py" in told[1]
    patch = state(repo).patch
    with checkout(then, patch, repo) as found:
        assert found.unproved == told and found.differences == []
    far.write_text("far = 2\n")
    with checkout(then, patch, repo) as found:
        (line,) = found.differences
    assert line.startswith("code: project/far.py, which is not recorded, is another (")
    far.unlink()
    with checkout(then, patch, repo) as found:
        assert found.differences == ["code: project/far.py, which is not recorded, is not here"]


@pytest.mark.parametrize("altered", [False, True])
def test_a_masked_copy_is_named_as_not_proved(repo: Path, tmp_path: Path, altered: bool) -> None:
    then, packed = state(repo), tmp_path / "source"
    pack_commit(repo, then.sha or "", packed, Redactor({}))
    copy = packed / "masked" / "project" / "key.py"
    if altered:
        copy.write_text(copy.read_text().replace("width = 1", "width = 9"))
    with checkout(then.describe(), None, empty(tmp_path / "here"), packed) as found:
        assert found.unproved == [
            "code: not proved by the commit, as secrets are masked in: project/key.py"
        ]
        # A run there still says which commit it has, and that one file is not that one's.
        now = state(found.folder)
    assert now.sha == then.sha and list(now.unrecorded) == ["project/key.py"]


def test_the_commits_own_file_is_taken_where_it_is_at_hand(repo: Path, tmp_path: Path) -> None:
    then, packed, here = state(repo), tmp_path / "source", empty(tmp_path / "here")
    pack_commit(repo, then.sha or "", packed, Redactor({}))
    # Another commit that has the same file.
    (here / "key.py").write_text(KEYED)
    commit(here)
    for place in (repo, here):
        with checkout(then.describe(), None, place, packed) as found:
            assert sources(found.folder)["project/key.py"] == KEYED.encode()
            assert found.unproved == [] and found.differences == []
    copy = packed / "masked" / "project" / "key.py"
    for old, new in (("width = 1", "width = 9"), ("api_key", "ot" "her"), ("width = 1\n", "")):
        whole = copy.read_text()
        copy.write_text(whole.replace(old, new))
        with checkout(then.describe(), None, here, packed) as found:
            assert found.differences == [
                "code: not the commit's, and not taken: masked project/key.py"
            ]
        copy.write_text(whole)


def test_a_file_that_the_archive_lacks_is_named(repo: Path, tmp_path: Path) -> None:
    (repo / "key.bin").write_bytes(b"\0password=" + b"hunter2-hunter2\n")
    sha, packed = commit(repo), tmp_path / "source"
    then = state(repo)
    pack_commit(repo, sha, packed, Redactor({}))
    with checkout(then.describe(), None, empty(tmp_path / "here"), packed) as found:
        assert "code: the commit's files that the archive lacks: key.bin" in found.unproved


def test_the_note_of_an_older_record_is_told(tmp_path: Path) -> None:
    from project.provenance.run import Run
    from tests.provenance.records import RECORD

    code = {k: v for k, v in RECORD["code"].items() if k not in ("not_recorded", "unrecorded")}
    code |= {"sha": "ab" * 20, "remote": None, "note": "untracked files not in the patch: w.npy"}
    run = Run.create(
        tmp_path, "trial", RECORD | {"schema": 2, "code": code}, patch=None, requirements=""
    )
    assert read_record(run.directory)["code"]["not_recorded"] == [code["note"]]
    run.finish("finished", epochs=1, steps=1)
