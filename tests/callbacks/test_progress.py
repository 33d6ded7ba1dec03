"""Progress: a line per epoch without a terminal, a bar with few drawings on one."""

import ast
import inspect
import io
import re
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer

from project.callbacks import progress
from project.callbacks.progress import Progress
from project.cli import summary
from project.cli.bar import Bar
from project.cli.summary import number


class Toy(LightningModule):
    """Pretends to train three steps a block, two blocks an epoch."""

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.step, self.total_steps, self.fail_at = 0, 12, fail_at
        self.train_loss, self.scores = float("nan"), {}

    def configure_optimizers(self) -> None:
        return None

    def training_step(self, batch: int, index: int) -> None:
        if self.step == self.fail_at:
            raise RuntimeError("stop here")
        self.step += 3
        self.train_loss = 1 / self.step

    def validation_step(self, batch: int, index: int) -> None:
        self.scores |= {"val_loss": 0.00012, "val_accuracy": self.step / 20, "val_f1": 0.5}

    def test_step(self, batch: int, index: int) -> None:
        pass


class Blocks:
    """So many blocks; without a length, like our loaders."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[torch.Tensor]:
        return iter(torch.zeros(self.n, 1))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quiet_lightning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
        yield


def pretend_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "25"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    # Not in a fixture: pytest puts its own stream back before the test begins.
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def fit(solver: Toy, test: bool = False, **options: object) -> Progress:
    callback = Progress(**options)
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=2,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(solver, Blocks(2), Blocks(1))
    if test:
        trainer.test(solver, Blocks(1), verbose=False)
    return callback


def lines(text: str) -> list[str]:
    """What is left when a terminal's control sequences are taken out."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()]


def test_without_a_terminal_an_epoch_is_a_line(capsys: pytest.CaptureFixture) -> None:
    fit(Toy(), test=True)
    printed = capsys.readouterr()
    # 2 blocks of 3 steps an epoch; losses 1/6 and 1/12, accuracies 6/20 and 12/20.
    expected = [
        r"epoch 1/2  step 6  train_loss 0.1667  val_loss 1.2e-04  val_accuracy 0.3000  \d+\.\d s",
        r"epoch 2/2  step 12  train_loss 0.0833  val_loss 1.2e-04  val_accuracy 0.6000  \d+\.\d s",
    ]
    shown = [line for line in printed.err.splitlines() if "epoch" in line]
    assert [bool(re.fullmatch(e, s)) for e, s in zip(expected, shown, strict=True)] == [True, True]
    assert "epoch" not in printed.out


def test_the_scores_shown_can_be_chosen(capsys: pytest.CaptureFixture) -> None:
    fit(Toy(), metrics=("val_f1", "val_loss", "val_f1", "val_unknown"))
    first = capsys.readouterr().err.splitlines()[0]
    assert "  train_loss 0.1667  val_f1 0.5000  val_loss 1.2e-04  " in first


def test_a_terminal_gets_a_line_for_each_epoch_above_a_bar_that_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = pretend_terminal(monkeypatch)
    fit(Toy(), test=True, checkpoints=SimpleNamespace(monitor="val_loss", best={"epoch": 1}))
    shown = lines(terminal.getvalue())
    left = [
        re.sub(r"\d+\.\d s", "T s", line) for line in shown if re.match(" *(epoch  |./2)", line)
    ]
    assert left == [
        "epoch  train_loss  val_loss  val_accuracy     time",
        "  1/2      0.1667   1.2e-04        0.3000    T s",
        "  2/2      0.0833   1.2e-04        0.6000    T s  best",
    ]
    assert any(re.match(r"epoch 1/2 ━+.* 3/12 steps", line) for line in shown)
    assert "train_loss 0.3333" in shown
    assert any(line.startswith("testing") for line in shown)
    # The cursor is hidden while a bar is drawn, and shown again each time.
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 2


def test_of_very_many_epochs_some_have_a_line_and_the_last_always(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    # Each look at the clock is 0.1 s after the former, and an epoch looks twice.
    clock = iter(range(10**6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) / 10)
    callback, solver = Progress(), Toy()
    trainer = SimpleNamespace(is_global_zero=True, max_epochs=123)
    for trainer.current_epoch in range(123):
        callback.on_train_epoch_start(trainer, solver)
        callback.on_train_epoch_end(trainer, solver)
    callback.on_train_end(trainer, solver)
    told = [int(line.split()[1].split("/")[0]) for line in capsys.readouterr().err.splitlines()]
    assert told == [*range(1, 101), 105, 110, 115, 120, 123]


def test_the_bar_is_drawn_no_more_often_than_it_should(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend_terminal(monkeypatch)
    # Each look at the clock is 50 ms after the former.
    clock = iter(range(10**6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) / 20)
    drawn: list[float] = []
    monkeypatch.setattr(Bar, "draw", lambda self, *_: drawn.append(progress.time.monotonic()))
    callback, trainer, solver = Progress(), Trainer(accelerator="cpu", logger=False), Toy()
    callback.on_train_start(trainer, solver)
    for _ in range(100):
        callback.on_train_batch_end(trainer, solver)
    callback.on_train_end(trainer, solver)
    pauses = [later - earlier for earlier, later in zip(drawn[:-1], drawn[1:-1])]
    assert len(drawn) > 10 and min(pauses) >= progress.DRAW_EVERY - 1e-9


def test_an_error_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = pretend_terminal(monkeypatch)
    with pytest.raises(RuntimeError, match="stop here"):
        fit(Toy(fail_at=6))
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 1
    assert sys.stderr is terminal


def test_a_terminal_that_cant_draw_gets_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = pretend_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    fit(Toy())
    assert [line[:9] for line in terminal.getvalue().splitlines()] == ["epoch 1/2", "epoch 2/2"]


def test_only_the_first_process_speaks(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "is_global_zero", False)
    fit(Toy())
    assert "epoch" not in capsys.readouterr().err


@pytest.mark.parametrize("module", [progress, summary])
def test_rich_is_loaded_only_for_a_terminal(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert top and not re.search(r"rich|callbacks\.bar", "".join(map(ast.unparse, top)))


@pytest.mark.parametrize(
    "value, text",
    [
        (0.98611, "0.9861"),
        (0.0, "0.0000"),
        (0.0005, "0.0005"),
        (-0.00002, "-2.0e-05"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_short_and_never_a_false_zero(value: float, text: str) -> None:
    assert number(value) == text
