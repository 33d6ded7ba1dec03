"""The tables over all runs: what they are called, and what each says; no run is read here."""

import json
import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

# By name: what a row is.
TABLES = {
    "dataset_stats": "samples that runs were given: counts, shape, ...",
    "task": "what was to be found in a data set's images",
    "hyperparameter_space": "what can be set of these plugs, and its ranges",
    "hyperparameters": "a setting: all flags of a run but the seed",
    "experiment": "a run: its state, scores and ids of the above",
}
EXPERIMENT = "experiment"
# Those that several runs share, in the order in which they come to be.
SHARED = tuple(name for name in TABLES if name != EXPERIMENT)
_NO_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def id_of(facts: Mapping[str, Any]) -> str:
    """A short name that is the same for the same facts, on every machine."""
    text = text_of(dict(sorted(facts.items())))
    return blake2b(text.encode(), digest_size=6).hexdigest()


def text_of(facts: Mapping[str, Any]) -> str:
    """Facts as one line of JSON; numbers that it lacks are texts."""
    try:
        return json.dumps(facts, ensure_ascii=True, allow_nan=False)
    except ValueError:
        from project.files import finite

        return json.dumps(finite(dict(facts)), ensure_ascii=True)


def facts_of(text: str) -> dict[str, Any]:
    """What `text_of` was given."""
    facts = json.loads(text)
    if '"nan"' in text or 'inf"' in text:
        return {name: _number(value) for name, value in facts.items()}
    return facts


def _number(value: Any) -> Any:
    return _NO_NUMBERS.get(value, value) if isinstance(value, str) else value
