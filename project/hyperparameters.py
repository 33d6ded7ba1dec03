"""Every hyperparameter once: name, type, default, help, choices, bounds and sweep range on a field.

Flags, help, config files, records and checkpoints are derived from `Hyperparameters`. Only the
standard library is imported, so that `--help` and a rejected flag answer before torch is loaded.
"""

from functools import cache

from project.cli.fields import flag
from project.cli.flag_values import FlagValues, flags_of
from project.cli.shorthand import GPUS, short_names
from project.run_directory import LAST
from project.words.telling import RUN

# A plug's file has its own `flag` from here, too.
__all__ = [
    "ALL_NAMES",
    "BY_NAME",
    "DEBUG",
    "FLAGS",
    "SHORT",
    "Hyperparameters",
    "flag",
    "section_of",
]

DEBUG = "debug"


class Hyperparameters(FlagValues):
    """What a run was asked to do; validated as a whole when made.

    Raises:
        ValueError: one line per problem, all of them at once.
    """

    exp_name: str = flag(
        DEBUG,
        "name of the experiment; 'debug' sends nothing to a tracker",
        section="experiment",
        pattern=r"\w[\w.-]*",
        short="name",
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
    upload: str | None = flag(
        None,
        "checkpoints that trackers get, too, once the run has ended (neptune gets the best anyway)",
        choices=("best", "last", "all"),
    )
    notify: tuple[str, ...] = flag(
        (),
        "where to send a message once the run has ended, failed or was killed: telegram, mail,"
        " desktop (set in the environment or .env), or addresses as apprise has them, ntfy://TOPIC,"
        " of which the kind alone is recorded",
        env="PROJECT_NOTIFY",
        addresses=True,
    )
    notify_every: str | None = flag(
        None,
        "send one on the way, too, every so often: 30min, 2h, 10epochs",
        pattern=r"[1-9]\d{0,5}(min|h|epochs?)",
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
    task: str | None = flag(
        None, "what is to be found in an image; not given: what the data set is for", plug="task"
    )
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
    train_classes: tuple[str, ...] = flag(
        (),
        "classes that train and validate, by name or FIRST-LAST; the test is of all others"
        " (--task embedding); not given: all do",
        pattern=".+",
    )
    refuse_leaks: bool = flag(
        False, "stop where an image is in two splits, or has two labels, instead of warning"
    )
    image_size: int | None = flag(
        None,
        "pixels a side to which images of files are resized (if not given: 64 in image-folder, and"
        " with masks as they are)",
        bounds="[4, 4096]",
    )
    fit: str = flag(
        "crop",
        "how images of files become square: keep the middle, put them on black, or change their"
        " proportions",
        choices=("crop", "pad", "squeeze"),
    )
    crop_size: int | None = flag(
        None,
        "pixels a side of the random crops that training takes of pictures with masks, where these"
        " are of many sizes, or it is given; not given: as most have, 32 to 256",
        bounds="[4, 4096]",
    )
    augment: tuple[str, ...] = flag(
        (),
        "random changes to training images: several allowed; none takes former ones back",
        choices=("flip", "crop"),
        sweep=("", "flip", "crop", "flip crop"),
        clears="none",
    )
    recipe: str | None = flag(
        None,
        "YAML file that says how images are prepared, and changed at random for training; its text"
        " is kept with the run; --augment flip crop is a short form",
        of_recipe=True,
    )
    sampler: str = flag(
        "shuffle",
        "samples of an epoch: each once, or all classes equally often (of masks: the rarest class"
        " that each shows), some samples then several times and others not at all; or pk, batches"
        " with --samples-per-class of each of as many classes as --batch-size holds",
        choices=("shuffle", "balanced", "pk"),
    )
    samples_per_class: int = flag(
        4,
        "samples of a class in a batch of --sampler pk (K of P x K)",
        bounds="[2, 1000000]",
        sweep=(2, 4, 8),
    )
    memory_limit: float = flag(
        4.0,
        "GiB; a data set up to this size is kept on the device, a larger one streams",
        bounds="[0, inf)",
    )
    num_workers: int = flag(
        2, "processes that decode streamed images", bounds="[0, 256]", short="workers"
    )
    batch_size: int = flag(
        128,
        "samples per optimizer step, over all devices",
        bounds="[1, 1000000000]",
        sweep=(32, 64, 128, 256),
        short="bs",
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
        "model; torchvision:NAME for any of torchvision's classifiers and segmentation nets,"
        " file:PATH for a net from a YAML file",
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

    loss: tuple[str, ...] = flag(
        ("cross-entropy",),
        "training loss, or several terms of one, each NAME or NAME*WEIGHT",
        section="optimization",
        plug="loss",
        weighted=True,
    )
    class_weights: tuple[str, ...] = flag(
        (),
        "what each class counts in the loss: balanced (n / (classes * count)), a JSON or CSV file"
        " by class, or CLASS=WEIGHT for each; scaled to a mean of 1 over the training split",
        of_classes=True,
    )
    label_smoothing: float = flag(
        0.0,
        "probability mass of a target spread over all classes",
        bounds="[0, 1)",
        sweep="[0, 0.2]",
    )
    teacher: tuple[str, ...] = flag(
        (),
        "distillation: also come close to the probabilities of these runs' best models, of several"
        f" to their mean: {RUN}",
    )
    teacher_weight: float = flag(
        0.9,
        "a of the training loss a T^2 KL(teacher, model) + (1 - a) --loss, with --teacher",
        bounds="(0, 1]",
        sweep="[0.1, 1]",
    )
    teacher_temperature: float = flag(
        4.0,
        "T, by which the logits of both are divided there",
        bounds="(0, 1000]",
        sweep=(1, 2, 4, 8),
    )
    optimizer: str = flag("adamw", "optimizer", plug="optimizer", sweep=("adamw", "sgd"))
    learning_rate: float = flag(
        1e-3, "(peak) learning rate", bounds="(0, inf)", sweep="log [1e-4, 1e-1]", short="lr"
    )
    weight_decay: float = flag(
        1e-2,
        "weight decay (decoupled in adamw)",
        bounds="[0, inf)",
        sweep="log [1e-5, 1e-1]",
        short="wd",
    )
    momentum: float = flag(
        0.9, "momentum of sgd, first beta of adamw", bounds="[0, 1)", sweep="[0.8, 0.99]"
    )
    schedule: str = flag(
        "one-cycle",
        "course of the learning rate",
        choices=("constant", "cosine", "one-cycle"),
        sweep=("constant", "cosine", "one-cycle"),
    )
    warmup_fraction: float = flag(
        0.3,
        "share of a one-cycle schedule in which the rate rises",
        bounds="(0, 1)",
        sweep="[0.05, 0.5]",
    )
    freeze: tuple[str, ...] = flag(
        (),
        "parts of the model that training leaves as they are, by GLOB: parameters, and modules"
        " with all in them, batch norms' statistics too; none takes former ones back",
        pattern=".+",
        clears="none",
    )
    share: tuple[str, ...] = flag(
        (),
        "blocks of the model that have one storage of weights: A=B (B's are A's from then on), or a"
        " GLOB that matches several",
        pattern="[^=]+(=[^=]+)*",
        clears="none",
    )
    learning_rate_scale: tuple[str, ...] = flag(
        (),
        "factor of the learning rate of a part of the model, GLOB=FACTOR; of several that match,"
        " the last counts",
        pattern=r".+=(?=.*[1-9])\d*\.?\d+(e[+-]?\d+)?",
        clears="none",
    )
    layer_decay: float | None = flag(
        None,
        "factor of the learning rate from each layer of the model to the one before it",
        bounds="(0, 1]",
        sweep="[0.6, 1]",
    )
    schedules: tuple[str, ...] = flag(
        (),
        "courses of learning_rate, momentum, weight_decay, dropout and label_smoothing over all"
        " steps, NAME=TIME:VALUE,TIME:VALUE:KIND, times from 0 to 1, or NAME=one-cycle; in place of"
        " --schedule for what they name",
        curves=True,
        clears="none",
    )
    gradient_clip: float | None = flag(
        None,
        "largest norm of the gradient; larger ones are scaled down",
        bounds="(0, inf)",
        sweep="log [0.1, 10]",
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
        30,
        "passes over the training split",
        section="training",
        bounds="[1, 1000000000]",
        short="epochs",
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
    without: tuple[str, ...] = flag(
        (),
        "what a run does besides by default, to leave out: several allowed",
        choices=("progress", "reports", "predictions", "test"),
    )
    log_every: int = flag(
        1, "optimizer steps between the logged points of training curves", bounds="[1, 1000000000]"
    )
    report_examples: int = flag(
        16,
        "how many of the best and of the worst samples of an evaluation are drawn; 0 for none",
        bounds="[0, 1000]",
    )
    save_logits: bool = flag(
        False, "keep the test's logits too, beside each sample's prediction; of masks in a file"
    )
    watch_every: int | None = flag(
        None,
        "log norms of weights and gradients of each layer every so many optimizer steps",
        bounds="[1, 1000000000]",
    )
    detect_anomaly: bool = flag(
        False,
        "name the operation that makes the first NaN of a loss or a gradient, and the line that"
        " calls it (slow)",
    )
    checkpoint_every: float = flag(
        60.0, "seconds between checkpoints inside an epoch", bounds="[0, inf)"
    )
    keep: str = flag(
        "both",
        "checkpoints that stay once the run has finished; before that both do, to go on with",
        choices=("both", "best", "last", "none"),
    )
    keep_optimizer: bool = flag(
        True,
        f"leave the optimizer's state in {LAST} once the run has finished; with adamw it is twice"
        " as large as the weights, and without it training can't go on from there",
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
    from_: str | None = flag(
        None,
        "go on from the last checkpoint of a run, as a new run with its flags but for those given;"
        f" --max-epochs and --max-steps are totals, its own included: {RUN}",
    )
    from_schedule: str = flag(
        "continue",
        "course of the learning rate after --from: as a run of the whole length has it from there"
        " on, a new course over what is left, or the last rate for good",
        choices=("continue", "restart", "hold"),
    )
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


BY_NAME = flags_of(Hyperparameters)
FLAGS = tuple(BY_NAME.values())
# The long name of each short one, and all that a command line or a file of flags may say.
SHORT = short_names(FLAGS)
ALL_NAMES = (*BY_NAME, *SHORT, GPUS)


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
