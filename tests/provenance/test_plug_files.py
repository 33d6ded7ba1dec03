"""Files of plugs from outside: which are kept, what of them is written, and what is read again."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from project.provenance import plug_files
from project.provenance.code import CodeState, with_imported
from project.provenance.imported import imported_sources, module_files
from project.provenance.later import Later, imported_later
from project.provenance.record import read_outcome, read_record
from project.provenance.record_faults import record_faults
from project.provenance.redact import Redactor
from project.provenance.resumption import source_changes
from project.provenance.run import Run
from project.provenance.seal import changes
from tests.provenance.records import RECORD

REDACTOR = Redactor({})
# In two parts, so that this file holds no secret.
KEYED = 'api_key = "' + 'abcd1234efgh5678"\nwidth = 1\n'
FILES = {"nets_outside/__init__.py": "", "nets_outside/unet.py": "import one_outside\n"}
FILES |= {"one_outside.py": "SCALE = 2\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a person's own modules, on Python's path."""
    folder = tmp_path / "own"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if "_outside" in name]:
        del sys.modules[name]


def state(folder: Path, root: Path) -> CodeState:
    """What a run records that has imported what lies in `folder`."""
    here = {n: h for n, h in imported_sources(root).items() if n.startswith(str(folder))}
    return with_imported(CodeState(dirty=False), here, REDACTOR, root)


def test_a_plug_is_kept_with_all_that_it_imports(folder: Path, tmp_path: Path) -> None:
    importlib.import_module("nets_outside.unet")
    code = state(folder, tmp_path / "root")
    assert {name: (file.path, file.content) for name, file in code.plugs.items()} == {
        name: (str(folder / name), text.encode()) for name, text in FILES.items()
    }
    assert (code.unrecorded, code.not_recorded) == ({}, [])
    assert code.dirty is True and str(folder / "one_outside.py") in code.changed
    assert code.describe()["plugs"]["one_outside.py"] == {
        "path": str(folder / "one_outside.py"),
        "blake3": blake3(b"SCALE = 2\n").hexdigest(),
    }


def test_what_python_would_not_find_by_its_name_is_named_as_not_recorded(
    folder: Path, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("odd_outside", folder / "one_outside.py")
    assert spec
    sys.modules["odd_outside"] = importlib.util.module_from_spec(spec)
    assert str(folder / "one_outside.py") not in module_files(tmp_path / "root")
    code = state(folder, tmp_path / "root")
    assert code.plugs == {} and list(code.unrecorded) == [str(folder / "one_outside.py")]


def test_too_much_is_not_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importlib.import_module("nets_outside.unet")
    monkeypatch.setattr(plug_files, "_LARGEST_FILE", len(FILES["one_outside.py"]))
    code = state(folder, tmp_path / "root")
    assert sorted(code.plugs) == ["nets_outside/__init__.py", "one_outside.py"]
    assert list(code.unrecorded) == [str(folder / "nets_outside/unet.py")]


def test_a_secret_is_masked_and_told(folder: Path, tmp_path: Path) -> None:
    (folder / "one_outside.py").write_text(KEYED)
    importlib.import_module("nets_outside.unet")
    code = state(folder, tmp_path / "root")
    assert code.plugs["one_outside.py"].content == b'api_key = "***"\nwidth = 1\n'
    assert code.not_recorded == ["secrets are replaced by *** in: plugs/one_outside.py"]


def finished(exp_dir: Path, code: CodeState, **more: object) -> Path:
    record = RECORD | {"code": RECORD["code"] | {"plugs": code.describe()["plugs"]}}
    plugs = plug_files.contents(code.plugs)
    run = Run.create(exp_dir, "trial", record, patch=None, requirements="", plugs=plugs)
    run.finish("finished", epochs=1, steps=1, **more)
    return run.directory


def test_they_are_sealed_and_named_by_the_record(folder: Path, tmp_path: Path) -> None:
    importlib.import_module("nets_outside.unet")
    run = finished(tmp_path / "exps", state(folder, tmp_path / "root"))
    record, outcome = read_record(run), read_outcome(run)
    assert changes(run) == [] == record_faults(run, record, outcome)
    told = plug_files.described(record, outcome)
    assert {n: f.content.decode() for n, f in plug_files.read(run, told).items()} == FILES
    path, added = run / "plugs" / "one_outside.py", run / "plugs" / "more.py"
    path.chmod(0o644)
    path.write_text("SCALE = 3\n")
    added.write_text("")
    assert changes(run) == ["plugs/more.py was added", "plugs/one_outside.py was changed"]
    assert record_faults(run, record, outcome) == [
        f"{path} is not the file that was recorded",
        "plugs/ has files that the run does not name: more.py",
    ]
    path.unlink()
    with pytest.raises(ValueError, match=f"^run {run.name} lacks its plugs/one_outside.py$"):
        plug_files.read(run, told)


@pytest.mark.parametrize("name", ["../up.py", "/etc/up.py", "a/../../up.py", "a.b/c.py", "up.txt"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="which is no plug$"):
        plug_files.read(tmp_path, {name: {"path": "x", "blake3": "00"}})


def test_what_is_imported_later_is_kept_at_the_end(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    importlib.import_module("one_outside")
    # As a run records it that has imported nothing else: what pytest has loaded is no matter here.
    code, sources = state(folder, root), imported_sources(root)
    record = RECORD | {"sources": sources, "code": RECORD["code"] | code.describe()}
    directory = tmp_path / "exps"
    directory.mkdir()
    importlib.import_module("nets_outside.unet")
    found = imported_later(directory, record, CodeState(), root)
    assert sorted(found.plugs) == ["nets_outside/__init__.py", "nets_outside/unet.py"]
    assert sorted(found.sources) == [str(folder / name) for name in sorted(found.plugs)]
    assert found.lacks == ()
    run = finished(tmp_path / "exps", code, later=found)
    outcome = json.loads((run / "outcome.json").read_text())
    assert outcome["sources"] == found.sources and outcome["plugs"].keys() == found.plugs.keys()
    assert changes(run) == [] == record_faults(run, read_record(run), outcome)


def test_what_was_imported_later_stays_named_when_the_run_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    importlib.import_module("one_outside")
    code = state(folder, tmp_path / "root")
    sources = {str(folder / "one_outside.py"): blake3(b"SCALE = 2\n").hexdigest()}
    run = Run.create(tmp_path, "trial", RECORD, patch=None, requirements="")
    run.finish("interrupted", epochs=1, steps=1, later=Later(sources, code.plugs))
    Run.reopen(run.directory).finish("finished", epochs=2, steps=2)
    outcome = read_outcome(run.directory)
    assert outcome and outcome["sources"] == sources
    assert plug_files.read(run.directory, outcome["plugs"]) == code.plugs
    assert changes(run.directory) == []


def test_a_changed_one_is_told_with_its_copy(folder: Path) -> None:
    name = str(folder / "one_outside.py")
    then, kept = {name: "00"}, {name: "plugs/one_outside.py"}
    told = "(as it was: plugs/one_outside.py)"
    assert source_changes(then, folder, kept) == [f"{name} changed {told}"]
    (folder / "one_outside.py").unlink()
    assert source_changes(then, folder, kept) == [f"{name} is gone {told}"]
