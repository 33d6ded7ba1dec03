"""The list of runs: words, conditions, order, columns, labels, what is only counted; to whom."""

import math

import pytest

from project.server.api.access import LOCAL, Account, Role
from project.server.compare.listing import Question, answer
from project.server.errors import ApiError
from project.server.mlflow.experiments import EXPERIMENTS, RUNS
from tests.server.compare.stores import STARTED, Store

FLAGS = {"model": "cnn", "learning_rate": "0.001", "seed": "0", "max_steps": "null"}


def fill(store: Store) -> None:
    """Six runs of ours in two experiments, and one of another program, the first the latest."""
    ours = [
        ("aaaa", {"learning_rate": "0.01"}, 0.8),
        ("bbbb", {"learning_rate": "0.01", "seed": "1"}, 0.9),
        ("cccc", {"model": "mlp"}, 0.95),
        ("dddd", {}, math.nan),
    ]
    for n, (end, flags, score) in enumerate(ours, 1):
        run = store.add(n, 1 + n // 4, name=f"20261121-00000{n}-{end}", start_time=STARTED - n)
        store.params(run, **FLAGS | flags)
        store.tag(run, best_step="40", git_sha="0123456789", git_dirty="true", tags="a, b")
        store.log(run, "val_accuracy", [(0.5, 60, STARTED, False)])
        is_nan = math.isnan(score)
        store.log(run, "best/val_accuracy", [(0.0 if is_nan else score, 0, STARTED, is_nan)])
    other = store.add(5, name="baseline", start_time=STARTED)
    store.params(other, lr="0.5", learning_rate="auto")
    store.log(other, "val_accuracy", [(0.85, 9, STARTED, False)])


def ask(store: Store, account: Account = LOCAL, **question: object) -> dict:
    """What the list answers."""
    with store.database.read() as connection:
        return answer(connection, account, Question(**question))


def ends(found: dict) -> list[str]:
    """The rows by the ends of their ids, or their names."""
    return [row["short"] or row["name"] for row in found["rows"]]


def test_conditions_are_those_of_the_command(store: Store) -> None:
    fill(store)
    everything = ["baseline", "aaaa", "bbbb", "cccc", "dddd"]
    expected = {
        "": everything,
        # The best checkpoint's, of runs of ours; 0.85 is the last of the other's.
        "val_accuracy > 0.82": ["baseline", "bbbb", "cccc"],
        "val_accuracy > 0.82 and model == cnn": ["bbbb"],
        "val_accuracy == nan": ["dddd"],
        "model in (mlp, resnet) or seed == 1": ["bbbb", "cccc"],
        "a in tags and dirty": everything[1:],
        "sha == 01234 and age > 1h": everything[1:],
        "max_steps == none and learning_rate": everything,
        "exp_name == 'experiment 2'": ["dddd"],
        "run_id == cccc": ["cccc"],
    }
    assert {where: ends(ask(store, where=where)) for where in expected} == expected


@pytest.mark.parametrize(
    "where, line",
    [
        ("modle == cnn", "unknown name 'modle', did you mean 'model'? (at character 1)"),
        ("val_accuracy > high", "val_accuracy is a number, 'high' is none (at character 16)"),
        ("val_accuracy >", "a name or a value is missing before the end (at character 15)"),
        ("learning_rate > 0.1", "learning_rate is the text 'auto', which has no order"),
    ],
)
def test_a_mistake_is_the_parsers_own_line(store: Store, where: str, line: str) -> None:
    fill(store)
    with pytest.raises(ApiError) as error:
        ask(store, where=where)
    assert error.value.status == 400 and error.value.title.startswith(f"--where '{where}': ")
    assert line in error.value.title and "\n" not in error.value.title


def test_order_is_over_all_runs_and_what_has_no_value_comes_last(store: Store) -> None:
    fill(store)
    assert ends(ask(store, sort="-val_accuracy")) == ["cccc", "bbbb", "baseline", "aaaa", "dddd"]
    assert ends(ask(store, sort="val_accuracy")) == ["aaaa", "baseline", "bbbb", "cccc", "dddd"]
    assert ends(ask(store, sort="run_id"))[:3] == ["baseline", "aaaa", "bbbb"]
    # As an address of another time may ask.
    found = ask(store, sort="-gone", columns=["seed", "gone"], page=9)
    assert found["rows"] == [] and found["found"] == 5
    assert found["notes"] == [
        "no run has gone, by which they were to be sorted",
        "no run has gone",
    ]


def test_runs_are_labelled_by_what_differs(store: Store) -> None:
    fill(store)
    found = ask(store, where="best_step == 40")
    assert [row["label"] for row in found["rows"]] == [
        "model cnn, learning_rate 0.01, seed 0",
        "model cnn, learning_rate 0.01, seed 1",
        "model mlp, learning_rate 0.001, seed 0",
        "model cnn, learning_rate 0.001, seed 0",
    ]
    names = [column["name"] for column in found["columns"]]
    assert names[:4] == ["status", "best_step", "val_accuracy", "age"]
    assert {"exp_name", "model", "learning_rate", "seed", "tags"} <= set(names)
    assert not {"max_steps", "sha"} & set(names)  # the same of all
    at = names.index("val_accuracy")
    assert [row["values"][at] for row in found["rows"][:3]] == [0.8, 0.9, 0.95]
    assert found["columns"][at] == {
        "name": "val_accuracy",
        "kind": "number",
        "score": True,
        "better": "max",
    }
    # The other program's is the last one logged, which its row says.
    (row,) = ask(store, where="lr == 0.5", columns=["val_accuracy", "lr"])["rows"]
    assert (row["label"], row["values"], row["last"]) == ("baseline", [0.85, 0.5], [0])


def test_seeds_of_one_setting_stand_together(store: Store) -> None:
    fill(store)
    found = ask(store, seeds=True, sort="-val_accuracy")
    assert ends(found) == ["cccc", "bbbb", "aaaa", "baseline", "dddd"]
    settings = [row["setting"] for row in found["rows"]]
    assert settings[1] == settings[2] and settings[3] is None and len(set(settings)) == 4


def test_what_is_deleted_or_was_only_tried_out_is_not_listed(store: Store) -> None:
    fill(store)
    gone = store.add(6, name="20261121-000006-eeee")
    with store.database.write() as connection:
        second = EXPERIMENTS.c.experiment_id == 2
        connection.execute(EXPERIMENTS.update().where(second).values(name="debug"))
        here = RUNS.c.run_uuid == gone.id
        connection.execute(RUNS.update().where(here).values(lifecycle_stage="deleted"))
        tried = RUNS.c.name.like("%dddd")
        connection.execute(RUNS.update().where(tried).values(status="FAILED"))
    found = ask(store)
    assert found["folded"] == "1 failed run of debug is not shown"
    assert ends(found) == ["baseline", "aaaa", "bbbb", "cccc"]
    assert "dddd" in ends(ask(store, debug=True)) == ends(ask(store, where="status != x"))
    rows = {end: row for row in ask(store, deleted=True)["rows"] for end in [row["short"]]}
    assert rows["eeee"]["deleted"] and not rows["eeee"]["editable"] and rows["aaaa"]["editable"]


def test_an_account_is_told_of_its_own_runs_alone(store: Store) -> None:
    fill(store)
    store.params(store.find(f"{4:032x}"), secret_flag="1")
    viewer = Account("vera", experiments={"1": Role.VIEWER})
    found = ask(store, viewer)
    assert ends(found) == ["baseline", "aaaa", "bbbb", "cccc"]
    assert not any(row["editable"] for row in found["rows"])
    # Not even the names of what others set.
    assert "secret_flag" not in found["names"] and "lr" in found["names"]
    with pytest.raises(ApiError, match="unknown name 'secret_flag'"):
        ask(store, viewer, where="secret_flag == 1")
    assert ask(store, Account("nobody"))["rows"] == []
