"""The data of a run; those of one that goes on are what they were, or that is told."""

from typing import Any

from project import data, plugs, run_directory
from project.files.root import ROOT
from project.hyperparameters import Hyperparameters
from project.plan import Plan
from project.plugs.weighted import ONLY_VIEWS, plugs_of
from project.provenance import manifest, splits
from project.provenance.resumption import Reopened
from project.training.state import as_trained


def load_data(plan: Plan) -> tuple[data.Data, Reopened | None]:
    """The data, compared with those of a run that goes on; what it held out stays held out.

    Raises:
        ValueError: the data can't be used; they, or the environment's variables, have changed
            without `--accept-changes`; or a parent had others.
        OSError: they can't be read.
    """
    hparams, reopened = plan.hparams, plan.reopened
    folders = reopened.folders_with(run_directory.SPLITS) if reopened else []
    if reopened:
        reopened = reopened.with_variables(ROOT)
    former = [data.Former(splits.read(f), manifest.read(f) or {}) for f in folders]
    # As long as nothing has changed, the flags alone say where each sample belongs.
    again = len(former) > 1
    dataset = data.prepare(hparams, former if again else ())
    if reopened is None:
        return dataset, None
    if plan.resume and former and not again:
        if dataset.hash != reopened.record["data"]["hash"]:
            dataset = data.prepare(hparams, former)
    found = reopened.with_data(dataset.describe(), dataset.file_hashes())
    if plan.parent and found.data_changed:
        known = len(reopened.changed)
        changed = "; ".join(found.changed[known:])
        raise ValueError(
            f"--from {plan.parent.name}: the data are not those that it was trained on: {changed};"
            f" restore them, or start anew with its flags: --config {plan.parent.name}"
        )
    if found.data_changed and not former:
        raise ValueError(
            f"the data of run {reopened.directory.name} changed, and it has no"
            f" {run_directory.SPLITS}: what it held out could not be kept from training; restore"
            " the data, or start anew"
        )
    return dataset, found


def checked(dataset: data.Data, plan: Plan, state: dict[str, Any] | None) -> data.Data:
    """The data as a checkpoint's model knows them, if there is one that must find what it knows.

    Raises:
        ValueError: they leak, the loss does not fit what is made of images, or the model was
            trained on another kind of data.
    """
    hparams = plan.hparams
    if hparams.refuse_leaks:
        dataset.refuse_leaks()
    if not hparams.only_test:
        check_losses(dataset, hparams)
    if state and (hparams.only_test or plan.resume or plan.parent):
        return as_trained(dataset, state, plan.source)
    return dataset


def check_losses(dataset: data.Data, hparams: Hyperparameters) -> None:
    """Refuse losses that don't fit what the recipe, if there is one, makes of images.

    Raises:
        ValueError: a line that says what to change.
    """
    if dataset.recipe:
        dataset.recipe.check_losses(hparams.loss, bool(hparams.teacher))
    elif any(plugs.says("loss", name, ONLY_VIEWS) for name in plugs_of(hparams.loss)):
        from project.recipes import views  # which others need not load

        views.check(hparams.loss, None)
