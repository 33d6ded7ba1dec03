"""From a run to a folder with an exported file, its proof and a program that uses it."""

import json
from pathlib import Path
from typing import Any

from project.cli.stage import stage
from project.deployment.formats import write
from project.deployment.order import Made, Order
from project.deployment.proof import Proof, prove
from project.deployment.told import lines, of_folder, verdict
from project.provenance import after
from project.words.paths import brief

PROOF = "proof.json"


class Unproven(Exception):
    """The file decides otherwise than the model, in a line."""


def deliver(order: Order) -> Path:
    """Make the folder, and tell what came out.

    Returns:
        It.

    Raises:
        Unproven: the file decides otherwise than the model; it is gone, unless it was to be kept.
        ValueError: the run can't be exported so; one line.
        OSError: the data can't be read, or the folder not be written.
    """
    if order.register:
        _check_sent(order.run)
    with after.making(order.folder, order.run, replace=order.replace) as folder:
        made = Made.of(order)
        runtime = write(made, folder)
        try:
            others = order.weights is not None
            proof = prove(order.run, made.predictor, made.splits, runtime, others)
        finally:
            runtime.close()
        fault = _fault(order, proof)
        said = proof.describe() | {"held": fault is None, "metadata": made.metadata}
        (folder / PROOF).write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        _tell(made, proof)
        if fault and not order.keep:
            raise Unproven(f"{fault}; nothing is kept of it (--keep does)")
    print("\n".join([f"{brief(order.folder)}", *of_folder(order.folder)]))
    if fault:
        raise Unproven(f"{fault}; it is kept, with what it changes in {PROOF}")
    if order.register:
        print(_registered(order, made.metadata))
    return order.folder


def _check_sent(run: Path) -> None:
    from project.deployment.mlflow.registry import mlflow_id

    mlflow_id(run)


def _registered(order: Order, metadata: dict[str, Any]) -> str:
    from project.deployment.mlflow import model, registry

    stage("registering it")
    where = registry.register(order.run, order.folder / model.NAME, str(order.register), metadata)
    stage("")
    return f"registered as {where}"


def _fault(order: Order, proof: Proof) -> str | None:
    """Why the file is not what was wanted; None if it is."""
    if order.precision == "fp32":
        n = proof.wrong
        are = "decision is" if n == 1 else "decisions are"
        return f"{n} {are} not the model's" if n else None
    drop = proof.drop.value
    if drop <= order.max_drop:
        return None
    return (
        f"{order.precision} costs {drop:.4f} of accuracy, more than --max-drop {order.max_drop:g}"
    )


def _tell(made: Made, proof: Proof) -> None:
    predictor, order = made.predictor, made.order
    shape, kind = " x ".join(map(str, predictor.shape)), made.metadata["dtype"]
    what = f"{predictor.hparams.model}, {len(predictor.classes)} classes, {shape} {kind}"
    print(f"{order.weights or order.run.name} ({what}) as {order.format}, {order.precision}")
    of_masks, exact = predictor.task.of_pixels, order.precision == "fp32"
    print("\n".join(lines(proof, of_masks, exact)))
    print("\n".join([*predictor.task.notes(), verdict(proof, order.precision)]))
