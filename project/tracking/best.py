"""The best checkpoint's scores as a record of their own, for trackers that show a curve's end."""

from datetime import datetime
from typing import Any

# Before the name of a score. Without it a tracker's value of a run is the last epoch's.
BEST = "best/"


def best_records(outcome: dict[str, Any] | None) -> list[dict[str, Any]]:
    """One record, like the journal's, of `best/val_loss` and the like; none without a best epoch.

    The scores of single classes are left out; they are in the outcome.
    """
    best = (outcome or {}).get("best") or {}
    scores = {n: float(value) for n, value in (best.get("metrics") or {}).items() if "/" not in n}
    if not outcome or not scores:
        return []
    at = {"time": datetime.fromisoformat(outcome["ended"]).timestamp(), "step": best["step"]}
    return [at | {"metrics": {f"{BEST}{name}": value for name, value in scores.items()}}]
