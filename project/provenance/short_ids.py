"""The ends of ids by which tables call runs, and which commands take."""

from collections import Counter
from pathlib import Path

from project.provenance.find import SHORTEST, _runs


def short_ids(exp_dir: Path) -> dict[str, str]:
    """For each run's id the shortest end of it that `find_run` takes: `7h3k`, or `034512-7h3k`.

    It is the whole id where neither is of this run alone, or is an experiment's name.
    """
    runs = _runs(exp_dir, None)
    ids, experiments = [run.name for run in runs], {run.parent.name for run in runs}
    found = dict(zip(ids, ids, strict=True))
    for length in (len("034512-7h3k"), SHORTEST):
        ends = Counter(run_id[-length:] for run_id in ids)
        taken = {run_id[:length] for run_id in ids} | experiments
        alone = {i: i[-length:] for i in ids if ends[i[-length:]] == 1}
        found |= {run_id: end for run_id, end in alone.items() if end not in taken}
    return found
