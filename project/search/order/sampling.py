"""Which flags a trial has: a function of the space, the rules and what trials before it found."""

from collections.abc import Mapping, Sequence

from project.search.order.points import at_random, grid, quasi
from project.search.space import Space
from project.search.values import ENDED, RUNNING, Plain, Rules, Trial

# So often TPE is asked for a combination that is allowed and new: the same flags give the same run.
_ASKED = 20
# So often chance is asked for a new one, and for one that is allowed.
_NEW, _DRAWN = 200, 20_000


class Exhausted(ValueError):
    """There is no combination of the grid left."""


def capacity(space: Space, rules: Rules) -> int | None:
    """How many trials there can be; None for any number.

    Raises:
        ValueError: the grid is too large.
    """
    return len(grid(space, rules.seed)) if rules.sampler == "grid" else None


def propose(
    space: Space, rules: Rules, history: Sequence[Trial], number: int, name: str
) -> dict[str, Plain]:
    """The values of a trial's flags.

    Args:
        space: what they can be.
        rules: with the sampler, its seed and the window.
        history: all trials before this one, in order. Of those up to `number - window`, which have
            ended, the results count; of the others only with which values they are being tried,
            however they stand.
        number: of the trial, from 0.
        name: of the sweep.

    Raises:
        Exhausted: the grid has been tried.
        ValueError: what is excluded leaves next to nothing.
    """
    known = [_as_known(trial, number - rules.window) for trial in history]
    assert [trial.number for trial in known] == list(range(number)), "a trial is missing"
    tried = [trial.values for trial in known]
    if rules.sampler == "grid":
        return _untried(space, rules, tried)
    if rules.sampler == "qmc":
        return quasi(space, number, rules.seed)
    if rules.sampler == "tpe":
        return _learned(space, rules, known, tried, name)
    return _by_chance(space, rules, number, tried)


def _as_known(trial: Trial, last: int) -> Trial:
    """A trial with its results, or without them where they may not be looked at."""
    if trial.number <= last:
        assert trial.state in ENDED, f"trial {trial.number} has not ended"
        return trial
    return Trial(trial.number, trial.values, RUNNING)


def _untried(space: Space, rules: Rules, tried: Sequence[Mapping[str, Plain]]) -> dict[str, Plain]:
    """The first combination of the grid that no trial has."""
    for values in grid(space, rules.seed):
        if values not in tried:
            return dict(values)
    raise Exhausted(f"all {len(grid(space, rules.seed))} combinations of the grid are tried")


def _by_chance(
    space: Space, rules: Rules, number: int, tried: Sequence[Mapping[str, Plain]]
) -> dict[str, Plain]:
    """A random combination; one that was tried before only where no other is found."""
    again = None
    for attempt in range(_DRAWN):
        values = at_random(space, rules.seed, number, attempt)
        if not space.allows(values):
            continue
        if values not in tried:
            return values
        again = again or values
        if attempt >= _NEW:
            return again
    if again is not None:
        return again
    raise ValueError(f"the exclusions leave next to nothing: none of {_DRAWN} draws is allowed")


def _learned(
    space: Space,
    rules: Rules,
    known: Sequence[Trial],
    tried: Sequence[Mapping[str, Plain]],
    name: str,
) -> dict[str, Plain]:
    """What TPE makes of the trials; chance if it finds nothing that is allowed and new."""
    from project.search.order.asking import Asking  # Optuna takes a third of a second to load

    asking = Asking(space, rules, known, name)
    for attempt in range(_ASKED):
        values = asking.ask(attempt)
        if space.allows(values) and values not in tried:
            return values
    return _by_chance(space, rules, len(known), tried)
