"""Models, losses, metrics, data sets and callbacks of a person's own, each wrong in its way.

Each is a right file in which something is replaced; the line that ends with `# <-` is at fault.
"""

from typing import NamedTuple


class Wrong(NamedTuple):
    """What is replaced in the right file of a kind by what, and what is said of it."""

    kind: str
    old: str
    new: str
    said: str

    @property
    def file(self) -> str:
        """The whole file."""
        assert self.old in RIGHT[self.kind], self.old
        return RIGHT[self.kind].replace(self.old, self.new, 1)


RIGHT = {
    "model": """import torch
from torch import nn

class own(nn.Module):
    def __init__(self, shape, n_classes, hparams):
        super().__init__()
        self.layer = nn.Linear(64, n_classes)

    def forward(self, x):
        return self.layer(x.flatten(1))
""",
    "loss": """import torch
from torch.nn import functional as F

def own(hparams):
    def loss(logits, targets):
        return F.cross_entropy(logits, targets, reduction="none")

    return loss
""",
    "metric": """import torch
from project.metrics import Accumulator, Metric

class Count(Accumulator):
    def __init__(self, n_classes):
        super().__init__(n_classes, n=torch.zeros((), dtype=torch.int64))

    def add(self, batch):
        self.sums["n"] += len(batch.targets)

    def read(self):
        return int(self.total("n"))

class own(Metric):
    state = Count

    def score(self, totals):
        return {"counted": totals}
""",
    "data": """import numpy as np
import torch
from project.data.samples import Raw, Resident

def own(hparams):
    images = torch.zeros(60, 1, 8, 8, dtype=torch.uint8)
    targets = torch.arange(60) % 3
    return Raw(Resident(images, targets), None, ("a", "b", "c"))
""",
    "callback": """from pytorch_lightning import Callback

class own(Callback):
    def __init__(self, hparams):
        super().__init__()
""",
}
LOGITS = "self.layer(x.flatten(1))"
FORWARD = f"    def forward(self, x):\n        return {LOGITS}"
CE = 'F.cross_entropy(logits, targets, reduction="none")'
LOSS = f"    def loss(logits, targets):\n        return {CE}"
SCORE = 'return {"counted": totals}'
SAMPLES = "Resident(images, targets)"


def returning(text: str, said: str) -> Wrong:
    """A model that returns this."""
    return Wrong("model", f"return {LOGITS}", f"return {text}  # <-", said)


def losing(text: str, said: str) -> Wrong:
    """A loss that returns this."""
    return Wrong("loss", f"return {CE}", f"return {text}  # <-", said)


def scoring(text: str, said: str) -> Wrong:
    """A metric whose `score` returns this."""
    return Wrong("metric", SCORE, f"return {text}  # <-", said)


def loading(text: str, said: str) -> Wrong:
    """A data set that returns this."""
    return Wrong("data", f'return Raw({SAMPLES}, None, ("a", "b", "c"))', f"{text}  # <-", said)


def loaded(old: str, new: str, said: str) -> Wrong:
    """A data set in which that is replaced."""
    return Wrong("data", RIGHT["data"], RIGHT["data"].replace(old, new)[:-1] + "  # <-\n", said)


MODELS = [
    Wrong(
        "model", FORWARD, FORWARD.replace("return ", "").replace(":\n", ":  # <-\n"), "None, not"
    ),
    returning(f"{LOGITS}[:, :2]", "returned (2, 2) for 2 images, not logits (batch, 3): its last"),
    returning(f"{LOGITS}.repeat(1, 2)", "returned (2, 6) for 2 images, not logits (batch, 3)"),
    returning(f"{LOGITS}[:, :, None]", "returned (2, 3, 1) for 2 images, not logits (batch, 3)"),
    returning(
        f"{LOGITS}.T", "returned (3, 2) for 2 images, not logits (batch, 3): it is transposed"
    ),
    returning(f"{LOGITS}.mean(0)", "returned (3,) for 2 images, not logits (batch, 3): the first"),
    returning(f"{LOGITS}.round().long()", "returned logits (batch, 3) of int64, no floating-point"),
    returning(
        f"{LOGITS} * float('nan')", "returned logits (batch, 3) that are NaN or infinite, for"
    ),
    returning(
        f"{LOGITS}.detach()", "returned logits without a gradient: is there a detach(), .data"
    ),
    returning(
        f"{LOGITS}.to('meta')", "returned logits (batch, 3) on meta, while its images are on"
    ),
    returning(
        f"{LOGITS}, x", "returned a tuple of 2, not logits (batch, 3): return the one tensor"
    ),
    returning(f"dict(out={LOGITS})", "returned a dict of out, not logits (batch, 3)"),
    returning(f"({LOGITS}, 1) if self.training else {LOGITS}", "returned a tuple of 2, not logits"),
    returning(
        "self.layer(x)", "can't take images (2, 1, 8, 8): RuntimeError: mat1 and mat2 shapes"
    ),
    returning("self.head(x)", "can't take images (2, 1, 8, 8): AttributeError: 'own' object has n"),
    returning("exit('bye')", "can't take images (2, 1, 8, 8): SystemExit: bye"),
    returning(
        "x.view(2, 64)[:, :3] + x.new_zeros(1, requires_grad=True)", "whose gradient reaches"
    ),
    Wrong(
        "model", "nn.Linear(64, n_classes)", "nn.Liner(64)  # <-", "AttributeError: module 'torch"
    ),
    Wrong(
        "model",
        "class own(nn.Module)",
        "def own(*_): pass  # <-\nclass _(nn.Module)",
        "is built as",
    ),
    Wrong(
        "model", "n_classes, hparams):", "n, hparams, more):", "asks for more, which there is not"
    ),
    Wrong(
        "model", "nn.Linear(64, n_classes)", "nn.LazyLinear(n_classes)", "has no size yet for layer"
    ),
    Wrong(
        "model",
        "nn.Linear(64, n_classes)",
        "lambda x, n=nn.Linear(64, n_classes): n(x)",
        "has no parameters to train: la",
    ),
]
LOSSES = [
    losing("F.cross_entropy(logits, targets)", "returned a single number, not each sample's loss"),
    losing(f"{CE}[:, None]", "returned (2, 1) for 2 samples, not each sample's loss (batch,)"),
    losing(
        f"{CE}.detach()", "has no gradient for the logits: is there a detach(), .item(), argmax"
    ),
    losing(f"{CE} * float('nan')", "returned NaN for 2 of 2 samples with finite logits"),
    losing(
        "(logits.argmax(1) != targets)", "returned each sample's loss (batch,) of bool, no floati"
    ),
    losing("F.cross_entropy(targets, logits)", "raised "),
    losing(
        f"{CE}.tolist()", "returned a list of 2, not each sample's loss (batch,): return the one"
    ),
    Wrong(
        "loss", LOSS, LOSS.replace("return ", "").replace(":\n", ":  # <-\n"), "returned None, not"
    ),
    Wrong(
        "loss", "def own(hparams):", "def own(hparams):  # <-\n    return\n", "is built as NoneType"
    ),
    Wrong(
        "loss", "hparams):", "hparams):\n    hparams.gamma  # <-\n", "raised AttributeError: 'Hype"
    ),
]
METRICS = [
    scoring(
        "{'counted': 'many'}", "returned a score 'counted' that is 'many', not a number, or an"
    ),
    scoring(
        "{'counted': [totals] * 3}", "returned a score 'counted' that is [3, 3, 3], not a number"
    ),
    scoring(
        "{'counted': torch.ones(2)}", "returned a score 'counted' that is an array (2,) of torch"
    ),
    scoring("totals", "returned 3, no dict of scores by name"),
    scoring("{'accuracy': totals}", "returned a score 'accuracy', a name that metric accuracy has"),
    scoring("{'counted': totals / 0}", "raised ZeroDivisionError: division by zero"),
    Wrong(
        "metric", "state = Count\n", "state = Count\n    less_is_better = {'cuonted'}\n", "declares"
    ),
    Wrong(
        "metric", "len(batch.targets)", "batch.labels.sum()  # <-", "raised AttributeError: 'Predi"
    ),
    Wrong(
        "metric", "class own(Metric):", "class own:  # <-", "is no subclass of project.metrics.Met"
    ),
]
DATA = [
    loading("return 3", "returned an int, no Raw(train, test, classes)"),
    loading(
        f"return Raw({SAMPLES.replace('targets', 'targets[:9]')}, None, ())", "60 images, but 9"
    ),
    loading(
        f"return Raw({SAMPLES.replace('images', 'images.double()')}, None, ())", "torch.float64, n"
    ),
    loading(
        f"return Raw({SAMPLES.replace('images', 'images.numpy()')}, None, ())", "numpy.ndarray, n"
    ),
    loading(
        f"return Raw({SAMPLES.replace('images', 'images[:, 0]')}, None, ())", "(60, 8, 8), not (n"
    ),
    loading(
        f"return Raw({SAMPLES.replace('targets', 'targets * .5')}, None, ())", "torch.float32, no"
    ),
    loading(
        "return torch.from_numpy(np.array([None]))", "raised TypeError: can't convert np.ndarray"
    ),
    loading("return np.load('no_such.npz')", "raised FileNotFoundError: no_such.npz: No such file"),
    loaded(
        '("a", "b", "c")', '("a", "b")', "train has target 2 at sample 2: those of 2 classes are 0"
    ),
    loaded('("a", "b", "c")', '("a", "b", 2)', "classes hold 2, no text: tuple(map(str, ..."),
    loaded('("a", "b", "c")', '("a", "b", "a")', "classes hold 'a' twice"),
    loaded(
        SAMPLES, "images", "train is a tensor (60, 1, 8, 8) uint8, which has no targets: Resident("
    ),
    loaded(SAMPLES, "Resident(images[:0], targets[:0])", "train has 0 images and 0 targets"),
    loaded(
        "None", "Resident(images[..., 1:], targets)", "test has images of shape (1, 8, 7), not (ch"
    ),
]
CALLBACKS = [
    Wrong(
        "callback", "super().__init__()", "hparams.no  # <-", "raised AttributeError: 'Hyperparam"
    ),
    Wrong(
        "callback", "class own(Callback)", "def own(h): ...  # <-\nclass _(Callback)", "gives NoneT"
    ),
]
ALL = [*MODELS, *LOSSES, *METRICS, *DATA, *CALLBACKS]
