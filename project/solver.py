"""The LightningModule: how any model is trained and evaluated, on any data, by any metrics."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, repeat
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

from project import optimizers
from project.hyperparameters import Hyperparameters
from project.training.courses import Courses
from project.training.evaluation import Evaluation, Metrics, Task
from project.training.extremes import Ends
from project.training.freezing import freeze
from project.training.hooks import Hooks, after_steps, before_steps
from project.training.lesson import Lesson
from project.training.origin import Origin, total_steps
from project.training.rates import divide
from project.training.sample_table import Columns, SampleTable
from project.training.schedules import make_schedule
from project.training.step import OptimizerStep
from project.values import Batch, Loss, Tree


class Solver(LightningModule):
    """Trains `model` on blocks of batches and evaluates it with shared `eval_*` steps.

    A block is several consecutive batches gathered at once; optimisation is manual, one optimizer
    step per batch, so that Lightning's cost per call is paid once per block.

    Args:
        model: maps inputs `(batch, channels, height, width)` to the task's outputs.
        loss: maps outputs and targets to the loss of each sample, `(batch,)`, perhaps of terms.
        metrics: what evaluation measures.
        task: what outputs and targets mean.
        hparams: optimizer, schedule, clipping and accumulation.
        steps_per_epoch: optimizer steps in a full epoch.
        marked: whether batches of the test mark leaks, without which it is scored once more then.
        origin: where the run began, if it goes on from another one.
        terms: names of the loss's terms; none where there is one.
        lesson: what training learns besides, and how; evaluation knows nothing of it.

    Attributes:
        step: optimizer steps done so far.
        step_in_epoch: those of them in the current epoch; with the epoch, the position in the data.
        train_loss: mean loss of the latest batch.
        task: what outputs and targets mean.
        scores: latest scalar scores by name, such as `val_accuracy`, `val_recall/cat`.
        tables: latest arrays of two dimensions by split and name, such as `confusion_matrix`.
        ends: latest best and worst samples by split.
        samples: what the test found of each, by column; in the first process.
        outputs_to: is handed outputs and indices of each tested batch, if a callback has set it.
        optimization: does the steps; there since training began.
        origin: where the run began, if it goes on from another one.
        noted: what callbacks have found of steps by their numbers, to be logged with the block's.
        stop_requested: set from outside to end training after the current step.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any, Any], Tensor | Loss],
        metrics: Metrics,
        task: Task,
        hparams: Hyperparameters,
        steps_per_epoch: int,
        marked: bool = False,
        origin: Origin | None = None,
        terms: Sequence[str] = (),
        lesson: Lesson | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model, self.metrics, self.settings = model, metrics, hparams
        self.task, self._loss, self._marked = task, loss, marked
        self._lesson = lesson
        self.origin = origin
        extremes = hparams.report_examples
        of_each = None if task.of_pairs else loss
        self._evaluation = Evaluation(of_each, metrics, task, terms, extremes)
        self.total_steps = total_steps(hparams, steps_per_epoch, origin)
        self._schedule = make_schedule(hparams, self.total_steps, origin)
        self._courses = Courses(hparams, self.total_steps, origin, model, loss)
        self.step = self.step_in_epoch = 0
        self.train_loss = float("nan")
        self.scores: dict[str, float] = {}
        self.tables: dict[str, dict[str, np.ndarray]] = {}
        self.ends: dict[str, Ends] = {}
        self.samples: Columns = {}
        self.outputs_to: Callable[[Tree, Tensor], None] | None = None
        self.evaluate(model)
        self.noted: dict[int, dict[str, float]] = {}
        self._after: Hooks = ()
        self.stop_requested = False

    def configure_optimizers(self) -> Optimizer:
        """The optimizer; its schedule is the solver's own."""
        optimizer = optimizers.build(self.model, self.settings)
        return self._courses.check(divide(optimizer, self.model, self.settings))

    def forward(self, inputs: Tensor) -> Tree:
        """The task's outputs of inputs `(batch, channels, height, width)`."""
        return self.model(inputs)

    @property
    def evaluated(self) -> nn.Module:
        """The model that is validated and tested; that which is trained, unless one was set."""
        return self._evaluated[0]

    def evaluate(self, model: nn.Module) -> None:
        """Let `model`, such as an average, be evaluated from now on."""
        self._evaluated = (model,)  # as a module of the solver it would be trained

    def on_train_start(self) -> None:
        """Make the step, now that there is an optimizer."""
        # On several GPUs, batch norms are other modules by now.
        freeze(self.model, self.settings.freeze)
        loss = self._lesson.loss if self._lesson else self._loss
        self.optimization = OptimizerStep(
            self.model, loss, self.trainer, self._schedule, self.settings
        )
        callbacks = self.trainer.callbacks
        self.optimization.before = before_steps(callbacks, self.trainer, self)
        self._after = after_steps(callbacks, self.trainer, self)

    def on_train_epoch_start(self) -> None:
        """Take the data from where the epoch is; that is its middle after an interruption."""
        self.trainer.train_dataloader.seek(self.current_epoch, self.step_in_epoch)
        self._clock, self._n_samples = time.perf_counter(), 0

    def on_train_epoch_end(self) -> None:
        """The next epoch begins at its first step."""
        self.step_in_epoch = 0

    def training_step(self, block: Iterable, block_index: int) -> None:
        """One optimizer step per batch of `block`; logs their losses, the rest once per block.

        Raises:
            FloatingPointError: the loss of a step is NaN or infinite.
        """
        n = min(len(block), self.total_steps - self.step)
        sums, sizes = [], []
        for batch in islice(block, n):
            sizes.append(batch.size)
            sums.append(self._optimize(batch, norm=len(sizes) == n))
            self.step += 1
            self.step_in_epoch += 1
            for hook in self._after:
                hook()
            # Several processes must do the same steps; they agree on a stop at the end of a block.
            if self.stop_requested and self.trainer.world_size == 1:
                break
        if sizes:
            self._log_block(block, sums, sizes, whole=len(sizes) == n)
        if self.step >= self.total_steps:
            self.trainer.should_stop = True

    def _optimize(self, batch: Batch, norm: bool) -> Tensor:
        taught = self._lesson.taught(batch) if self._lesson else batch
        with self._courses.of(self.step, self.trainer.optimizers[0]):
            return self.optimization(taught, self.step, norm)

    def _log_block(self, block: Any, sums: list[Tensor], sizes: Sequence[int], whole: bool) -> None:
        """Log the losses of each `log_every`-th step and, if there is one, the last step's scores.

        Where the block was cut short, not `whole`, the loss is the only score.
        """
        stacked = torch.stack(sums)
        if self.trainer.world_size > 1:
            dist.all_reduce(stacked)
        rows = stacked.view(len(sums), -1) / torch.tensor(sizes, device=self.device)[:, None]
        values, *terms = rows.T.tolist()
        first_step = self.step - len(sizes)
        self._refuse_non_finite(block, values, first_step)
        self.train_loss = values[-1]
        every = self.settings.log_every
        due = range(first_step + every - first_step % every, self.step + 1, every)
        names = ["train_loss", *(f"train_loss_{name}" for name in self.optimization.terms)]
        each = list(zip(values, *terms, strict=True))
        points = {step: dict(zip(names, each[step - first_step - 1])) for step in due}
        if whole:
            self._n_samples += sum(sizes)
            if due:
                points.setdefault(self.step, {}).update(self._block_scores())
        for step, found in self.noted.items():
            points.setdefault(step, {}).update(found)
        self.noted = {}
        for step in sorted(points):
            self._log(points[step], step)

    def _block_scores(self) -> dict[str, float]:
        """Of the latest step, and the speed since these were taken last."""
        began, n = self._clock, self._n_samples
        self._clock, self._n_samples = time.perf_counter(), 0
        return {
            "learning_rate": self.rate(self.step - 1),
            **self._other_courses(self.step - 1),
            "grad_norm": float(self.optimization.grad_norm),
            "samples_per_second": n / (self._clock - began),
        }

    def _other_courses(self, step: int) -> dict[str, float]:
        """What else has a course, as it was in the step that followed `step` others."""
        momentum = any(word.startswith("momentum=") for word in self.settings.schedules)
        own = {"momentum": self._schedule(step)[1]} if momentum else {}
        return {**own, **self._courses.values(step)}

    def rate(self, step: int) -> float:
        """The learning rate of the step that follows `step` others."""
        rate, _ = self._schedule(step)
        return rate

    def _refuse_non_finite(self, block: Any, losses: list[float], first_step: int) -> None:
        bad = next((i for i, value in enumerate(losses) if not math.isfinite(value)), None)
        if bad is not None:
            raise FloatingPointError(
                f"the training loss is {losses[bad]} at step {first_step + bad + 1}"
                f" (epoch {self.current_epoch}, learning rate {self.rate(first_step + bad):g});"
                " try a smaller --learning-rate or --gradient-clip 1;"
                f" the batch is samples {self._of_all_ranks(block.indices(bad))}"
            )

    def _of_all_ranks(self, indices: list[int]) -> list[int]:
        parts = [indices] * self.trainer.world_size
        if len(parts) > 1:
            dist.all_gather_object(parts, indices)
        return [index for part in parts for index in part]

    def validation_step(self, block: Iterable, block_index: int) -> None:
        self.eval_step(block)

    def test_step(self, block: Iterable, block_index: int) -> None:
        self.eval_step(block)

    def on_validation_epoch_start(self) -> None:
        self.eval_epoch_start()

    def on_test_epoch_start(self) -> None:
        table = None if "predictions" in self.settings.without else SampleTable()
        self.eval_epoch_start(self._marked, table)

    def on_validation_epoch_end(self) -> None:
        self.eval_epoch_end("val")

    def on_test_epoch_end(self) -> None:
        self.eval_epoch_end("test")

    def eval_epoch_start(self, marked: bool = False, table: SampleTable | None = None) -> None:
        """Forget the former evaluation; score leaks apart if they are marked in this one."""
        self._evaluation.begin(self.device, marked, table, self.settings.save_logits)

    def eval_step(self, block: Iterable) -> None:
        """Predict a block of batches; nothing is read from the device."""
        for batch, leaked in zip(block, block.leaked or repeat(None)):
            outputs = self.task.infer(self.evaluated, batch.inputs)
            self._evaluation.add(outputs, batch.targets, leaked, batch.indices)
            if self.outputs_to is not None:
                self.outputs_to(outputs, batch.indices)

    def eval_epoch_end(self, split: str) -> None:
        """Compute every score over all ranks and log it as `<split>_<score>`.

        Raises:
            ValueError: the split is empty or the outputs hold a NaN.
        """
        scores, self.tables[split] = self._evaluation.end(split, self.trainer.world_size)
        self.ends[split] = self._evaluation.ends()
        self.samples = self._evaluation.columns()
        self.scores |= scores
        self._log(scores, self.step)

    def _log(self, scores: dict[str, float], step: int) -> None:
        if self.logger is not None:
            self.logger.log(scores, step=step, epoch=self.current_epoch)
