"""Which scores can be set against each other: by loss, by samples, by a metric's source."""

from typing import Any

import pytest

from project.provenance.comparable import drawn_by_seed, incomparable, told
from project.provenance.repetitions import is_repeated, original, tag

SCORES = ("val_loss", "val_log_loss", "val_accuracy", "val_recall/cat", "test_loss")
SCORES += ("test_accuracy", "test_loss_without_leaks", "test_mine", "learning_rate")
SOURCES = {"project/losses/cross_entropy.py": "1", "project/losses/focal.py": "2"}


def record(
    seed: int = 0,
    hashes: dict[str, str] | None = None,
    sources: dict[str, str] | None = None,
    manifest: str | None = None,
    total: int = 10,
    **flags: Any,
) -> dict[str, Any]:
    """What a record says of a run whose splits each seed draws anew."""
    own = {name: f"{name}{seed}" for name in ("train", "val", "test")} | (hashes or {})
    counts = {name: {"total": total} for name in own}
    data = {"name": "digits", "hashes": own, "hash": "".join(own.values()), "counts": counts}
    asked = {"seed": seed, "loss": "cross-entropy", "label_smoothing": 0.0, **flags}
    known = SOURCES if sources is None else sources
    return {"flags": asked, "data": data, "sources": known, "manifest_blake3": manifest}


def apart(*records: dict[str, Any]) -> dict[str, str]:
    return incomparable([(each, SCORES) for each in records])


LOSSES = {"val_loss", "test_loss", "test_loss_without_leaks"}
VAL = {name for name in SCORES if name.startswith("val_")}
TEST = {name for name in SCORES if name.startswith("test_")}


@pytest.mark.parametrize(
    "other, names, why",
    [
        ({}, set(), ""),
        ({"learning_rate": 0.1, "batch_size": 7, "model": "mlp"}, set(), ""),
        ({"loss": "focal"}, LOSSES, "the loss differs (loss cross-entropy, focal)"),
        ({"label_smoothing": 0.1}, LOSSES, "the loss differs (label_smoothing 0, 0.1)"),
        ({"plugs": {"cross-entropy": {"gain": 3}}}, LOSSES, "the loss differs (gain -, 3)"),
        ({"plugs": {"cnn": {"gain": 3}}}, set(), ""),
        (
            {"sources": SOURCES | {"project/losses/cross_entropy.py": "3"}},
            LOSSES,
            "the loss's source differs (project/losses/cross_entropy.py)",
        ),
        ({"sources": SOURCES | {"project/losses/focal.py": "3"}}, set(), ""),
        # Of a former version, which tells no sources and knew fewer flags.
        ({"sources": {}}, set(), ""),
        # Each seed draws its own samples of the same data, all in each split once.
        ({"seed": 1}, set(), ""),
        ({"seed": 1, "total": 11}, VAL | TEST, "other samples (samples "),
        ({"hashes": {"test": "x"}}, TEST, "other samples (data_hash)"),
        ({"hashes": {"train": "x"}}, {"test_loss_without_leaks"}, "other samples (data_hash)"),
        ({"hashes": {"val": "x"}, "val_fraction": 0.5}, VAL, "other samples (val_fraction"),
        ({"limit_batches": 2, "batch_size": 8}, VAL | TEST, "other samples (limit_batches -, 2;"),
        ({"hashes": {"val": "x"}, "overfit_batches": 1}, VAL, "other samples (overfit_batches"),
    ],
)
def test_what_keeps_scores_apart(other: dict[str, Any], names: set[str], why: str) -> None:
    found = apart(record(), record(**other))
    assert found.keys() - {"test_loss_without_leaks"} == names - {"test_loss_without_leaks"}
    assert names <= found.keys() and all(text.startswith(why) for text in found.values() if names)


def test_the_same_files_at_another_size_are_the_same_samples() -> None:
    """Pixels differ, and so the hash, but not what is asked about them."""
    one = record(manifest="files")
    assert apart(one, record(manifest="files", hashes={"val": "x", "test": "y"})) == {}
    other = record(1, manifest="others", hashes={"test": "y"})
    assert "files" in apart(one, other)["test_accuracy"]


def test_a_loss_and_a_metric_from_outside_go_by_their_files() -> None:
    def mine(source: str, where: str = "/home/ada/mine.py") -> dict[str, Any]:
        return record(loss="mine:Loss", metric=["mine:Score"], sources={where: source})

    assert apart(mine("1"), mine("1", "lib/mine.py")) == {}
    found = apart(mine("1"), mine("2", "lib/mine.py"))
    assert found.keys() == LOSSES | {"test_mine"}
    assert found["test_mine"] == "the metric's source differs (lib/mine.py)"
    # A score that both had from another metric is no less the same.
    assert "test_mine" not in apart(record(metric=["a:A"]), record(metric=["b:B"]))


def test_terms_of_a_loss_go_by_their_own_settings() -> None:
    """Their values have no weight; the sum goes by all of them, whatever their order."""
    names = ["val_loss", "val_loss_dice", "val_loss_mine_edges", "val_loss_mine_edges_near"]
    chosen = ["cross-entropy", "dice*0.5", "mine:edges"]

    def differing(**flags: Any) -> set[str]:
        each = record(loss=chosen), record(**{"loss": chosen} | flags)
        return set(incomparable([(one, names) for one in each]))

    assert differing(loss=chosen[::-1]) == differing(loss=list(chosen)) == set()
    assert differing(loss=[*chosen[:2], "mine:edges*3"]) == {"val_loss"}
    assert differing(plugs={"dice": {"dice_beta": 2}}) == {"val_loss", "val_loss_dice"}
    assert differing(plugs={"mine": {"width": 2}}) == set(names) - {"val_loss_dice"}
    assert differing(class_weights=["balanced"]) == set(names)
    # One that a record lacks its version did not know, and did as its default does.
    assert differing(plugs={"dice": {"dice_beta": 1.0}}) == set()
    sources = SOURCES | {"mine.py": "2"}
    assert differing(sources=sources) == set()
    assert apart(record(loss=["focal"]), record(loss="focal")) == {}
    reasons = apart(record(loss=["focal", "dice"]), record(loss="focal"))
    assert reasons["val_loss"] == "the loss differs (loss dice focal, focal)"


def test_only_runs_that_have_a_score_count_and_strangers_say_nothing() -> None:
    focal = (record(loss="focal"), ["test_accuracy"])
    assert incomparable([(record(), SCORES), focal]) == {}
    odd = {"flags": {"plugs": [], "metric": "x", "seed": [1]}, "data": 3, "sources": None}
    assert incomparable([(record(), SCORES), ({}, SCORES), ({"flags": 1}, SCORES)]) == {}
    assert isinstance(apart(record(), odd), dict)
    assert incomparable([]) == {}


def test_what_is_said() -> None:
    reasons = apart(record(), record(loss="focal"))
    assert told(reasons, SCORES) == [
        "val_loss, test_loss, test_loss_without_leaks: not compared, the loss differs (loss"
        " cross-entropy, focal); val_log_loss can be"
    ]
    # How many samples each split has makes no line of its own.
    others = apart(record(), record(manifest="m", total=30, hashes={"val": "x", "test": "y"}))
    (line,) = told(others, SCORES)
    assert "val_accuracy" in line and "test_accuracy" in line and "samples" in line
    assert drawn_by_seed([record(), record(1)]) == ["val", "test"]
    assert drawn_by_seed([record(), record(hashes={"val": "x"})]) == []
    official = {"test": "x"}
    assert drawn_by_seed([record(0, official), record(1, official)]) == ["val"]


def test_a_reproduction_repeats_the_last_run_that_it_names() -> None:
    assert tag("1") == "reproduces:1"
    again = {"tags": ["small", tag("1"), tag("2")]}
    assert original(again) == "2" and is_repeated(again, {"2"}) and not is_repeated(again, {"1"})
    for other in ({}, {"tags": None}, {"tags": ["small", 3]}):
        assert original(other) is None and not is_repeated(other, {"1"})
