"""What stands in `record.json` and `outcome.json`: each key with its kind and its meaning, once.

`python -m project.provenance.schema > project/provenance/RECORD.md` writes it for people.
"""

from project import run_directory
from project.provenance._layout import Layout, markdown

# A reader refuses numbers above this one, and brings records of lower ones to the layout below.
SCHEMA = 5

RECORD = Layout(
    {
        "schema": ("integer", "version of this layout"),
        "run_id": ("text", "`YYYYMMDD-HHMMSS-xxxx`, the UTC time of the beginning; unique"),
        "exp_name": ("text", "experiment: the folder that the run's directory is in"),
        "created": ("text", "time of the beginning, ISO 8601 in UTC"),
        "command": ("text", "command line, secrets masked"),
        "flags": ("object", "every hyperparameter by its name"),
        "flags.*": (
            "anything",
            "value of one hyperparameter, given or default; under `plugs`, by the plug that was"
            " chosen, the flags of its own and the arguments of an object, or the text of a file",
        ),
        "defaults": ("object", "the flags that have a plug's own default and not the shared one"),
        "defaults.*": ("text", "the kind and name of that plug"),
        "description": ("text", "the person's"),
        "tags": ("texts", "the person's, and `reproduces:RUN` for a reproduction"),
        "seed": ("integer", "of all generators"),
        "start": ("object", "what training began with, besides the flags"),
        "start.generators": ("object", "BLAKE3 of each generator's state right after seeding"),
        "start.generators.*": ("text", "of `python`, `numpy`, `torch` or `cuda`"),
        "start.weights": (
            "text or null",
            "BLAKE3 of the weights in `--checkpoint`, if one is given, or of the parent's",
        ),
        "start.teachers": (
            "list",
            "the run and the BLAKE3 of the weights of each `--teacher`; runs before there was that"
            " flag lack it",
        ),
        "start.made": (
            "object or null",
            "how `project.weights` made the file of `--checkpoint`; null: it did not, or no such"
            " file is given; runs before there was that command lack it",
        ),
        "start.made.*": ("anything", "by what action, of which weights, with which marks, scores"),
        "parent": ("object or null", "the run that this one goes on from (`--from`); null: none"),
        "parent.run_id": ("text", "its id"),
        "parent.epoch": ("integer", "this one began in, counted from 0; those before are its"),
        "parent.step": ("integer", "of the optimizer, after which this one began; likewise"),
        "parent.step_in_epoch": ("integer", "steps of these in that epoch"),
        "parent.state": (
            "text",
            "BLAKE3 of what was taken over: weights, optimizer, scaler, generators, position",
        ),
        "parent.best": ("object or null", "the best epoch until then, if it was taken over"),
        "parent.best.run_id": ("text", "that it was in: the parent, or one before that"),
        "parent.best.epoch": ("integer", "counted from 0"),
        "parent.best.weights": ("text", "BLAKE3 of its weights"),
        "parent.changed": ("texts", "what bears on results and was another than in the parent"),
        "parent.noted": ("texts", "what else was"),
        "sweep": (
            "object or null",
            "whose trial, or other job, this run is; null: no sweep's; runs before there were"
            " sweeps lack it",
        ),
        "sweep.name": ("text", "its `--exp-name`"),
        "sweep.id": ("text", "by which its storage knows it"),
        "sweep.kind": (
            "text",
            "`trial`, `confirm` (again, with a new seed) or `test` (of one that was confirmed)",
        ),
        "sweep.number": ("integer", "of its kind, from 0 on"),
        "sweep.arm": (
            "text",
            "what is confirmed: a trial by its number, or the flags by `default`",
        ),
        "code": ("object", "the code that ran"),
        "code.sha": ("text or null", "commit; null without git, or before the first commit"),
        "code.branch": ("text or null", "null without git, or with a detached HEAD"),
        "code.remote": ("text or null", "address of the origin, credentials masked"),
        "code.dirty": (
            "boolean or null",
            "whether the code was not the commit's; null without git",
        ),
        "code.patch": ("text or null", "file with what the commit (or an empty folder) lacks"),
        "code.patch_blake3": ("text or null", "BLAKE3 of that file, in hex"),
        "code.folder": ("text", "the project's folder in the repository"),
        "code.source_blake3": ("text or null", "BLAKE3 of all source files, if no commit has them"),
        "code.note": ("text or null", "what of the code is not recorded, and why"),
        "code.not_recorded": ("texts", "of that, what neither commit nor patch brings back"),
        "code.unrecorded": ("object", "the sources among it"),
        "code.unrecorded.*": (
            "text",
            "BLAKE3, in hex, of one source, named from the project's folder or by its whole path",
        ),
        "code.plugs": (
            "object",
            "files of Python that were imported and are in neither commit nor patch, by their names"
            " below `plugs/`, which is to be on Python's path",
        ),
        "code.plugs.*": ("object", "one file"),
        "code.plugs.*.path": ("text", "where it was, as named in `sources`"),
        "code.plugs.*.blake3": (
            "text",
            "BLAKE3, in hex, of the file in `plugs/`; secrets are masked if `sources` has another",
        ),
        "sources": (
            "object",
            "BLAKE3, in hex, of each file that a module was imported from before training, but for"
            " installed ones; empty: unknown",
        ),
        "sources.*": ("text", "of one file, named from the project's folder or by its whole path"),
        "data": ("object", "the samples that were used"),
        "data.name": ("text", "of the data set"),
        "data.kind": ("text", "what is true of samples: `labels`, or `masks` of their pixels"),
        "data.classes": ("texts", "names, by target"),
        "data.shape": ("numbers", "channels, height, width of an image, as training takes it"),
        "data.sizes": (
            "object or null",
            "of pictures that training takes crops of and evaluation whole; null: of no such ones",
        ),
        "data.sizes.*": ("numbers", "the `smallest` and `largest` height and width"),
        "data.dtype": ("text", "of a pixel's value: `uint8` or `float32`"),
        "data.fit": (
            "text or null",
            "how pictures of any shape became squares, as `--fit`; null: that was not done",
        ),
        "data.counts": ("object", "by split: train, val, test"),
        "data.counts.*": ("object", "of one split"),
        "data.counts.*.total": ("integer", "samples"),
        "data.counts.*.per_class": ("numbers", "samples of each class; of masks, its pixels"),
        "data.counts.*.pixels": ("integer", "of masks: all of them"),
        "data.counts.*.ignored": ("integer", "of masks: pixels that count nowhere"),
        "data.counts.*.pictures": ("numbers", "of masks: samples that have any of each class"),
        "data.mean": (
            "numbers",
            "per channel of the training split, pixel value / 255; of float32, the value",
        ),
        "data.std": ("numbers", "likewise"),
        "data.hash": ("text", "BLAKE3 of the content of all splits"),
        "data.hashes": ("object", "BLAKE3 of the content by split"),
        "data.hashes.*": ("text", "of one split"),
        "data.recipe": ("object", "by which images were prepared and augmented, if there was one"),
        "data.recipe.name": ("text", "of its file; its text is `flags.recipe`"),
        "data.recipe.hash": ("text", "BLAKE3 of its text"),
        "data.recipe.taken": ("numbers", "shape of an image before it was prepared"),
        "data.recipe.measured": ("texts", "what of `mean` and `std` it did not give"),
        "data.leaks": (
            "object or null",
            "images that are the same, by their pixels before they are resized; null: unknown",
        ),
        "data.leaks.pairs": ("object", "by two splits"),
        "data.leaks.pairs.*": ("integer", "images of the latter that are in the former too"),
        "data.leaks.test": ("integer", "images of the test that are in training or validation too"),
        "data.leaks.labels": ("integer", "images with more than one label, or mask"),
        "data.leaks.examples": ("object", "names of a few, by kind"),
        "data.leaks.examples.*": ("texts", "pairs of one kind, as `NAME = NAME`"),
        "manifest_blake3": (
            "text or null",
            "BLAKE3 of `data.manifest.gz`, in hex; null if the data have no files of their own",
        ),
        "task": ("object", "what was to be found in an image"),
        "task.name": ("text", "as on the command line, or the data set's own"),
        "task.headline": ("texts", "the scores shown first, without their split"),
        "task.judged": ("text", "the one that says which run is better"),
        "model": ("object", "what was trained"),
        "model.name": ("text", "as on the command line"),
        "model.n_parameters": ("integer", "numbers in its weights"),
        "model.n_trainable": ("integer", "of these, how many training changes"),
        "model.new_head": (
            "texts",
            "weights that are not the checkpoint's, whose task is another; absent: there are none",
        ),
        "class_weights": (
            "object or null",
            "what each class counts in the loss, a mean of 1 over the training split; null: alike",
        ),
        "class_weights.*": ("number", "of one class"),
        "scores": (
            "object",
            "which way each score is better, by its name without split, class and leaks",
        ),
        "scores.*": ("text or null", "`min`, `max`, or null: neither is"),
        "environment": ("object", "the machine and the software"),
        "environment.python": ("text", "version"),
        "environment.implementation": ("text", "of Python"),
        "environment.executable": ("text", "path of the interpreter"),
        "environment.platform": ("text", "system, kernel, C library"),
        "environment.cpu": ("object", "processor"),
        "environment.cpu.model": ("text", "its name"),
        "environment.cpu.count": ("integer or null", "cores of the machine"),
        "environment.cpu.usable": ("integer or null", "cores that the process might use"),
        "environment.memory_bytes": ("integer", "of the machine"),
        "environment.torch": ("object or null", "PyTorch's build and settings"),
        "environment.torch.*": ("anything", "version, CUDA, cuDNN, threads, determinism"),
        "environment.gpu": ("object or null", "NVIDIA's driver and devices"),
        "environment.gpu.driver": ("text or null", "version"),
        "environment.gpu.devices": ("list", "name, memory in bytes and capability of each"),
        "environment.variables": ("object", "those of a fixed list that were set"),
        "environment.variables.*": ("text", "value of one environment variable"),
        "environment.packages": ("object", "every installed distribution"),
        "environment.packages.*": ("text", "version of one distribution"),
        "host": ("text", "name of the machine"),
        "user": ("text", "who ran it"),
    },
    needed={
        *("schema", "run_id", "exp_name", "created", "flags", "tags", "start", "start.generators"),
        *("code", "code.sha", "code.remote", "code.patch", "code.patch_blake3", "code.folder"),
        *("code.source_blake3", "code.note", "data", "data.name", "data.hash", "data.hashes"),
        *("data.classes", "data.counts", "data.counts.*.total", "environment", "environment.torch"),
        *("code.dirty", "environment.variables"),
    },
)

OUTCOME = Layout(
    {
        "schema": ("integer", "version of this layout"),
        "run_id": ("text", "of the run"),
        "status": ("text", "finished, failed, interrupted, or pruned: its sweep gave it up"),
        "error": ("text or null", "why it failed or was pruned, in a line"),
        "started": ("text", "time of the beginning, ISO 8601 in UTC"),
        "ended": ("text", "time of the end, likewise"),
        "duration": ("number", "seconds of work, over all sessions of a resumed run"),
        "peak_memory": ("object", "bytes that the first process has needed at most"),
        "peak_memory.resident": ("integer", "of the machine's memory"),
        "peak_memory.device": ("integer or null", "of its GPU's, as PyTorch allocated; null: none"),
        "epochs": ("integer", "completed, with those of a parent"),
        "steps": ("integer", "of the optimizer, likewise"),
        "best": ("object or null", "the best checkpoint"),
        "best.run_id": ("text", "the run that it was in, if that was a parent and not this one"),
        "best.epoch": ("integer", "counted from 0"),
        "best.step": ("integer", "of the optimizer"),
        "best.monitor": ("text", "the score it is best by"),
        "best.value": ("number", "of that score"),
        "best.average": ("boolean", "true: of an average of the weights (`--callback ema`, `swa`)"),
        "best.metrics": ("object", "every validation score"),
        "best.metrics.*": ("number", "one score"),
        "test": ("object or null", "test scores of the best checkpoint"),
        "test.*": ("number", "one score"),
        "checkpoints": ("object", "BLAKE3 of each checkpoint file that is kept"),
        "checkpoints.*": ("text", "of one file"),
        "weights": (
            "object",
            "BLAKE3 of the weights alone in each checkpoint, also of those not kept (`--keep`)",
        ),
        "weights.*": ("text", "of one file; equal for runs of equal weights"),
        "sources": ("object", "as the record's, of files imported after it was written"),
        "sources.*": ("text", "of one file"),
        "plugs": ("object", "as the record's `code.plugs`, of those files"),
        "plugs.*": ("object", "one file"),
        "plugs.*.path": ("text", "where it was"),
        "plugs.*.blake3": ("text", "of the file in `plugs/`"),
        "record": ("text", "BLAKE3 of `record.json`"),
        "files": ("object", "BLAKE3 of each file of the run but this one"),
        "files.*": ("text", "of one file"),
        "seal": ("text", "BLAKE3 of this file's text with 64 zeros in place of the seal's"),
    },
    needed={"status", "record", "duration"},
)

STAGE = Layout(
    {
        "stage": ("integer", "its number; the first one, of `record.json`, is 1"),
        "began": ("text", "time of the resumption, ISO 8601 in UTC"),
        "epoch": ("integer", "it went on in, counted from 0"),
        "step": ("integer", "of the optimizer, after which it went on"),
        "host": ("text", "name of the machine"),
        "changed": ("texts", "what bears on results and was accepted (`--accept-changes`)"),
        "noted": ("texts", "what else was not as recorded"),
        "sources": ("object", "in place of the record's from here on, if something was accepted"),
        "code": (
            "object",
            "likewise; its patch, if it has one, is `stages/STAGE/code.patch`, its plugs are in"
            " `stages/STAGE/plugs/`",
        ),
        "data": ("object", "likewise; their manifest and splits are in `stages/STAGE/`"),
        "environment": ("object", "likewise"),
    },
    needed={"stage", "step", "changed", "noted"},
)

LAYOUTS = {
    run_directory.RECORD: RECORD,
    run_directory.OUTCOME: OUTCOME,
    f"a line of {run_directory.STAGES}": STAGE,
}

if __name__ == "__main__":
    print(markdown(SCHEMA, LAYOUTS), end="")
