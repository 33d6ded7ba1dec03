"""Which hyperparameters exclude or need each other."""

from typing import Any

from project.run_directory import RESERVED


def conflicts(h: Any) -> list[str]:
    """What is wrong with hyperparameters whose single values are all right, a line each."""
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
