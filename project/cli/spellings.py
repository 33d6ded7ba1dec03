"""What other projects call the flags; read after a mistake alone, to suggest the right one."""

from argparse import ArgumentParser
from collections.abc import Iterable

# By the flag that is meant: spellings of argparse scripts, Lightning, Hugging Face, timm and Keras.
_OTHERS = {
    "exp-name": "experiment experiment-name expname run-name project project-name",
    "exp-dir": "output output-dir out-dir outdir save-dir log-dir logdir default-root-dir work-dir",
    "description": "desc message notes comment",
    "tags": "tag",
    "tracker": "logger loggers report-to use-wandb wandb mlflow tensorboard",
    "seed": "random-seed manual-seed random-state seed-everything rng-seed",
    "data": "dataset dataset-name data-set",
    "data-dir": "data-path data-root dataset-dir dataset-path root datadir data-folder",
    "val-fraction": "val-split val-size val-ratio valid-size validation-split validation-fraction",
    "test-fraction": "test-split test-size test-ratio",
    "train-fraction": "train-size train-ratio limit-train-data subset",
    "image-size": "img-size imgsz input-size resolution resize",
    "augment": "aug augmentation augmentations data-augmentation transforms",
    "sampler": "sampling weighted-sampler balanced-sampler oversample",
    "num-workers": "n-workers nworkers j jobs n-jobs dataloader-num-workers num-worker",
    "batch-size": "b batch batchsize batch-sz bsz mini-batch-size train-batch-size"
    " per-device-train-batch-size per-gpu-train-batch-size",
    "model": "a arch architecture net network backbone model-name model-name-or-path",
    "hidden-dim": "hidden hidden-size hidden-units n-hidden num-hidden dim",
    "width": "channels n-channels filters n-filters num-filters",
    "depth": "layers n-layers num-layers n-blocks num-blocks",
    "dropout": "drop drop-rate dropout-rate dropout-prob",
    "checkpoint": "ckpt ckpt-path checkpoint-path weights load load-from init-from load-checkpoint",
    "loss": "criterion loss-fn loss-function objective",
    "class-weights": "class-weight weights-of-classes pos-weight balance-classes",
    "label-smoothing": "smoothing label-smooth label-smoothing-factor",
    "teacher": "teacher-model teacher-checkpoint teacher-path distill distillation kd",
    "teacher-weight": "alpha distillation-alpha distill-weight kd-alpha kd-weight",
    "teacher-temperature": "temperature distillation-temperature distill-temperature kd-t tau",
    "optimizer": "opt optim optimiser",
    "learning-rate": "lrate base-lr init-lr initial-lr max-lr lr-max peak-lr",
    "weight-decay": "l2 decay l2-reg weight-decay-rate",
    "momentum": "beta1 adam-beta1",
    "schedule": "scheduler sched lr-scheduler lr-scheduler-type lr-schedule lr-policy",
    "warmup-fraction": "warmup warm-up warmup-ratio warmup-epochs warmup-steps pct-start",
    "gradient-clip": "clip clip-grad grad-clip clip-norm gradient-clip-val max-grad-norm",
    "accumulate": "accum accum-iter accum-steps grad-accum grad-accum-steps accumulate-grad-batches"
    " gradient-accumulation gradient-accumulation-steps",
    "half-precision": "amp fp16 bf16 half mixed-precision use-amp",
    "max-epochs": "e epoch n-epoch n-epochs nepochs num-epoch num-epochs num-train-epochs max-epoch"
    " train-epochs training-epochs total-epochs",
    "max-steps": "steps n-steps num-steps max-iter max-iters iterations n-iterations num-iterations"
    " total-steps max-train-steps",
    "early-stopping": "patience early-stop early-stopping-patience",
    "metric": "metrics",
    "callback": "callbacks",
    "without": "no-callbacks disable-callbacks no-progress no-progress-bar",
    "log-every": "print-freq log-freq log-interval log-steps logging-steps log-every-n-steps",
    "watch-every": "watch watch-freq log-gradients log-grad-norm track-grad-norm",
    "detect-anomaly": "anomaly autograd-anomaly detect-nan debug-nan",
    "checkpoint-every": "save-every save-freq save-interval save-steps checkpoint-interval",
    "limit-batches": "limit-train-batches limit-val-batches limit-test-batches",
    "fast-dev-run": "dry-run smoke smoke-test debug sanity-check",
    "only-test": "test eval evaluate eval-only test-only do-eval evaluate-only",
    "resume": "resume-from resume-from-checkpoint continue continue-from auto-resume",
    "accelerator": "device cpu no-cuda no-accel use-cpu",
    "gpus": "gpu n-gpu n-gpus num-gpus ngpu ngpus cuda use-cuda use-gpu gpu-id gpu-ids",
    "devices": "n-devices num-devices nproc-per-node",
    "nodes": "num-nodes n-nodes nnodes",
    "compile": "torch-compile torchcompile use-compile",
    "profile": "profiler profiling",
    "config": "cfg conf config-file config-path yaml",
}


def meant(word: str, known: Iterable[str]) -> str | None:
    """Which of the names `known` was meant; None if none is near.

    Names are flags or keys of a file, `--learning-rate` or `learning_rate`. In the order of
    certainty: it is one but for dashes, underscores and case; another project's name for one; the
    beginning of a single one, or of one with which all others begin; nearly one; nearly another
    project's name.
    """
    names = {_bare(name): name for name in known}
    others = {s: names[name] for name in _OTHERS if name in names for s in _OTHERS[name].split()}
    bare = _bare(word[:60])
    longer = [name for name in names if name.startswith(bare)]
    if bare in names or bare in others:
        return names.get(bare) or others[bare]
    shortest = min(longer, key=len, default=None)
    if shortest and all(name.startswith(shortest) for name in longer):
        return names[shortest]
    # Importing it costs 4 ms, and comparing with all that others say as many.
    from difflib import get_close_matches

    for every in (names, others):
        if near := get_close_matches(bare, every, n=1):
            return every[near[0]]
    return None


def _bare(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()


def of_command(text: str, parser: ArgumentParser) -> str:
    """Lines about a run's flags, of a command that has some beside them.

    What no run has, and is near to one of the command's own, is taken for that.
    """
    return "\n".join(_of_command(line, parser) for line in text.splitlines())


def _of_command(line: str, parser: ArgumentParser) -> str:
    from difflib import get_close_matches

    start, _, rest = line.partition("unknown flag ")
    word = rest.partition(",")[0]
    near = get_close_matches(word, parser._option_string_actions, n=1, cutoff=0.75)
    return f"{start}unknown flag {word}, did you mean {near[0]!r}?" if rest and near else line
