"""What flags are about, and so where they may differ: each set of names once, as records have them.

Whoever adds a flag decides here whether results depend on it.
"""

# Where things lie on a machine; what a run is found by; where it is sent to; what is kept of it.
PLACES = frozenset({"exp_dir", "data_dir"})
WORDS = frozenset({"description", "tags"})
SENDING = frozenset({"tracker", "neptune_mode", "upload", "notify", "notify_every"})
KEEPING = frozenset({"keep", "keep_optimizer"})
# What a stage begins with.
BEGINNINGS = frozenset(
    {"resume", "from", "from_schedule", "checkpoint", "only_test", "fast_dev_run", "accept_changes"}
)
# What looks on.
ONLOOKERS = frozenset({"callback", "without", "watch_every", "detect_anomaly"})
# What the first process alone does, or each as its machine can.
_OF_ONE = PLACES | SENDING | KEEPING | {"resume", "require_clean", "accept_changes"}
_OF_ONE |= {"rendezvous_timeout"}

# What may differ between a run and its resumption, because no result depends on it.
FREE_ON_RESUME = _OF_ONE | ONLOOKERS | {"profile", "num_workers", "log_every", "checkpoint_every"}
FREE_ON_RESUME |= {"report_examples", "save_logits"}
# Flags of one stage that the next one does not need.
NOT_REPEATED = frozenset({"resume", "exp_dir", "accept_changes"})
# In what the processes of a run may differ.
PER_MACHINE = _OF_ONE | WORDS | {"num_workers", "devices", "profile", "checkpoint", "from"}
# In what a reproduction may differ from its run.
NEUTRAL_TO_RESULTS = _OF_ONE | WORDS
# Flags that say what a run is called and where things lie, never what it computes.
NEUTRAL_FLAGS = PLACES | WORDS | SENDING | KEEPING | ONLOOKERS | {"exp_name", "resume"}
NEUTRAL_FLAGS |= {"refuse_leaks"}
# What a run begins with, does once or is found by: no flag for another one that goes on from it.
NOT_TAKEN_OVER = BEGINNINGS | {"exp_dir"}
# Among the flags of data and model, those that change neither which samples train nor what a
# weight means.
FREE_AFTER_PARENT = frozenset(
    {"data_dir", "refuse_leaks", "augment", "memory_limit", "num_workers", "batch_size", "sampler"}
    | {"samples_per_class"}
    # Of a recipe, what all images go through is compared when the parent's weights are loaded.
    | {"dropout", "pretrained", "checkpoint", "recipe"}
)
