"""What a reopened run finds changed: refused, noted, or accepted and told."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project.provenance import stages
from project.provenance.code import CodeState
from project.provenance.environment import environment
from project.provenance.imported import hashes_now
from project.provenance.resumption import Reopened, reopen
from project.provenance.run import Run
from project.provenance.seal import changes
from tests.provenance.records import RECORD
from tests.reproduction.repositories import commit, everything, git, sources, state

MODEL = "project/models/cnn.py"
Resume = Callable[..., Reopened]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project in git."""
    root = tmp_path / "root"
    for name in (MODEL, "project/compare.py", "tests/test_it.py", "README.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("import timm\nx = relu(x)\n")
    git(root, "init", "--quiet")
    commit(root)
    return root


def interrupted(root: Path, **changed: Any) -> Path:
    """A run of that project, which imported the model and was stopped."""
    code = state(root)
    record = RECORD | {"schema": 3, "code": code.describe(), "environment": environment()}
    record |= {"sources": hashes_now([MODEL], root)} | changed
    run = Run.create(root.parent / "exps", "trial", record, patch=code.patch, requirements="")
    run.finish("interrupted", epochs=1, steps=10)
    return run.directory


def look(run: Path, root: Path, accept: bool = False) -> Reopened:
    return reopen(run, root, state(root), accept)


def refusal(run: Path, root: Path) -> str:
    """Why the run can't go on, in a line; it is left as it was."""
    before = everything(run)
    with pytest.raises(ValueError) as caught:
        look(run, root)
    assert everything(run) == before
    assert "\n" not in str(caught.value) and "--accept-changes" in str(caught.value)
    return str(caught.value)


def test_an_unchanged_run_goes_on(root: Path) -> None:
    found = look(interrupted(root), root)
    assert (found.changed, found.noted, found.data_changed) == ((), (), False)


def test_a_changed_source_is_refused_by_name(root: Path) -> None:
    run = interrupted(root)
    (root / MODEL).write_text("x = gelu(x)\n")
    assert f"run {run.name} can't go on as it was: {MODEL} changed;" in refusal(run, root)
    commit(root)  # which makes it no better
    assert f": {MODEL} changed;" in refusal(run, root)
    (root / MODEL).unlink()
    assert f": {MODEL} is gone;" in refusal(run, root)


def test_what_the_run_did_not_import_is_noted(root: Path) -> None:
    run = interrupted(root)
    for name in ("README.md", "tests/test_it.py"):
        (root / name).write_text("another\n")
    noted = ("edited, but not imported by the run: README.md, tests/test_it.py",)
    assert (look(run, root).changed, look(run, root).noted) == ((), noted)
    commit(root)
    assert (look(run, root).changed, look(run, root).noted) == ((), noted)


def test_a_file_that_takes_an_installed_modules_place_is_refused(root: Path) -> None:
    found = look(interrupted(root), root)
    assert found.with_imports([MODEL, "project/stages.py"]) == found
    debugger = found.with_imports([MODEL, "/opt/debugger.py"])
    assert (debugger.changed, debugger.noted) == ((), ("/opt/debugger.py is imported now",))
    with pytest.raises(ValueError, match=r"as it was: numpy\.py is imported now; restore"):
        found.with_imports([MODEL, "numpy.py"])


@pytest.mark.parametrize(
    "name, matters",
    [
        ("torch", True),
        ("nvidia-cudnn-cu12", True),  # not here now
        ("timm", True),  # a source of the run imports it
        ("rich", False),
        ("torchinfo", False),
        ("nvidia-ml-py", False),
        ("black", False),
    ],
)
def test_a_package_that_results_may_follow_from_is_refused(
    root: Path, name: str, matters: bool
) -> None:
    now = environment()
    run = interrupted(root, environment=now | {"packages": now["packages"] | {name: "0.1"}})
    line = f"packages.{name}: 0.1 -> {now['packages'].get(name, 'none')}"
    if matters:
        assert f": {line};" in refusal(run, root)
    else:
        assert look(run, root).noted == (line,)


@pytest.mark.parametrize(
    "name, matters",
    [("OMP_NUM_THREADS", True), ("NVIDIA_TF32_OVERRIDE", True), ("CUDA_VISIBLE_DEVICES", False)],
)
def test_a_variable_that_changes_results_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, matters: bool
) -> None:
    monkeypatch.delenv(name, raising=False)
    found = look(interrupted(root), root)
    monkeypatch.setenv(name, "3")
    line = f"variables.{name}: none -> 3"
    if matters:
        with pytest.raises(ValueError, match=f": {line};"):
            found.with_variables(root)
    else:
        # A requeued job runs on another device.
        assert found.with_variables(root).noted == (line,)


def test_a_variable_that_the_trainer_sets_is_compared_once_it_is_set(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "CUBLAS_WORKSPACE_CONFIG"  # as Lightning does for --deterministic
    now = environment()
    then = now | {"variables": now["variables"] | {name: ":4096:8"}}
    monkeypatch.delenv(name, raising=False)
    found = look(interrupted(root, environment=then), root)
    monkeypatch.setenv(name, ":4096:8")
    assert found.with_variables(root) == found


DATA = {
    **{"name": "image-folder", "classes": ["ant", "bee"], "hash": "blake3:01"},
    "counts": {"train": {"total": 8}, "test": {"total": 2}},
    "hashes": {"train": "blake3:02", "test": "blake3:03"},
}


def test_changed_data_are_refused_by_split(root: Path) -> None:
    run = interrupted(root, data=DATA)
    found = look(run, root)
    assert not found.with_data(DATA, None).data_changed
    other = DATA | {"hash": "blake3:04", "hashes": DATA["hashes"] | {"test": "blake3:05"}}
    with pytest.raises(ValueError, match="01 -> 04: the content of test changed; restore that, or"):
        found.with_data(other, None)
    accepted = look(run, root, accept=True).with_data(other, None)
    assert accepted.data_changed and accepted.changed[-1].endswith(": the content of test changed")


def test_of_many_changes_some_are_named_and_all_counted(root: Path) -> None:
    found = look(interrupted(root), root)
    with pytest.raises(ValueError, match=r"as it was: 0; 1; 2; 3; 4; 5; and 4 more; restore"):
        found.found([str(i) for i in range(10)])


def go_on(found: Reopened, root: Path, number: int) -> None:
    """What `recording.add_stage` writes."""
    stage = {"stage": number, "step": 10, "changed": found.changed, "noted": found.noted}
    code: CodeState = state(root)
    if found.changed:
        stage |= {"code": code.describe(), "environment": environment(), "data": DATA}
        stage |= {"sources": hashes_now([MODEL], root)}
    stages.add_stage(found.directory, stage, {"code.patch": code.patch if found.changed else None})


def test_what_was_accepted_holds_from_there_on(root: Path) -> None:
    run = interrupted(root)
    (root / MODEL).write_text("x = gelu(x)\n")
    found = look(run, root, accept=True)
    assert found.changed == (f"{MODEL} changed",)
    go_on(found, root, 2)
    # A requeued job needs no flag, nor would it be told of the same again.
    again = look(run, root)
    assert (again.changed, again.noted) == ((), ())
    go_on(again, root, 3)
    (root / "README.md").write_text("another\n")
    assert look(run, root).noted == ("edited, but not imported by the run: README.md",)
    (root / MODEL).write_text("import timm\nx = relu(x)\n")
    assert f": {MODEL} changed;" in refusal(run, root)
    told = [f"stage 2, from step 10 on, has changes: {MODEL} changed"]
    assert stages.accepted(run) == told
    # All of it is sealed with the rest.
    reopened = Run.reopen(run)
    reopened.finish("finished", epochs=2, steps=20)
    assert changes(run) == []
    patch = run / "stages" / "2" / "code.patch"
    assert b"+x = gelu(x)" in patch.read_bytes()
    for path in (run / "stages.jsonl", patch):
        path.chmod(0o644)
        path.write_bytes(b"")
    assert changes(run) == ["stages.jsonl was changed", "stages/2/code.patch was changed"]


def test_a_run_of_before_is_compared_as_far_as_it_tells(root: Path) -> None:
    record = {k: v for k, v in RECORD.items() if k != "sources"} | {"schema": 2}
    run = Run.create(
        root.parent / "exps",
        "trial",
        record | {"code": state(root).describe(), "environment": environment()},
        patch=None,
        requirements="",
    )
    run.finish("interrupted", epochs=1, steps=10)
    (root / "README.md").write_text("another\n")
    (root / "tests" / "test_it.py").write_text("another\n")
    noted = ("edited, but not imported by the run: README.md, tests/test_it.py",)
    assert look(run.directory, root).noted == noted
    (root / MODEL).write_text("x = gelu(x)\n")
    assert f": {MODEL} changed;" in refusal(run.directory, root)


def test_damaged_stages_are_a_line(root: Path) -> None:
    run = interrupted(root)
    for text, fault in (("{", "it is not JSON"), (json.dumps({"stage": 2}), "it lacks 'step'")):
        (run / "stages.jsonl").write_text(text)
        with pytest.raises(ValueError, match=f"stages.jsonl is damaged: {fault}"):
            look(run, root)


def test_a_stage_that_cannot_be_written_leaves_the_run_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(root)
    (root / MODEL).write_text("x = gelu(x)\n")
    found, write = look(run, root, accept=True), stages.write_atomic
    before = sources(run), (run.parents[1] / "runs.csv").read_bytes()

    def full(path: Path, content: str | bytes) -> None:
        if path.name == "stages.jsonl":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, content)

    monkeypatch.setattr(stages, "write_atomic", full)
    reopened = Run.reopen(run)
    with pytest.raises(OSError, match="No space left"):
        go_on(found, root, 2)
    reopened.release()
    assert (sources(run), (run.parents[1] / "runs.csv").read_bytes()) == before


def test_what_a_killed_process_left_of_its_stage_is_not_the_next_ones(root: Path) -> None:
    run = interrupted(root)
    left = run / "stages" / "2" / "splits.npz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of other data")
    found = look(run, root)
    go_on(found, root, 2)
    assert not left.exists() and look(run, root).folders_with(left.name) == []
