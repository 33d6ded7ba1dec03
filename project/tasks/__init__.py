"""What outputs and targets mean, one file per task: `--task NAME` is `tasks/NAME.py`.

`MODULE:NAME` is a subclass of `Task` outside the package. Either is handed what it names: `shape`,
`classes`, `n_classes`, `class_counts`, `hparams`.
"""

from collections.abc import Mapping
from typing import Any

from project import plugs
from project.cli.faults import blamed, fault
from project.plugs.handing import made
from project.tasks._task import Task

__all__ = ["Task", "build"]


def build(text: str, there: Mapping[str, Any], kind: str | None, data: str) -> Task:
    """The task that `text` chooses, of data of a kind.

    Args:
        text: as it was chosen.
        there: what it may ask for, by name.
        kind: of the data set's targets, such as `labels`; None: no data are at hand.
        data: what was chosen as data set.

    Raises:
        ValueError: there is no such task, it is none, it asks for what there is not, or takes other
            targets.
    """
    with blamed("task", text):
        task = made("task", text, plugs.entry("task", text), there)
    if not isinstance(task, Task):
        raise fault("task", text, f"is built as {type(task).__name__}, no project.tasks.Task")
    if kind is not None and task.accepts != kind:
        own = "name the data set's task by TASKS = (...) in its file, or give another --task"
        fix = own if plugs.is_outside("data", data) else "leave --task out"
        raise ValueError(f"--task {text} takes {task.accepts}, and --data {data} has {kind}: {fix}")
    task.name = text
    return task
