"""What a person is told of an exported file and its proof."""

import math
from pathlib import Path

from project.deployment.proof import Proof
from project.deployment.tally import NEAR_TIE, Tally
from project.words.sizes import size_text

# More than rounding explains, in float32.
LARGE = 1e-4


def lines(proof: Proof, of_masks: bool, exact: bool) -> list[str]:
    """The proof in words.

    Args:
        proof: what came out.
        of_masks: whether each pixel is decided on.
        exact: whether the file should compute as the model does.
    """
    return [*_recorded(proof), *_asked(proof, of_masks, exact)]


def verdict(proof: Proof, precision: str) -> str:
    """What it comes to, in a line."""
    if precision != "fp32":
        drop, (low, high) = proof.drop.value, proof.drop.interval
        before, after = proof.drop.accuracies
        return (
            f"{precision}: accuracy {after:.4f}, of the model {before:.4f}: a drop of {drop:.4f},"
            f" 95 % [{low:.4f}, {high:.4f}]; {proof.drop.changed} of {proof.drop.n} samples are"
            " decided otherwise"
        )
    if proof.wrong:
        return f"NOT PROVEN: {proof.wrong} decisions are not the model's"
    return "PROVEN: every decision is the model's" + (
        " but between equals" if any(tally.near_ties for tally in proof.tallies) else ""
    )


def of_folder(folder: Path) -> list[str]:
    """The files that were made, and their sizes."""
    found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    sizes = {
        p.name: sum(f.stat().st_size for f in [p, *p.rglob("*")] if f.is_file()) for p in found
    }
    return [f"  {name:<20} {size_text(size)}" for name, size in sizes.items()]


def _recorded(proof: Proof) -> list[str]:
    found = proof.recorded
    if found is None:
        return ["float32 on this CPU: nothing of the whole test was recorded to compare with"]
    n, of = found["changed"], f"of {found['decisions']:,} decisions of the test, by {found['by']}"
    how = "" if proof.precision == "32" else f" (the test was in {proof.precision})"
    return [f"float32 on this CPU: {n or 'none'} {of}, {'is' if n == 1 else 'are'} others{how}"]


def _asked(proof: Proof, of_masks: bool, exact: bool) -> list[str]:
    what = "pixels" if of_masks else "decisions"
    first = f"{proof.runtime}, {proof.drop.n:,} test images:"
    rows = [_row(tally, what) for tally in sorted(proof.tallies, key=lambda t: t.batch)]
    if exact and proof.largest > LARGE and not math.isinf(proof.largest):
        rows.append(f"  a difference above {LARGE:g} is more than rounding explains")
    return [first, *rows]


def _row(tally: Tally, what: str) -> str:
    ties = f" ({tally.near_ties} between classes within {NEAR_TIE:g})" if tally.near_ties else ""
    return (
        f"  {tally.batch:>5} at once: {tally.changed or 'no'} {what} changed{ties}; probabilities"
        f" differ by {tally.largest:.1e} at most"
    )
