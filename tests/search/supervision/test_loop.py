"""Workers that die at any moment lose nothing and double nothing; the sequence is the same."""

from pathlib import Path
from typing import Any

import pytest

from project.search.storage import Storage
from project.search.values import CONFIRM, ENDED, TEST, TRIAL
from tests.search.supervision.fakes import NAME, Carrier, Killed, Mortal, agenda, opened, worker

GOAL = {"trials": 6, "confirm": 2}


def told(storage: Storage) -> list[tuple]:
    """What a sweep has come to, without what depends on who has done it."""
    found = []
    for kind in (TRIAL, CONFIRM, TEST):
        for trial, facts in storage.jobs(NAME, kind):
            found.append((kind, trial.number, dict(trial.values), trial.state, trial.scores, facts))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple], int]:
    """What comes of a sweep, and how many calls of the storage it takes one worker."""
    with opened(tmp_path_factory.mktemp("undisturbed")) as storage:
        mortal = Mortal(storage)
        assert worker(mortal, Carrier(), **GOAL).work()
        return told(storage), mortal.calls


def test_all_phases_come_in_their_order(undisturbed: tuple[list[tuple], int]) -> None:
    """Two arms and the default flags with two seeds each, then the tests of the best arm's runs."""
    found, _ = undisturbed
    kinds = [kind for kind, *_ in found]
    assert kinds == [TRIAL] * 6 + [CONFIRM] * 6 + [TEST] * 2
    assert {state for _, _, _, state, _, _ in found} <= ENDED
    values = [values["x"] for kind, _, values, *_ in found if kind == TRIAL]
    # x = 0.7 k + half of the best x among those up to k - 2; the loss is (x - 3)^2.
    expected = [0.0, 0.7]
    for k in range(2, 6):
        expected.append(0.7 * k + min(expected[: k - 1], key=lambda x: (x - 3) ** 2) / 2)
    assert values == pytest.approx(expected)
    seeds = [(facts["arm"], facts["seed"]) for kind, *_, facts in found if kind == CONFIRM]
    best = sorted(range(6), key=lambda k: (expected[k] - 3) ** 2)[:2]
    assert seeds == [(arm, seed) for seed in (1, 2) for arm in (*best, "default")]
    tests = [facts for kind, *_, facts in found if kind == TEST]
    assert [(each["arm"], each["seed"]) for each in tests] == [(best[0], 1), (best[0], 2)]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("part", range(8))
def test_a_worker_that_dies_at_any_call_loses_and_doubles_nothing(
    tmp_path: Path, undisturbed: tuple[list[tuple], int], part: int, done: bool
) -> None:
    expected, calls = undisturbed
    with opened(tmp_path) as storage:
        agenda(storage, **GOAL)
        # A seventh of the way further each time, and once more before the second one has ended.
        at, deaths = 1 + part * calls // 8, 0
        for left in (at, calls // 3, None):
            mortal = Mortal(storage, left, done)
            try:
                assert worker(mortal, Carrier(), **GOAL).work()
                break
            except Killed:
                deaths += 1
            for each in storage.workers(NAME):
                storage.presume_dead(each.id)
        assert deaths and told(storage) == expected
        assert storage.claim(NAME, storage.join(NAME, "here", 2), 10.0) is None


def test_workers_of_any_number_make_the_same_sequence(
    tmp_path: Path, undisturbed: tuple[list[tuple], int]
) -> None:
    """Three at once, in one thread, each a step at a time; trials end in another order."""
    expected, _ = undisturbed
    with opened(tmp_path) as storage:
        carriers = [Carrier(patience=n) for n in (1, 4, 7)]
        workers = [worker(storage, each, jobs=2, **GOAL) for each in carriers]
        left = set(range(3))
        while left:
            for i in sorted(left):
                one = workers[i]
                one._keep_leases()
                one._look_at_attempts()
                if one._fill() and not one.held:
                    left.discard(i)
        assert told(storage) == expected
        begun = [kind_number for each in carriers for *kind_number, _ in each.begun]
        assert len(begun) == 14 and all(each.begun for each in carriers)


@pytest.mark.parametrize("kind, n", [(CONFIRM, 6), (TEST, 2)])
@pytest.mark.parametrize("behind", [1, 2])
def test_another_machine_that_plans_the_same_at_once_doubles_nothing(
    tmp_path: Path, undisturbed: tuple[list[tuple], int], kind: str, n: int, behind: int
) -> None:
    """Amid the plans of one worker another makes all of them."""
    expected, _ = undisturbed
    with opened(tmp_path) as storage:
        mortal = Mortal(storage)
        slow, fast = worker(mortal, Carrier(), **GOAL), agenda(storage)
        plan, planned = storage.plan, []

        def overtaken(name: str, of: str, number: int, *what: Any, **more: Any) -> bool:
            planned.append(of)
            if planned.count(kind) == behind and of == kind and len(storage.jobs(NAME, kind)) < n:
                assert fast.plan()
            return plan(name, of, number, *what, **more)

        mortal.plan = overtaken
        assert slow.work()
        assert told(storage) == expected


def test_a_job_that_another_has_by_now_is_dropped(tmp_path: Path) -> None:
    with opened(tmp_path) as storage:
        late, other = (worker(storage, Carrier(patience=100), jobs=1) for _ in range(2))
        late._fill()
        (held,) = late.held.values()
        storage.presume_dead(late.id)
        other._fill()
        late._beat_at = 0.0
        late._keep_leases()
        assert held.running.killed and not late.held
        (taken,) = other.held.values()
        assert taken.job.number == held.job.number and taken.job.attempt == 2


def test_who_is_to_stop_gives_back_what_runs(tmp_path: Path) -> None:
    with opened(tmp_path) as storage:
        one = worker(storage, Carrier(patience=100))
        one._fill()
        one.stop.asked = True
        runs = [held.running for held in one.held.values()]
        one.stop.pass_on(runs)
        assert [each.left for each in runs] == [0, 0]
        assert not one.work() and not one.held
