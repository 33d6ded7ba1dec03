"""Every hyperparameter once: name, type, default, help, choices, bounds and sweep range on a field.

Flags, help, config files, records and checkpoints are derived from `Hyperparameters`. Only the
standard library is imported, so that `--help` and a rejected flag answer before torch is loaded.
"""

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

from project import plugs
from project.cli.fields import convert, flag, value_problems
from project.run_directory import MLFLOW_FILES, MLFLOW_STORE, RUNS
from project.words.telling import RUN, did_you_mean, quoted

DEBUG = "debug"
# What stands in --exp-dir beside the experiments.
RESERVED = (RUNS, MLFLOW_STORE, MLFLOW_FILES)
# What records and checkpoints of former versions hold besides, and no result ever depended on.
RETIRED = {"strategy"}


@dataclass(frozen=True)
class Hyperparameters:
    """What a run was asked to do; validated as a whole when made.

    Raises:
        ValueError: one line per problem, all of them at once.
    """

    exp_name: str = flag(
        DEBUG,
        "name of the experiment; 'debug' sends nothing to a tracker",
        section="experiment",
        pattern=r"\w[\w.-]*",
    )
    exp_dir: str = flag("experiments", "folder of all runs", pattern=".+", env="PROJECT_EXP_DIR")
    description: str = flag("", "what this run is about")
    tags: tuple[str, ...] = flag((), "words to find the run by")
    tracker: tuple[str, ...] = flag(
        (),
        "where runs are also sent, besides their directory: several allowed; not given: neptune if"
        " NEPTUNE_API_TOKEN is set or --neptune-mode given, otherwise mlflow",
        plug="tracker",
        extra=("none",),
    )
    neptune_mode: str | None = flag(
        None,
        "send to Neptune's server while training, or write for it on this disk only; not given:"
        " async if NEPTUNE_API_TOKEN is set, otherwise offline (NEPTUNE_MODE too says which)",
        choices=("async", "offline"),
    )
    require_clean: bool = flag(
        False, "refuse to start from sources with changes that no commit has"
    )
    seed: int = flag(
        0,
        "seed of the split, the weights, the order and the augmentation",
        bounds="[0, 4294967295]",
    )
    deterministic: bool = flag(False, "use only deterministic algorithms (slower on a GPU)")

    data: str = flag("digits", "data set", section="data", plug="data")
    data_dir: str = flag(
        "data", "where data sets are, or are downloaded to", pattern=".+", env="PROJECT_DATA_DIR"
    )
    val_fraction: float = flag(
        0.1, "share of the training data held out for validation", bounds="(0, 1)"
    )
    test_fraction: float = flag(
        0.2, "share held out for the test where the data has no official one", bounds="(0, 1)"
    )
    train_fraction: float = flag(
        1.0, "share of the training split that is used (small-data studies)", bounds="(0, 1]"
    )
    refuse_leaks: bool = flag(
        False, "stop where an image is in two splits, or has two labels, instead of warning"
    )
    image_size: int | None = flag(
        None,
        "pixels a side to which images of a folder are resized (64 if not given)",
        bounds="[4, 4096]",
    )
    augment: tuple[str, ...] = flag(
        (), "random changes to training images: several allowed", choices=("flip", "crop")
    )
    memory_limit: float = flag(
        4.0,
        "GiB; a data set up to this size is kept on the device, a larger one streams",
        bounds="[0, inf)",
    )
    num_workers: int = flag(2, "processes that decode streamed images", bounds="[0, 256]")
    batch_size: int = flag(
        128,
        "samples per optimizer step, over all devices",
        bounds="[1, 1000000000]",
        sweep=(32, 64, 128, 256),
    )
    synthetic_samples: int = flag(
        1000, "samples of the synthetic data set", bounds="[1, 1000000000]"
    )
    synthetic_classes: int = flag(10, "classes of the synthetic data set", bounds="[2, 1000000]")
    synthetic_shape: tuple[int, int, int] = flag(
        (1, 8, 8), "channels, height and width of synthetic images", bounds="[1, 65536]"
    )

    model: str = flag(
        "cnn",
        "model; torchvision:NAME for any of torchvision's classifiers",
        section="model",
        plug="model",
    )
    hidden_dim: int = flag(
        128, "units of a hidden layer", bounds="[1, 1000000]", sweep=(64, 128, 256, 512)
    )
    width: int = flag(
        32,
        "channels of the first stage of a convolutional model",
        bounds="[1, 65536]",
        sweep=(16, 32, 64),
    )
    depth: int = flag(2, "hidden layers, or blocks per stage", bounds="[1, 1000]", sweep=(1, 2, 3))
    dropout: float = flag(
        0.1,
        "probability that a hidden unit is dropped in training",
        bounds="[0, 1)",
        sweep="[0, 0.5]",
    )
    pretrained: bool = flag(
        False, "start a torchvision model from its published weights (downloads them)"
    )
    checkpoint: str | None = flag(None, f"start from these weights: a checkpoint file, or {RUN}")

    loss: str = flag("cross-entropy", "training loss", section="optimization", plug="loss")
    label_smoothing: float = flag(
        0.0,
        "probability mass of a target spread over all classes",
        bounds="[0, 1)",
        sweep="[0, 0.2]",
    )
    optimizer: str = flag("adamw", "optimizer", choices=("adamw", "sgd"))
    learning_rate: float = flag(
        1e-3, "(peak) learning rate", bounds="(0, inf)", sweep="log [1e-4, 1e-1]"
    )
    weight_decay: float = flag(
        1e-2, "weight decay (decoupled in adamw)", bounds="[0, inf)", sweep="log [1e-5, 1e-1]"
    )
    momentum: float = flag(0.9, "momentum of sgd, first beta of adamw", bounds="[0, 1)")
    schedule: str = flag(
        "one-cycle", "course of the learning rate", choices=("constant", "cosine", "one-cycle")
    )
    warmup_fraction: float = flag(
        0.3, "share of a one-cycle schedule in which the rate rises", bounds="(0, 1)"
    )
    gradient_clip: float | None = flag(
        None, "largest norm of the gradient; larger ones are scaled down", bounds="(0, inf)"
    )
    accumulate: int = flag(
        1,
        "parts a batch is cut into, whose gradients are accumulated (saves memory, same step)",
        bounds="[1, 1000000000]",
    )
    precision: str = flag(
        "32", "arithmetic of the forward pass", choices=("32", "bf16-mixed", "16-mixed")
    )

    max_epochs: int = flag(
        30, "passes over the training split", section="training", bounds="[1, 1000000000]"
    )
    max_steps: int | None = flag(
        None,
        "optimizer steps after which training ends, if before --max-epochs",
        bounds="[1, 1000000000]",
    )
    early_stopping: int | None = flag(
        None,
        "epochs without a better --monitor after which training ends",
        bounds="[1, 1000000000]",
    )
    monitor: str = flag(
        "val_loss", "validation metric that chooses the best checkpoint", pattern=r"val_\S+"
    )
    metric: tuple[str, ...] = flag(
        (),
        "further metrics, MODULE:NAME, besides the built-in ones: several allowed",
        plug="metric",
    )
    callback: tuple[str, ...] = flag(
        (),
        "callbacks that watch the run, NAME or MODULE:NAME: several allowed",
        plug="callback",
    )
    log_every: int = flag(
        1, "optimizer steps between the logged points of training curves", bounds="[1, 1000000000]"
    )
    checkpoint_every: float = flag(
        60.0, "seconds between checkpoints inside an epoch", bounds="[0, inf)"
    )
    overfit_batches: int | None = flag(
        None,
        "train and validate on this many fixed batches (should reach loss 0)",
        bounds="[1, 1000000000]",
    )
    limit_batches: int | None = flag(
        None, "use at most this many batches of each split an epoch", bounds="[1, 1000000000]"
    )
    fast_dev_run: bool = flag(False, "one batch of everything, sent nowhere: does it run at all?")
    only_test: bool = flag(
        False, "test the model of --checkpoint (or of the run --resume) and train nothing"
    )
    resume: str | None = flag(None, f"go on with an interrupted run: {RUN}")
    accept_changes: bool = flag(
        False,
        "with --resume: go on though sources, data, packages or variables changed since; the run"
        " tells what and from which step, and what was held out still never trains",
    )

    accelerator: str = flag(
        "auto", "kind of device", section="devices", choices=("auto", "cpu", "gpu", "mps")
    )
    devices: str = flag(
        "1",
        "number of devices on each machine, their indices ('0,2'), or 'auto'",
        pattern=r"auto|[1-9][0-9]{0,3}|[0-9]{1,4}(,[0-9]{1,4})+",
    )
    nodes: int = flag(1, "number of machines", bounds="[1, 65536]")
    rendezvous_timeout: float = flag(
        600.0, "seconds that all processes of a run may take to meet", bounds="[1, 1000000]"
    )
    compile: bool = flag(False, "compile the model with torch.compile")
    profile: bool = flag(
        False, "write a trace of the first steps and a table of where their time goes"
    )

    # Values of the flags that the chosen plugs have themselves: by the plug's name, which is what
    # stands before the colon, then by the flag's.
    plugs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        problems = [p for f in FLAGS for p in value_problems(f, getattr(self, f.name))]
        problems = problems or _combination_problems(self) or self._complete_plugs()
        if problems:
            raise ValueError("\n".join(problems))

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Hyperparameters":
        """From plain values by field name, as a record or a checkpoint of any version holds them.

        Raises:
            ValueError: an unknown name, a value of the wrong type or out of bounds; one line each.
        """
        own = values.get("plugs", {})
        converted, problems = checked(
            {k: v for k, v in values.items() if k not in RETIRED and k != "plugs"}
        )
        if not isinstance(own, Mapping):
            problems.append(f"plugs must be settings by plug, not {quoted(own)}")
        if problems:
            raise ValueError("\n".join(problems))
        return cls(**converted, plugs=own)

    def to_values(self) -> dict[str, Any]:
        """Plain values by field name, lists for tuples; `from_values` gives the same back.

        Without `plugs` where no plug has flags of its own: former versions know of none.
        """
        values = _plain(asdict(self))
        return values if self.plugs else {k: v for k, v in values.items() if k != "plugs"}

    def settings(self, plug: str) -> SimpleNamespace:
        """The values of a plug's own flags; in its file, `hparams.settings(__name__).n_heads`.

        A file of a package finds those of the package, too.
        """
        name = plugs.name_of(plug)
        while name not in self.plugs and "." in name:
            name = name.rpartition(".")[0]
        return SimpleNamespace(**self.plugs.get(name, {}))

    def _complete_plugs(self) -> list[str]:
        """Check the plugs' own flags and fill in defaults; returns what is wrong, a line each."""
        values, problems = {}, []
        if chosen := plugs.with_settings(chosen_plugs(vars(self))):
            from project.cli.settings import completed, settings_of  # 5 ms that few runs need

            settings, problems = settings_of(chosen, FLAG_NAMES)
            values, more = completed(settings.values(), self.plugs)
            problems += more
        object.__setattr__(self, "plugs", values)
        return problems


FLAGS = tuple(f for f in fields(Hyperparameters) if f.name != "plugs")
FLAG_NAMES = frozenset(f.name for f in FLAGS)


def chosen_plugs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The kind and name of each plug that these values choose, the built-in metrics among them."""
    found = [("metric", name) for name in plugs.names("metric")]
    for f in FLAGS:
        if "plug" in f.metadata:
            value = values.get(f.name, f.default)
            items = value if isinstance(value, (tuple, list)) else (value,)
            found += [(f.metadata["plug"], item) for item in items if isinstance(item, str)]
    return list(dict.fromkeys(found))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def checked(
    values: Mapping[str, Any], own: Mapping[str, Field] = MappingProxyType({})
) -> tuple[dict[str, Any], list[str]]:
    """The good values, as their fields' types, and a line for each thing wrong with the others.

    Args:
        values: by name.
        own: flags that the chosen plugs have themselves.
    """
    by_name = {f.name: f for f in FLAGS} | own
    good, problems = {}, []
    for name, value in values.items():
        if name not in by_name:
            problems.append(f"unknown key {quoted(name)}{did_you_mean(name, by_name)}")
            continue
        try:
            good[name] = convert(by_name[name], value)
            # Three equal values are one mistake.
            problems += dict.fromkeys(value_problems(by_name[name], good[name]))
        except ValueError as error:
            problems.append(str(error))
    return good, problems


def _combination_problems(h: Hyperparameters) -> list[str]:
    rules = [
        (
            h.exp_name in RESERVED,
            f"--exp-name {h.exp_name!r} is a file's name in --exp-dir; give another",
        ),
        (
            h.val_fraction + h.test_fraction >= 1,
            "--val-fraction and --test-fraction leave nothing to train on",
        ),
        (
            h.only_test and not (h.checkpoint or h.resume),
            "--only-test needs --checkpoint (a file or a run) to test",
        ),
        (
            h.resume and h.checkpoint,
            "--resume and --checkpoint exclude each other: a resumed run has its own weights",
        ),
        (
            h.accept_changes and not h.resume,
            "--accept-changes needs --resume: a new run records what is",
        ),
        (
            h.precision == "16-mixed" and h.accelerator == "cpu",
            "--precision 16-mixed needs a GPU; use bf16-mixed",
        ),
        ("none" in h.tracker and len(h.tracker) > 1, "--tracker none excludes the other trackers"),
        (
            h.neptune_mode and h.tracker and not {"neptune", "none"} & set(h.tracker),
            "--neptune-mode needs --tracker neptune",
        ),
        (
            h.accumulate > h.batch_size,
            "--accumulate can't cut a batch into more parts than --batch-size",
        ),
    ]
    return [message for broken, message in rules if broken]


@cache
def _sections() -> dict[str, str]:
    sections, section = {}, ""
    for f in FLAGS:
        section = f.metadata.get("section", section)
        sections[f.name] = section
    return sections


def section_of(name: str) -> str:
    """The heading under which a hyperparameter stands: experiment, data, model, ..."""
    return _sections().get(name, "")
