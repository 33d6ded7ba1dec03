"""What a run writes of itself before it trains: its record, or the stage in which it goes on."""

import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project import checkpoint, models
from project.build import Parts
from project.plan import Plan
from project.provenance import manifest, splits, stages
from project.provenance.code import PATCH_NAME, CodeState, with_imported
from project.provenance.environment import environment, lock_text
from project.provenance.imported import imported_sources
from project.provenance.record import make_record
from project.provenance.redact import Redactor
from project.provenance.run import Run
from project.root import ROOT


def open_run(plan: Plan, code: CodeState, argv: Sequence[str], parts: Parts) -> Run:
    """Make the run's directory and record, or go on with the interrupted run's.

    Raises:
        OSError: the directory can't be written; nothing is left behind.
        ValueError: --require-clean, and a module was imported that no commit has.
    """
    if parts.reopened is not None:
        reopened = parts.reopened.with_imports(imported_sources(ROOT))
        parts.reopened = reopened.with_machine(environment())
        return Run.reopen(parts.reopened.directory)
    hparams, model = plan.hparams, parts.solver.model
    redactor, sources = Redactor(), imported_sources(ROOT)
    code = with_imported(code, sources, redactor)
    if hparams.require_clean:
        code.check_clean(ROOT)
    weights = checkpoint.weights_hash(plan.weights) if plan.weights else None
    counts = {"n_parameters": models.n_parameters(model), "n_trainable": models.n_trainable(model)}
    record = make_record(
        hparams.to_values(),
        argv,
        code,
        parts.dataset.describe(),
        {"name": hparams.model, **counts},
        environment(),
        {"generators": parts.generators, "weights": weights},
        redactor,
        scores=parts.scores,
        sources=sources,
    )
    return Run.create(
        Path(hparams.exp_dir),
        hparams.exp_name,
        record,
        patch=code.patch,
        requirements=lock_text(redactor),
        **_data_files(parts, redactor),
    )


def add_stage(state: Mapping[str, Any], code: CodeState, parts: Parts) -> None:
    """Append the stage that begins now to those of the run that goes on.

    Args:
        state: the checkpoint that it goes on from.
        code: state of the sources.
        parts: with what was found when the run was reopened.

    Raises:
        OSError: it can't be written; the run has no such stage then.
    """
    reopened, redactor = parts.reopened, Redactor()
    assert reopened is not None
    stage = {
        "stage": len(reopened.earlier) + 2,
        "began": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "epoch": state["epoch"],
        "step": state["step"],
        "host": socket.gethostname(),
        "changed": list(reopened.changed),
        "noted": list(reopened.noted),
    }
    patch, told = None, {}
    if reopened.changed:
        machine = {k: v for k, v in environment().items() if k not in ("host", "user")}
        sources = imported_sources(ROOT)
        stage |= {"sources": sources}
        stage |= {"code": with_imported(code, sources, redactor).describe()}
        stage |= {"data": parts.dataset.describe(), "environment": machine}
        patch = code.patch
    if reopened.data_changed:
        told = _data_files(parts, redactor)
    files = {PATCH_NAME: patch, manifest.NAME: told.get("manifest")}
    files |= {splits.NAME: told.get("splits")}
    stages.add_stage(reopened.directory, redactor.redact_json(stage), files)


def _data_files(parts: Parts, redactor: Redactor) -> dict[str, bytes | None]:
    """What tells of single files and samples of the data; None where there is nothing to tell."""
    files, hashes = parts.dataset.files, parts.dataset.sample_hashes()
    return {
        "manifest": manifest.encode(files.hashes(), redactor) if files else None,
        "splits": splits.encode(hashes) if hashes else None,
    }
