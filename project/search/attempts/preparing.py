"""What all trials share, made ready before the first: built-in plugs imported, the data loaded."""

from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

import torch

from project import data, plugs
from project.cli.flag_values import chosen_plugs
from project.cli.flags import parse
from project.data import beforehand
from project.data.blake import by_one_thread
from project.hyperparameters import FLAGS
from project.plugs import answering
from project.plugs.serving import task_of
from project.provenance.imported import keep_hashes
from project.provenance.parents import flags_found
from project.training import generators


def prepare(flags: Sequence[str]) -> dict[str, Any]:
    """Prepare for trials whose command lines begin with these flags.

    In a thread of its own: threads that OpenMP has begun for one are not there in a fork, which
    would wait for them.

    Returns:
        `Data.describe()` of what was loaded; or, as `fault`, what is wrong with it, for people.
    """
    by_one_thread()
    found: dict[str, Any] = {}

    def act() -> None:
        try:
            found["data"] = _prepare(flags)
        except Exception as error:  # in a person's plug, too; whoever has asked tells it
            found["fault"] = str(error) or type(error).__name__

    thread = Thread(target=act)
    thread.start()
    thread.join()
    return found


def _prepare(flags: Sequence[str]) -> Mapping[str, Any]:
    hparams = parse(flags, find=flags_found).hparams
    cpu = torch.device("cpu")
    for kind, name in chosen_plugs(FLAGS, vars(hparams)):
        # Others are imported by each run, amid its own draws.
        if kind != "tracker" and not plugs.is_outside(kind, name):
            plugs.load(kind, name)
    task = task_of(vars(hparams))
    answering.recorded(hparams.model, task, hparams.recipe)  # which is remembered
    keep_hashes()
    before = generators.hashes(cpu)
    beforehand.keep(hparams, data.load)
    if generators.hashes(cpu) != before:
        beforehand.forget()  # a run's weights follow from what its own loading draws
    return data.prepare(hparams).describe()
